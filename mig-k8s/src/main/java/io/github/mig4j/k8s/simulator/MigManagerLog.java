package io.github.mig4j.k8s.simulator;

import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The log of the MIG manager of one node, in the format of logrus. */
final class MigManagerLog {

  private static final Logger LOG = LoggerFactory.getLogger(MigManagerLog.class);
  private static final int KEPT = 1000;

  private final String node;
  private final List<String> lines = new ArrayList<>();
  private final List<String> podLines = new ArrayList<>();

  MigManagerLog(String node) {
    this.node = node;
  }

  void debug(String message) {
    add("debug", message);
  }

  void info(String message) {
    add("info", message);
  }

  void error(String message) {
    add("error", message);
  }

  void fatal(String message) {
    add("fatal", message);
  }

  synchronized List<String> lines() {
    return List.copyOf(lines);
  }

  /** The lines of the current pod, which are all that its kubelet has. */
  synchronized List<String> podLines() {
    return List.copyOf(podLines);
  }

  synchronized void beginPod() {
    podLines.clear();
  }

  private synchronized void add(String level, String message) {
    LOG.debug("mig-manager node={} level={} message={}", node, level, message);
    String line = "level=%s msg=\"%s\"".formatted(level, message.replace("\"", "\\\""));
    append(lines, line);
    append(podLines, line);
  }

  private static void append(List<String> log, String line) {
    if (log.size() == KEPT) {
      log.remove(0);
    }
    log.add(line);
  }
}
