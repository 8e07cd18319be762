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

  private synchronized void add(String level, String message) {
    LOG.debug("mig-manager node={} level={} message={}", node, level, message);
    if (lines.size() == KEPT) {
      lines.remove(0);
    }
    lines.add("level=%s msg=\"%s\"".formatted(level, message.replace("\"", "\\\"")));
  }
}
