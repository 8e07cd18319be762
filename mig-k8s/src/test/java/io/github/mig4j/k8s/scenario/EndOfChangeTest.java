package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.scenario.Scenario.LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.github.mig4j.k8s.change.ApplyOutcome;
import io.github.mig4j.k8s.change.ApplyPhase;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.fixture.ClusterUser;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The write that ends a change also confirms that the version of the node on which the verdict rests is
 * the latest: what happens just before it is not missed.
 */
@Tag("scenario")
@ExtendWith(ScenarioServer.class)
class EndOfChangeTest extends BehindProxy {

  private static final String NODE = "/api/v1/nodes/gpu-node";
  private static final String PATCH = "PATCH " + NODE + ".*";
  private static final String RECORD = "mig4j.github.io/change";

  private final List<ApplyPhase> phases = new CopyOnWriteArrayList<>();
  private final List<String> before = new ArrayList<>();

  /** Applies, and does something as soon as the only patch that is left is the one that ends the change. */
  private ApplyOutcome apply(Scenario node, Runnable onceOffered) {
    return node.apply("medium")
        .onProgress(event -> {
          phases.add(event.phase());
          if (event.phase() == ApplyPhase.OFFERED
              && phases.indexOf(ApplyPhase.OFFERED) == phases.size() - 1) {
            before.addAll(proxy.requests());
            onceOffered.run();
          }
        })
        .await(LONG);
  }

  private List<String> requestsAfterTheOffer() {
    List<String> all = proxy.requests();
    return all.subList(before.size(), all.size()).stream()
        .map(line -> line.replaceFirst("\\?.*", ""))
        .toList();
  }

  private Map<String, String> annotations(Scenario node) {
    return node.view().get().getMetadata().getAnnotations();
  }

  private void offer(String count) {
    client.nodes().withName(Scenario.NODE).editStatus(node -> {
      node.getStatus().getAllocatable().put(Scenario.MEDIUM, Quantity.parse(count));
      return node;
    });
  }

  @Test
  void end_ofAQuietNode_takesOneWrite_andNoRead() {
    try (var node = start()) {
      node.assertVerified(apply(node, () -> {}), "medium");

      assertThat(requestsAfterTheOffer()).containsExactly("PATCH " + NODE);
      assertThat(annotations(node))
          .doesNotContainKey(RECORD)
          .containsKey("mig4j.github.io/verified-config");
    }
  }

  @Test
  void end_ofANodeThatJustLostItsOffer_isNotWritten_beforeTheOfferIsBack() {
    try (var node = start()) {
      List<Node> ended = new ArrayList<>();

      var outcome = apply(node, () -> {
        proxy.before(PATCH, () -> offer("2"));
        proxy.before(PATCH, () -> ended.add(node.view().get()));
        CompletableFuture<Void> restored = node.view()
            .next(found -> Integer.valueOf(2).equals(ClusterUser.offer(found).get(Scenario.MEDIUM)))
            .thenAcceptAsync(unused -> offer("3"));
      });

      node.assertVerified(outcome, "medium");
      assertThat(phases)
          .containsSubsequence(ApplyPhase.OFFERED, ApplyPhase.VERIFIED)
          .endsWith(ApplyPhase.VERIFIED);
      assertThat(ended).singleElement().satisfies(found -> {
        assertThat(ClusterUser.offer(found)).containsEntry(Scenario.MEDIUM, 3);
        assertThat(found.getMetadata().getAnnotations()).containsKey(RECORD);
      });
      assertThat(annotations(node)).doesNotContainKey(RECORD);
    }
  }

  @Test
  void end_ofANodeThatChangedOtherwise_isWrittenOnItsNextVersion() {
    try (var node = start()) {
      var outcome = apply(node, () -> proxy.before(PATCH, () -> node.view().label("rack", "7")));

      node.assertVerified(outcome, "medium");
      assertThat(requestsAfterTheOffer())
          .containsExactly("PATCH " + NODE, "GET " + NODE, "PATCH " + NODE);
      assertThat(node.view().get().getMetadata().getLabels()).containsEntry("rack", "7");
      assertThat(annotations(node)).doesNotContainKey(RECORD);
    }
  }

  @Test
  void end_thatTheServerRefuses_isTriedOnceMore_onANodeThatIsRead() {
    try (var node = start()) {
      node.assertVerified(apply(node, () -> proxy.fail(1, PATCH, 400)), "medium");

      assertThat(requestsAfterTheOffer())
          .containsExactly("PATCH " + NODE, "GET " + NODE, "PATCH " + NODE);
      assertThat(annotations(node)).doesNotContainKey(RECORD);
    }
  }

  /** What was read is evidence; the record ends by itself. */
  @Test
  void end_thatTheServerRefusesAgain_isVerified_andLeavesTheRecord() {
    try (var node = start()) {
      node.assertVerified(apply(node, () -> proxy.fail(2, PATCH, 400)), "medium");

      assertThat(requestsAfterTheOffer())
          .containsExactly("PATCH " + NODE, "GET " + NODE, "PATCH " + NODE);
      assertThat(annotations(node)).containsKey(RECORD);
    }
  }

  @Test
  void end_ofANodeThatIsDeleted_isAConflict() {
    try (var node = start()) {
      assertThatThrownBy(() -> apply(
              node,
              () -> proxy.before(
                  PATCH, () -> client.nodes().withName(Scenario.NODE).delete())))
          .isInstanceOf(MigConflictException.class)
          .hasMessage(
              "Node gpu-node was deleted during its change. Apply again when the node exists");
      assertThat(phases).doesNotContain(ApplyPhase.VERIFIED);
    }
  }

  /** Another machine, with the name and the labels of the first one. */
  @Test
  void end_ofANodeThatWasRecreated_isNotWritten() {
    try (var node = start()) {
      assertThatThrownBy(() ->
              apply(node, () -> proxy.before(PATCH, () -> recreate(node.view().get()))))
          .isInstanceOf(MigConflictException.class)
          .hasMessage(
              "Node gpu-node was deleted during its change. Apply again when the node exists");
      assertThat(phases).doesNotContain(ApplyPhase.VERIFIED);
    }
  }

  private void recreate(Node old) {
    client.nodes().withName(Scenario.NODE).delete();
    client
        .resource(new NodeBuilder()
            .withNewMetadata()
            .withName(Scenario.NODE)
            .withLabels(old.getMetadata().getLabels())
            .withAnnotations(old.getMetadata().getAnnotations())
            .endMetadata()
            .build())
        .create();
  }
}
