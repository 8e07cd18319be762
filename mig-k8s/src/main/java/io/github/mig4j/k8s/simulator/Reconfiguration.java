package io.github.mig4j.k8s.simulator;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSyntaxException;
import io.github.mig4j.k8s.Labels;
import java.util.List;

/** One run of the MIG manager, from a label's value to a state. */
final class Reconfiguration {

  static final String SUCCESS = "success";
  static final String FAILED = "failed";
  static final String PENDING = "pending";
  static final String REBOOTING = "rebooting";

  private final Lifetime lifetime;
  private final SimulatorTimings timings;
  private final NodeObject node;
  private final NodeGpus gpus;
  private final ConfigFile file;
  private final List<Operand> operands;
  private final MigManagerLog log;

  /** A run that is over, and the decisive line of its log. */
  private static final class RunFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String line;

    RunFailedException(String line) {
      super(line);
      this.line = line;
    }
  }

  Reconfiguration(
      Lifetime lifetime,
      SimulatorTimings timings,
      NodeObject node,
      NodeGpus gpus,
      ConfigFile file,
      List<Operand> operands,
      MigManagerLog log) {
    this.lifetime = lifetime;
    this.timings = timings;
    this.node = node;
    this.gpus = gpus;
    this.file = file;
    this.operands = operands;
    this.log = log;
  }

  void run(String name) throws InterruptedException {
    log.info("Updating to MIG config: " + name);
    try {
      state(partition(name));
    } catch (RunFailedException e) {
      log.error(e.line);
      state(FAILED);
    }
  }

  private String partition(String name) throws InterruptedException, RunFailedException {
    String before = node.readLabels(lifetime).getOrDefault(Labels.MIG_CONFIG_STATE, "");
    lifetime.pause(timings.assertion());
    Partitioning partitioning = new Partitioning(gpus, select(name));
    if (partitioning.isApplied()) {
      log.info("MIG configuration is already applied");
      return SUCCESS;
    }
    if (!partitioning.isModeApplied() && before.equals(REBOOTING)) {
      throw new RunFailedException("MIG mode change did not take effect after rebooting");
    }
    state(PENDING);
    node.editLabels(lifetime, DeployLabels::pause);
    try {
      for (Operand operand : operands) {
        if (!operand.awaitStopped(timings.podStopTimeout())) {
          throw new RunFailedException("timed out waiting for the condition");
        }
      }
      lifetime.pause(timings.partitioning());
      partitioning.applyMode();
      lifetime.pause(timings.partitioning());
      partitioning.applyDevices();
    } catch (Partitioning.PartitioningException e) {
      resume();
      throw new RunFailedException(e.line());
    }
    resume();
    return SUCCESS;
  }

  private void resume() throws InterruptedException {
    node.editLabels(lifetime, DeployLabels::resume);
  }

  /** The configuration of a name; without one, the only configuration that there is. */
  private MigConfig select(String name) throws InterruptedException, RunFailedException {
    MigConfigDocument document;
    try {
      document = file.document(lifetime);
    } catch (MigConfigSyntaxException e) {
      throw new RunFailedException("error parsing config file: " + e.getMessage());
    }
    if (name.isEmpty()) {
      if (document.configs().size() != 1) {
        throw new RunFailedException(
            "missing required flag 'selected-config' when more than one config available");
      }
      return document.configs().values().iterator().next();
    }
    return document
        .config(name)
        .orElseThrow(() -> new RunFailedException("selected mig-config not present: " + name));
  }

  private void state(String value) throws InterruptedException {
    log.info("Changing the '" + Labels.MIG_CONFIG_STATE + "' node label to '" + value + "'");
    node.editLabels(lifetime, labels -> labels.put(Labels.MIG_CONFIG_STATE, value));
  }
}
