package io.github.mig4j.k8s.diagnosis;

import java.util.Locale;

/**
 * The kinds of {@link Diagnosis}; docs/failures.md has the text and the source of each. Names are
 * stable: a program may depend on them, and a kind that falls away keeps its name reserved.
 */
public enum FailureCode {
  /** The MIG manager's file has no configuration of that name, or not yet. */
  CONFIG_UNKNOWN,
  /** The MIG manager's file cannot be read, so no name in it works. */
  FILE_INVALID,
  /** The configuration was not accepted, and the log does not say why. */
  CONFIG_NOT_VALIDATED,
  /** A process uses a GPU that has to change. */
  IN_USE,
  /** The driver has no room for a device. */
  INSUFFICIENT_RESOURCES,
  /** The GPU does not offer a profile. */
  PROFILE_UNSUPPORTED,
  /** A GPU without MIG is to be partitioned. */
  GPU_NOT_MIG_CAPABLE,
  /** The change of MIG mode waits for a reset that this machine cannot do. */
  MODE_CHANGE_NEEDS_REBOOT,
  /** The change of MIG mode waits for a reset that did not succeed. */
  MODE_CHANGE_NEEDS_RESET,
  /** The MIG mode was not as asked for even after a reboot. */
  REBOOT_WITHOUT_EFFECT,
  /** NVIDIA's management library is not where the MIG manager looks. */
  NVML_NOT_FOUND,
  /** The driver is not loaded, does not fit its library, or has lost a GPU. */
  DRIVER_UNAVAILABLE,
  /** The driver does not let the MIG manager do it. */
  NO_PERMISSION,
  /** The driver refused for another reason. */
  DRIVER_REFUSED,
  /** The driver cannot be unloaded while a process uses it. */
  DRIVER_IN_USE,
  /** A pod that uses the GPU did not stop in time. */
  PODS_DID_NOT_STOP,
  /** A request of the MIG manager to the API server failed. */
  API_REQUEST_FAILED,
  /** The MIG manager cannot speak with the host's systemd. */
  SYSTEMD_UNAVAILABLE,
  /** Something else that the MIG manager does on the host failed. */
  HOST_STEP_FAILED,
  /** The device plugin or feature discovery refuses a layout under strategy single. */
  INVALID_UNDER_SINGLE,
  /** A GPU is in MIG mode without any device. */
  EMPTY_MIG_GPU,
  /** The device plugin has no resource for a profile. */
  NO_RESOURCE_FOR_PROFILE,
  /** The node asks for no configuration. */
  NOTHING_REQUESTED,
  /** The node has no pod of the MIG manager. */
  MANAGER_NOT_RUNNING,
  /** The MIG manager has not turned to this request. */
  REQUEST_NOT_TAKEN_UP,
  /** The MIG manager turned to this request and wrote nothing more. */
  MANAGER_SILENT,
  /** The MIG manager gave up, and left the state as it was. */
  RUN_ABANDONED,
  /** The MIG manager is still at work. */
  STILL_AT_WORK,
  /** The node reboots. */
  REBOOTING,
  /** The MIG manager failed and left the GPU's clients stopped. */
  PAUSED_AFTER_FAILURE,
  /** The MIG manager succeeded and left the GPU's clients stopped. */
  PAUSED_AFTER_SUCCESS,
  /** The MIG manager reports success, which the node does not bear out. */
  REPORTED_SUCCESS,
  /** A configuration is not in force, which the MIG manager's check says before each change. */
  NOT_APPLIED,
  /** A pod of the device plugin, feature discovery or the MPS daemon does not run. */
  PLUGIN_NOT_RUNNING,
  /** The node does not offer its sharing configuration, and no pod shows a problem. */
  SHARING_NOT_OFFERED,
  /** Nothing that is known explains it. */
  UNRECOGNISED;

  /** The name as it is printed, e.g. {@code config-unknown}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
