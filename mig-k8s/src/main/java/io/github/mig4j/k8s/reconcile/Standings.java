package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.k8s.cluster.MigEvent;
import io.github.mig4j.k8s.reconcile.Judge.Judgement;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** How each node stood last, of which only changes are reported to the listener of the client. */
final class Standings {

  private static final String DRIFTED = "drifted";

  private final Map<String, Last> last = new ConcurrentHashMap<>();
  private final Consumer<MigEvent> listener;

  private record Last(String policy, String standing, String cause) {}

  Standings(Consumer<MigEvent> listener) {
    this.listener = listener;
  }

  /** One that remembers and reports nothing. */
  static Standings none() {
    return new Standings(event -> {});
  }

  void see(ReconcileOutcome outcome) {
    NodeStanding standing = outcome.standing();
    String kind = String.valueOf(standing.toJson().get("standing"));
    see(
        outcome.node(),
        new Last(outcome.policy().orElse(""), kind, cause(standing)),
        standing.message());
  }

  /** A drift that is repaired at once would not be seen otherwise. */
  void see(String node, Optional<String> policy, Judgement.Act act) {
    Last before = last.get(node);
    if (before != null && before.standing.equals("as-declared")) {
      see(node, new Last(policy.orElse(""), DRIFTED, act.drift().toJson()), act.detail());
    }
  }

  private void see(String node, Last now, String detail) {
    Last before = last.put(node, now);
    if (!now.equals(before)) {
      listener.accept(new MigEvent.StandingChanged(
          node,
          now.policy,
          before == null ? MigEvent.StandingChanged.UNKNOWN : before.standing,
          now.standing,
          now.cause,
          detail));
    }
  }

  void forget(String node) {
    Last before = last.remove(node);
    if (before != null) {
      listener.accept(new MigEvent.StandingChanged(
          node,
          before.policy,
          before.standing,
          MigEvent.StandingChanged.UNKNOWN,
          "",
          "it is not reconciled here"));
    }
  }

  void forgetAll() {
    new ArrayList<>(last.keySet()).forEach(this::forget);
  }

  private static String cause(NodeStanding standing) {
    if (standing instanceof NodeStanding.Waiting waiting) {
      return waiting.cause().toJson();
    }
    return standing instanceof NodeStanding.Drifted drifted ? drifted.drift().toJson() : "";
  }
}
