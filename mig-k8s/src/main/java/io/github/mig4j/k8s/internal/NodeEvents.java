package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.github.mig4j.MigException;
import io.github.mig4j.k8s.cluster.MigEvent;
import io.github.mig4j.k8s.cluster.MigListener;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes Kubernetes Events on nodes, which {@code kubectl describe node} shows. */
public final class NodeEvents implements MigListener {

  private static final Logger LOG = LoggerFactory.getLogger(NodeEvents.class);

  /** Where the Events of nodes are, which are in no namespace themselves. */
  private static final String NAMESPACE = "default";

  private static final String COMPONENT = "mig4j";

  /** The API server refuses a longer message. */
  private static final int MAX_MESSAGE = 1024;

  /** The reasons of the phases that are worth an Event. */
  private static final Map<String, String> REASONS = Map.of(
      "requested", "MigRequested",
      "drained", "MigDrained",
      "restarted", "MigManagerRestarted",
      "rebooting", "MigRebooting",
      "rolling-back", "MigRollingBack");

  private final Cluster cluster;

  public NodeEvents(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public void onEvent(MigEvent event) {
    if (event instanceof MigEvent.PhaseReached reached) {
      Optional.ofNullable(REASONS.get(reached.phase()))
          .ifPresent(reason -> write(reached.node(), "Normal", reason, reached.detail()));
    } else if (event instanceof MigEvent.StandingChanged changed) {
      stands(changed);
    } else if (event instanceof MigEvent.ChangeEnded ended) {
      String type = switch (ended.outcome()) {
        case VERIFIED, VERIFIED_BY_STATE, CANCELLED -> "Normal";
        default -> "Warning";
      };
      write(ended.node(), type, reason(ended.outcome()), ended.detail());
    }
  }

  /** A process that starts does not report what is as it was. */
  private void stands(MigEvent.StandingChanged changed) {
    String node = changed.node();
    switch (changed.standing()) {
      case "as-declared" -> {
        if (!changed.previous().equals(MigEvent.StandingChanged.UNKNOWN)) {
          write(node, "Normal", "MigAsDeclared", changed.detail());
        }
      }
      case "waiting" -> write(node, "Normal", "MigWaiting", changed.detail());
      case "drifted" -> write(node, "Warning", "MigDrifted", changed.detail());
      case "failed" -> write(node, "Warning", "MigReconcileFailed", changed.detail());
      default -> {}
    }
  }

  private static String reason(MigEvent.Outcome outcome) {
    return switch (outcome) {
      case VERIFIED -> "MigVerified";
      case VERIFIED_BY_STATE -> "MigVerifiedByState";
      case REFUSED -> "MigRefused";
      case CONFLICT -> "MigConflict";
      case FAILED -> "MigFailed";
      case DEADLINE -> "MigDeadlinePassed";
      case UNANSWERED -> "MigUnanswered";
      case CANCELLED -> "MigWaitCancelled";
      case ERROR -> "MigError";
    };
  }

  private void write(String node, String type, String reason, String message) {
    String now =
        cluster.settings().clock().instant().truncatedTo(ChronoUnit.SECONDS).toString();
    Event event = new EventBuilder()
        .withNewMetadata()
        .withGenerateName(node + ".")
        .withNamespace(NAMESPACE)
        .endMetadata()
        .withNewInvolvedObject()
        .withApiVersion("v1")
        .withKind("Node")
        .withName(node)
        // As the kubelet writes it, and as kubectl searches for it.
        .withUid(node)
        .endInvolvedObject()
        .withType(type)
        .withReason(reason)
        .withMessage(message.length() <= MAX_MESSAGE ? message : message.substring(0, MAX_MESSAGE))
        .withFirstTimestamp(now)
        .withLastTimestamp(now)
        .withCount(1)
        .withNewSource()
        .withComponent(COMPONENT)
        .endSource()
        .withReportingComponent(COMPONENT)
        .build();
    try {
      Event unused = cluster.call(
          "create events of node " + node,
          () -> cluster.client().resource(event).create());
    } catch (MigException | CancellationException unwritten) {
      LOG.info("node={} event={} unwritten=\"{}\"", node, reason, unwritten.getMessage());
    }
  }

  /** The cluster, e.g. {@code Events on nodes of https://10.0.0.1/}. */
  @Override
  public String toString() {
    return "Events on nodes of " + cluster.client().getMasterUrl();
  }
}
