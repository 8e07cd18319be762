package io.github.mig4j.k8s.simulator;

import io.github.mig4j.k8s.cluster.Labels;
import java.util.List;

/** The runs of one process of the MIG manager, each from a label value to a state. */
final class Reconfiguration {

  private static final String SUCCESS = "success";
  private static final String FAILED = "failed";
  private static final String PENDING = "pending";
  private static final String REBOOTING = "rebooting";

  /**
   * How the wait for pods ends, as measured in 60 waits: with the error of the last request, or of the
   * client that would have to wait for the next one.
   */
  private static final List<String> POD_WAIT_ENDS = List.of(
      "context deadline exceeded",
      "client rate limiter Wait returned an error: rate: Wait(n=1) would exceed context deadline",
      "client rate limiter Wait returned an error: context deadline exceeded");

  private final Lifetime lifetime;
  private final SimulatorTimings timings;
  private final NodeObject node;
  private final NodeGpus gpus;
  private final ConfigFile file;
  private final List<Operand> operands;
  private final MigManagerLog log;
  private final Traps traps;
  private boolean hasCompleted;
  private int podWaits;

  /**
   * A run that writes {@code failed}, with the last lines of mig-parted and of the manager.
   */
  static final class RunFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String line;
    private final String outcome;

    RunFailedException(String line, String outcome) {
      super(line);
      this.line = line;
      this.outcome = outcome;
    }
  }

  /** A run that ends without a state, and optionally ends its process. */
  private static final class RunAbandonedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final End end;

    RunAbandonedException(End end) {
      super(end.name());
      this.end = end;
    }
  }

  enum End {
    ALIVE,
    DEAD
  }

  Reconfiguration(
      Lifetime lifetime,
      SimulatorTimings timings,
      NodeObject node,
      NodeGpus gpus,
      ConfigFile file,
      List<Operand> operands,
      MigManagerLog log,
      Traps traps) {
    this.lifetime = lifetime;
    this.timings = timings;
    this.node = node;
    this.gpus = gpus;
    this.file = file;
    this.operands = operands;
    this.log = log;
    this.traps = traps;
  }

  End run(String name) throws InterruptedException {
    log.info("Updating to MIG config: " + name);
    try {
      enter(Trap.Step.BEFORE_RUN);
      reconfigure(name);
      end(SUCCESS);
      log.info("Successfully updated to MIG config: " + name);
    } catch (RunFailedException e) {
      log.fatal(e.line);
      end(FAILED);
      log.error("Error: " + e.outcome);
    } catch (RunAbandonedException e) {
      return e.end;
    }
    return End.ALIVE;
  }

  private void reconfigure(String name)
      throws InterruptedException, RunFailedException, RunAbandonedException {
    String before = node.readLabels(lifetime).getOrDefault(Labels.MIG_CONFIG_STATE, "");
    lifetime.pause(timings.assertion());
    Partitioning partitioning = new Partitioning(gpus, file.select(name, lifetime), traps);
    if (partitioning.isApplied()) {
      log.info("Selected MIG config is already applied");
      return;
    }
    if (!partitioning.isModeApplied() && before.equals(REBOOTING)) {
      throw new RunFailedException(
          "Assertion failure: selected configuration not currently applied",
          "failed to check if a MIG mode change is required: "
              + "MIG mode change did not take effect after rebooting");
    }
    state(PENDING);
    node.editLabels(lifetime, DeployLabels::pause);
    try {
      awaitPods();
      enter(Trap.Step.PARTITIONING);
      partition(partitioning);
    } catch (RunFailedException e) {
      if (!traps.skips(Trap.Step.RESUME_AFTER_FAILURE)) {
        resume();
      }
      throw e;
    }
    resume();
    hasCompleted = true;
  }

  /**
   * Writes the last state of a run. A process that has not completed a run starts the clients first, also
   * after a failure (mig-parted 0d08f4f0 pkg/mig/reconfigure/reconfigure.go,
   * setState); so a new process repairs a node that was left paused.
   */
  private void end(String state) throws InterruptedException {
    if (!hasCompleted) {
      resume();
    }
    state(state);
  }

  private void awaitPods() throws InterruptedException, RunFailedException, RunAbandonedException {
    log.info("Waiting for the device-plugin to shutdown");
    enter(Trap.Step.POD_WAIT);
    for (Operand operand : operands) {
      if (!operand.awaitStopped(timings.podStopTimeout())) {
        throw new RunFailedException(
            "timed out waiting for " + operand,
            "failed to wait for pods to be deleted: device-plugin pod did not shutdown: "
                + podWaitEnd());
      }
    }
  }

  /** The mode first, then the devices, also after a failed mode change unless the node is rebooted. */
  private void partition(Partitioning partitioning)
      throws InterruptedException, RunFailedException, RunAbandonedException {
    log.info("Applying the MIG mode change from the selected config to the node");
    lifetime.pause(timings.partitioning());
    try {
      partitioning.applyMode();
    } catch (Partitioning.PartitioningException e) {
      e.writeTo(log);
      log.fatal(e.outcome());
    }
    if (!partitioning.isModeApplied()) {
      for (Trap trap : traps.spring(Trap.Step.MODE_FAILURE)) {
        log.info(trap.line());
        state(REBOOTING);
        partitioning.reboot();
        throw new RunAbandonedException(End.DEAD);
      }
    }
    log.info("Applying the selected MIG config to the node");
    lifetime.pause(timings.partitioning());
    try {
      partitioning.apply();
    } catch (Partitioning.PartitioningException e) {
      e.writeTo(log);
      throw new RunFailedException(e.outcome(), "failed to apply MIG configuration: exit status 1");
    }
    log.info("MIG configuration applied successfully");
  }

  private void enter(Trap.Step step) throws InterruptedException, RunAbandonedException {
    for (Trap trap : traps.spring(step)) {
      if (trap.effect() == Trap.Effect.HOLD && traps.awaitRemoved(trap, timings.podStopTimeout())) {
        continue;
      }
      log.error(
          trap.effect() == Trap.Effect.HOLD ? trap.line().formatted(podWaitEnd()) : trap.line());
      throw new RunAbandonedException(trap.effect() == Trap.Effect.KILL ? End.DEAD : End.ALIVE);
    }
  }

  private String podWaitEnd() {
    return POD_WAIT_ENDS.get(podWaits++ % POD_WAIT_ENDS.size());
  }

  private void resume() throws InterruptedException {
    node.editLabels(lifetime, DeployLabels::resume);
  }

  private void state(String value) throws InterruptedException {
    log.info("Changing the '" + Labels.MIG_CONFIG_STATE + "' node label to '" + value + "'");
    node.editLabels(lifetime, labels -> labels.put(Labels.MIG_CONFIG_STATE, value));
  }
}
