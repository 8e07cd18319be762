package io.github.mig4j.k8s.simulator;

/**
 * A misfortune that the simulator has to be told of, since it depends on chance, on hardware or on
 * the version of the MIG manager.
 *
 * <p>What follows from the protocol alone happens by itself and is no trap to set: the previous
 * {@code success} that stays visible, runs without {@code pending}, a label's change that nobody
 * sees, a foreign profile that empties a GPU, one bad entry that poisons a file, GPUs of which only
 * some were changed, and a ConfigMap that arrives late ({@link SimulatorTimings#configMapLag}).
 *
 * <p>Some are sprung once and are gone; the others last until they are {@linkplain
 * GpuOperatorSimulator#remove removed}.
 */
public enum Trap {

  /**
   * Every run fails before it begins, so that no state is written: the clients file cannot be read,
   * say, or systemd does not answer. Lasts.
   */
  ERROR_BEFORE_RUN(
      Effect.ABANDON,
      Lasting.UNTIL_REMOVED,
      "Error: failed to initialize systemd manager: failed to connect to systemd D-Bus: "
          + "dial unix /host/run/dbus/system_bus_socket: connect: no such file or directory",
      Step.BEFORE_RUN),

  /**
   * A pod that the MIG manager waits for does not stop. When the time is up the run ends without a
   * word: pending and paused (mig-parted v0.13 to v0.15, mig-parted#485). Lasts; a run that still
   * waits when it is removed goes on.
   */
  PODS_DO_NOT_STOP(
      Effect.HOLD,
      Lasting.UNTIL_REMOVED,
      "Error: failed to wait for pods to be deleted: "
          + "device-plugin pod did not shutdown: context deadline exceeded",
      Step.POD_WAIT),

  /**
   * One request fails while the MIG manager waits for pods, and the run ends without a word:
   * pending and paused. Once.
   */
  API_ERROR_DURING_POD_WAIT(
      Effect.ABANDON,
      Lasting.ONCE,
      "Error: failed to wait for pods to be deleted: "
          + "device-plugin pod did not shutdown: etcdserver: request timed out",
      Step.POD_WAIT),

  /**
   * The MIG manager is killed between the pause and the partitioning; another process takes over.
   * Once.
   */
  KILLED_DURING_RUN(Effect.KILL, Lasting.ONCE, "received signal: terminated", Step.PARTITIONING),

  /**
   * A hypervisor or a driver refuses to switch MIG mode. Without {@link #REBOOT_ON_MODE_FAILURE}
   * the run fails. Lasts.
   */
  MODE_CHANGE_REFUSED(
      Effect.REFUSE,
      Lasting.UNTIL_REMOVED,
      "Resetting GPU 00000000:00:04.0 is not supported.",
      Step.MODE),

  /**
   * The MIG manager runs with {@code WITH_REBOOT=true}: where the mode is not as it should be, it
   * reboots the node. Mode survives a reboot on Ampere, not on later GPUs. Lasts.
   */
  REBOOT_ON_MODE_FAILURE(
      Effect.REBOOT, Lasting.UNTIL_REMOVED, "Rebooting the node...", Step.MODE_FAILURE),

  /** A process uses the GPUs: nothing that exists can be changed, and the run fails. Lasts. */
  GPU_IN_USE(
      Effect.REFUSE,
      Lasting.UNTIL_REMOVED,
      "Error clearing MigConfig: "
          + "error destroying Compute instance for profile '(0, 0)': In use by another client",
      Step.MODE,
      Step.DEVICES),

  /**
   * The driver refuses one attempt to make devices. Several profiles get another attempt, in
   * another order; a single profile has only one. Once.
   */
  PASSING_DRIVER_ERROR(
      Effect.FAIL_ONE_ORDERING,
      Lasting.ONCE,
      "Error creating GPU instance for '%s': Unknown Error",
      Step.DEVICES),

  /**
   * Somebody has left a GPU instance without compute instance, which nobody sees: the first layout
   * fails and clears the GPU, so that the second succeeds. Once.
   */
  LEFTOVER_GPU_INSTANCE(
      Effect.FAIL_AND_CLEAR,
      Lasting.ONCE,
      "Error creating GPU instance for '%s': Insufficient Resources",
      Step.DEVICES),

  /**
   * A process of the MIG manager that has completed a run leaves the deploy labels paused when a
   * later one fails (mig-parted v0.13 to v0.15). Lasts.
   */
  PAUSED_AFTER_FAILURE(
      Effect.SKIP, Lasting.UNTIL_REMOVED, "labels are left as they are", Step.RESUME_AFTER_FAILURE),

  /** The ConfigMap with the generated configurations of a node is not published. Lasts. */
  CONFIG_NOT_PUBLISHED(
      Effect.SKIP,
      Lasting.UNTIL_REMOVED,
      "unable to get pod; not publishing the generated config",
      Step.PUBLISH),

  /**
   * GPUs are given out by the DRA driver: the operator deploys neither MIG manager nor device
   * plugin, and a config label does nothing. Lasts.
   */
  DRA_STACK(Effect.SKIP, Lasting.UNTIL_REMOVED, "", Step.DEPLOYMENT);

  /** Where in the work of the operator's pods a trap lies. */
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

  /** What a trap does. */
  enum Effect {
    /** The run ends, and writes nothing more. */
    ABANDON,
    /** The process ends. */
    KILL,
    /** The run waits, and ends like one that is abandoned when the time is up. */
    HOLD,
    /** The driver does not do it, and nothing has changed. */
    REFUSE,
    /** The driver does not do it, and the GPU is empty. */
    FAIL_AND_CLEAR,
    /** The driver does not do it this time. */
    FAIL_ONE_ORDERING,
    /** The node is rebooted. */
    REBOOT,
    /** The step is left out. */
    SKIP
  }

  /** How often a trap is sprung. */
  enum Lasting {
    ONCE,
    UNTIL_REMOVED
  }

  private final Effect effect;
  private final Lasting lasting;
  private final String line;
  private final Step step;
  private final Step alsoAt;

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

  /** The line that the MIG manager's log gets; {@code %s} in it stands for the largest profile. */
  String line() {
    return line;
  }

  boolean liesAt(Step where) {
    return step == where || alsoAt == where;
  }
}
