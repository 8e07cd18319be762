package io.github.mig4j.k8s.diagnosis;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.text.JsonFields;
import java.util.EnumSet;
import java.util.Set;

/**
 * The kinds of result of a {@link Diagnosis}; docs/failures.md has the text and the source of each.
 * Programs may depend on the names; the name of a removed kind is not used again.
 */
public enum FailureCode {
  /** The MIG manager's file has no configuration of that name, or does not have it yet. */
  CONFIG_UNKNOWN,
  /** The MIG manager's file cannot be read, so every configuration in it fails. */
  FILE_INVALID,
  /** The configuration was not accepted, and the log does not say why. */
  CONFIG_NOT_VALIDATED,
  /** A process uses a GPU that has to change. */
  IN_USE,
  /** The driver has no room for a device. */
  INSUFFICIENT_RESOURCES,
  /** The GPU does not offer a profile. */
  PROFILE_UNSUPPORTED,
  /** The GPU does not have a compute instance profile, which does not say that the MIG profile is missing. */
  COMPUTE_PROFILE_UNSUPPORTED,
  /** The configuration partitions a GPU without MIG. */
  GPU_NOT_MIG_CAPABLE,
  /** The change of the MIG mode needs a reset that this machine does not support. */
  MODE_CHANGE_NEEDS_REBOOT,
  /** The change of the MIG mode needs a reset, which failed. */
  MODE_CHANGE_NEEDS_RESET,
  /** The MIG mode is not the requested one, also after a reboot. */
  REBOOT_WITHOUT_EFFECT,
  /** The MIG manager does not find the NVIDIA Management Library. */
  NVML_NOT_FOUND,
  /** The driver is not loaded, has another version than its library, or has lost a GPU. */
  DRIVER_UNAVAILABLE,
  /** The driver denies a component access to a GPU. */
  NO_PERMISSION,
  /** The driver refused for another reason. */
  DRIVER_REFUSED,
  /** The driver cannot be unloaded while a process uses it. */
  DRIVER_IN_USE,
  /** A pod that uses the GPU did not stop in time. */
  PODS_DID_NOT_STOP,
  /** A request of the MIG manager to the API server failed. */
  API_REQUEST_FAILED,
  /** The MIG manager cannot connect to the host's systemd. */
  SYSTEMD_UNAVAILABLE,
  /** Another step of the MIG manager on the host failed. */
  HOST_STEP_FAILED,
  /** The device plugin or feature discovery rejects the layout under strategy single. */
  INVALID_UNDER_SINGLE,
  /** A GPU is in MIG mode and has no MIG device. */
  EMPTY_MIG_GPU,
  /** The device plugin has no resource for a profile. */
  NO_RESOURCE_FOR_PROFILE,
  /** The device plugin has no directory for MPS. */
  MPS_ROOT_MISSING,
  /** A component does not accept its configuration or flags. */
  SETTINGS_REFUSED,
  /** The node requests no configuration. */
  NOTHING_REQUESTED,
  /** The node has no pod of the MIG manager. */
  MANAGER_NOT_RUNNING,
  /** The MIG manager has not started a run for this request. */
  REQUEST_NOT_STARTED,
  /** The MIG manager started a run for this request and logged nothing more. */
  MANAGER_SILENT,
  /** The MIG manager ended its run and did not change the state. */
  RUN_ABANDONED,
  /** The MIG manager may still be running. */
  STILL_RUNNING,
  /** The node reboots. */
  REBOOTING,
  /** The MIG manager failed, and the GPU's clients are still stopped. */
  PAUSED_AFTER_FAILURE,
  /** The MIG manager succeeded, and the GPU's clients are still stopped. */
  PAUSED_AFTER_SUCCESS,
  /** What the node offers agrees with what its configuration or its labels say. */
  NOTHING_WRONG,
  /** The device plugin offers something else than the configuration, if it is known, and the labels say. */
  RESOURCES_DIFFER,
  /** The device plugin offers the right devices, but the labels say something else. */
  LABELS_DIFFER,
  /** The node has more GPUs than its labels count. */
  GPUS_NOT_COUNTED,
  /** The MIG manager reports success, but the node has no GPU device. */
  NO_DEVICES,
  /** The MIG manager reports success, but the node has other devices than requested. */
  OTHER_DEVICES,
  /** The MIG manager reports success, and what the node offers was not compared. */
  REPORTED_SUCCESS,
  /** The configuration is not applied; the MIG manager's check reports this before each change. */
  NOT_APPLIED,
  /** A pod of the device plugin, feature discovery or the MPS daemon does not run. */
  PLUGIN_NOT_RUNNING,
  /** The node does not offer its sharing configuration, and no pod shows a problem. */
  SHARING_NOT_OFFERED,
  /** Nothing that is known explains it. */
  UNRECOGNISED;

  /** Causes that stay until the configuration, the settings or the machine are changed. */
  private static final Set<FailureCode> LASTING = EnumSet.of(
      FILE_INVALID,
      CONFIG_NOT_VALIDATED,
      PROFILE_UNSUPPORTED,
      COMPUTE_PROFILE_UNSUPPORTED,
      GPU_NOT_MIG_CAPABLE,
      MODE_CHANGE_NEEDS_REBOOT,
      REBOOT_WITHOUT_EFFECT,
      NVML_NOT_FOUND,
      NO_PERMISSION,
      INVALID_UNDER_SINGLE,
      EMPTY_MIG_GPU,
      NO_RESOURCE_FOR_PROFILE,
      MPS_ROOT_MISSING,
      SETTINGS_REFUSED);

  /**
   * {@return whether the same request can succeed later, although its configuration, the operator's
   * settings and the machine stay as they are}
   */
  public boolean isRetryable() {
    return !LASTING.contains(this);
  }

  /** The printed name, e.g. {@code config-unknown}. */
  @Override
  @JsonValue
  public String toString() {
    return JsonFields.name(this);
  }
}
