package io.github.mig4j.k8s.simulator;

import io.github.mig4j.JsonName;

/**
 * A failure that a test sets in the simulator, because it depends on chance, on hardware or on the version
 * of the MIG manager.
 *
 * <p>The simulator shows consequences of the protocol without a trap: the previous {@code success} that
 * remains visible, runs without {@code pending}, a label change that the manager misses, a foreign
 * profile that empties a GPU, one bad entry that invalidates a file, GPUs of which only some were
 * changed, and a ConfigMap that arrives late ({@link SimulatorTimings#configMapLag}).
 *
 * <p>Some traps are sprung once; the others last until they are {@linkplain
 * GpuOperatorSimulator#remove removed}.
 */
public enum Trap implements JsonName {

  /**
   * Every run fails before it begins and writes no state, e.g. because the clients file cannot be read or
   * systemd does not answer. Lasts.
   */
  ERROR_BEFORE_RUN(
      Effect.ABANDON,
      Lasting.UNTIL_REMOVED,
      "Error: failed to initialize systemd manager: failed to connect to systemd D-Bus: "
          + "dial unix /host/run/dbus/system_bus_socket: connect: no such file or directory",
      Step.BEFORE_RUN),

  /**
   * A pod for which the MIG manager waits does not stop. After the timeout the run ends: pending and
   * paused (mig-parted v0.13 to v0.15, mig-parted#485). A process logs one of three texts, in turn. Lasts;
   * a run that is still waiting when the trap is removed continues.
   */
  PODS_DO_NOT_STOP(
      Effect.HOLD,
      Lasting.UNTIL_REMOVED,
      "Error: failed to wait for pods to be deleted: device-plugin pod did not shutdown: %s",
      Step.POD_WAIT),

  /**
   * One request fails while the MIG manager waits for pods, and the run ends without a message: pending
   * and paused. Once.
   */
  API_ERROR_DURING_POD_WAIT(
      Effect.ABANDON,
      Lasting.ONCE,
      "Error: failed to wait for pods to be deleted: "
          + "device-plugin pod did not shutdown: etcdserver: request timed out",
      Step.POD_WAIT),

  /**
   * The API server refuses connections while the MIG manager waits for pods. The run ends at the first
   * list that is refused, within a second: pending and paused. Once.
   */
  API_SERVER_AWAY_DURING_POD_WAIT(
      Effect.ABANDON,
      Lasting.ONCE,
      "Error: failed to wait for pods to be deleted: device-plugin pod did not shutdown: "
          + "Get \"https://10.96.0.1:443/api/v1/namespaces/gpu-operator/pods\": "
          + "dial tcp 10.96.0.1:443: connect: connection refused",
      Step.POD_WAIT),

  /**
   * The MIG manager is killed between the pause and the partitioning, and another process starts. Once.
   */
  KILLED_DURING_RUN(Effect.KILL, Lasting.ONCE, "received signal: terminated", Step.PARTITIONING),

  /**
   * A hypervisor or a driver refuses to change the MIG mode. Before Hopper, where the change needs a
   * reset, the devices of the selected GPUs are removed before. Without {@link #REBOOT_ON_MODE_FAILURE}
   * the run fails. Lasts.
   */
  MODE_CHANGE_REFUSED(
      Effect.REFUSE,
      Lasting.UNTIL_REMOVED,
      "Resetting GPU 00000000:00:04.0 is not supported.",
      Step.MODE),

  /**
   * The MIG manager runs with {@code WITH_REBOOT=true}: if the MIG mode is wrong, it reboots the
   * node. The mode survives a reboot on Ampere, not on later GPUs. Lasts.
   */
  REBOOT_ON_MODE_FAILURE(
      Effect.REBOOT, Lasting.UNTIL_REMOVED, "Rebooting the node...", Step.MODE_FAILURE),

  /** A process uses the GPUs: existing devices cannot be changed, and the run fails. Lasts. */
  GPU_IN_USE(
      Effect.REFUSE,
      Lasting.UNTIL_REMOVED,
      "Error clearing MigConfig: "
          + "error destroying Compute instance for profile '(0, 0)': In use by another client",
      Step.MODE,
      Step.DEVICES),

  /**
   * The driver refuses one attempt to create devices. With several profiles another order is attempted; with
   * one profile there is only one attempt. Once.
   */
  PASSING_DRIVER_ERROR(
      Effect.FAIL_ONE_ORDERING,
      Lasting.ONCE,
      "Error creating GPU instance for '%s': Unknown Error",
      Step.DEVICES),

  /**
   * A GPU instance without compute instance remains from another program and is not visible: the first
   * layout fails and clears the GPU, and the second succeeds. Once.
   */
  LEFTOVER_GPU_INSTANCE(
      Effect.FAIL_AND_CLEAR,
      Lasting.ONCE,
      "Error creating GPU instance for '%s': Insufficient Resources",
      Step.DEVICES),

  /**
   * A process of the MIG manager that has completed a run leaves the deploy labels paused after a later
   * run that fails (mig-parted v0.13 to v0.15). Lasts.
   */
  PAUSED_AFTER_FAILURE(Step.RESUME_AFTER_FAILURE),

  /** The ConfigMap with the generated configurations of a node is not published. Lasts. */
  CONFIG_NOT_PUBLISHED(Step.PUBLISH),

  /**
   * The DRA driver allocates GPUs: the operator deploys neither MIG manager nor device plugin, and a config
   * label has no effect. Lasts.
   */
  DRA_STACK(Step.DEPLOYMENT);

  /** The step of the operator's pods at which a trap is sprung. */
  enum Step {
    BEFORE_RUN,
    POD_WAIT,
    PARTITIONING,
    MODE,
    MODE_FAILURE,
    DEVICES,
    RESUME_AFTER_FAILURE,
    PUBLISH,
    DEPLOYMENT
  }

  enum Effect {
    /** The run ends without further writes. */
    ABANDON,
    KILL,
    /** The run waits, and after the timeout ends without further writes. */
    HOLD,
    /** The driver refuses, and nothing has changed. */
    REFUSE,
    /** The driver refuses, and the GPU is empty. */
    FAIL_AND_CLEAR,
    /** The driver refuses this attempt. */
    FAIL_ONE_ORDERING,
    REBOOT,
    SKIP
  }

  enum Lasting {
    ONCE,
    UNTIL_REMOVED
  }

  private final Effect effect;
  private final Lasting lasting;
  private final String line;
  private final Step step;
  private final Step alsoAt;

  /** The step is skipped, without a line in the log. */
  Trap(Step step) {
    this(Effect.SKIP, Lasting.UNTIL_REMOVED, "", step);
  }

  Trap(Effect effect, Lasting lasting, String line, Step step) {
    this(effect, lasting, line, step, step);
  }

  Trap(Effect effect, Lasting lasting, String line, Step step, Step alsoAt) {
    this.effect = effect;
    this.lasting = lasting;
    this.line = line;
    this.step = step;
    this.alsoAt = alsoAt;
  }

  Effect effect() {
    return effect;
  }

  Lasting lasting() {
    return lasting;
  }

  /** The line in the MIG manager's log; {@code %s} in it is replaced by the largest profile or the error. */
  String line() {
    return line;
  }

  boolean liesAt(Step where) {
    return step == where || alsoAt == where;
  }
}
