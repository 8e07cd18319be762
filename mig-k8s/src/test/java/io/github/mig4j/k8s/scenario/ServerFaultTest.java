package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.scenario.Scenario.LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.k8s.change.ApplyOutcome;
import io.github.mig4j.k8s.change.ApplyPhase;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What goes wrong between a client and a real API server: answers of its own where they can be provoked,
 * otherwise those of a proxy. Only the client of this library suffers.
 */
@Tag("scenario")
@Tag("apiserver")
@ExtendWith(ScenarioServer.class)
class ServerFaultTest extends BehindProxy {

  private static final String NODE_PATCH = "PATCH /api/v1/nodes/gpu-node.*";
  private static final String MAP_WRITE =
      "PUT /api/v1/namespaces/gpu-operator/configmaps/mig-config.*";
  private static final String WATCH = "GET .*watch=true.*";

  private static void assertMedium(Scenario node, ApplyOutcome outcome) {
    node.assertVerified(outcome, "medium");
    assertThat(node.view().get().getMetadata().getAnnotations())
        .doesNotContainKey("mig4j.github.io/change");
  }

  private long patches() {
    return proxy.requests().stream().filter(line -> line.matches(NODE_PATCH)).count();
  }

  /** The server's own 409: the node has changed since it was read. */
  @Test
  void nodeThatChangesBeforeItsPatch_isReadAgain() {
    try (var node = start()) {
      proxy.before(NODE_PATCH, () -> node.view().label("rack", "7"));

      assertMedium(node, node.apply("medium").await(LONG));

      assertThat(proxy.injected()).isEqualTo(1);
      assertThat(node.view().get().getMetadata().getLabels()).containsEntry("rack", "7");
      assertThat(patches()).isGreaterThan(2);
    }
  }

  /** The server's own 422: what a patch removes has just been removed. */
  @Test
  void recordThatIsRemovedBeforeItsEnd_isReadAgain() {
    try (var node = start()) {
      node.merge("other", MigConfigSpec.allDisabled());

      var outcome = node.apply("medium")
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.OFFERED) {
              proxy.before(
                  NODE_PATCH,
                  () -> client.nodes().withName(Scenario.NODE).edit(n -> {
                    n.getMetadata().getAnnotations().remove("mig4j.github.io/change");
                    return n;
                  }));
            }
          })
          .await(LONG);

      assertMedium(node, outcome);
      assertThat(proxy.injected()).isEqualTo(1);
    }
  }

  /** The server's own 409: another client publishes at the same time. */
  @Test
  void mapThatChangesBeforeItsUpdate_keepsBoth() {
    try (var node = start()) {
      proxy.before(
          MAP_WRITE,
          () -> node.editMap(text -> text + "  other: [{devices: all, mig-enabled: false}]\n"));

      String key = node.merge("cut", MigConfigSpec.allDisabled());

      assertThat(proxy.injected()).isEqualTo(1);
      assertThat(node.mapText()).contains("  other:", key + ":", "  balanced:");
    }
  }

  @Test
  void tooManyRequests_areRepeatedLater() {
    try (var node = start()) {
      proxy.tellToRetry(1, NODE_PATCH, 1);
      proxy.tellToRetry(1, "GET /api/v1/nodes/gpu-node.*", 1);

      assertMedium(node, node.apply("medium").await(LONG));

      assertThat(proxy.injected()).isEqualTo(2);
    }
  }

  @Test
  void serverThatIsUnavailableForAWhile_isSurvived() {
    try (var node = start()) {
      proxy.fail(2, "(GET|PATCH|PUT) .*", 503);

      assertMedium(
          node,
          node.apply("medium")
              .onProgress(event -> {
                if (event.phase() == ApplyPhase.PENDING) {
                  proxy.fail(1, "(GET|PATCH|PUT) .*", 503);
                }
              })
              .await(LONG));

      assertThat(proxy.injected()).isEqualTo(3);
    }
  }

  @Test
  void watchThatIsRefusedAsGone_isListedAgain() {
    try (var node = start()) {
      proxy.fail(2, WATCH, 410);

      assertMedium(node, node.apply("medium").await(LONG));

      assertThat(proxy.injected()).isEqualTo(2);
    }
  }

  @Test
  void watchThatIsDropped_isOpenedAgain() {
    try (var node = start()) {
      var outcome = node.apply("medium")
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.PENDING || event.phase() == ApplyPhase.PAUSED) {
              proxy.dropWatches();
            }
          })
          .await(LONG);

      assertMedium(node, outcome);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {MAP_WRITE, NODE_PATCH})
  void connectionThatIsReset_isNoSecondChange(String write) {
    try (var node = start()) {
      proxy.reset(1, write);

      assertMedium(node, node.apply("medium").await(LONG));

      assertThat(proxy.injected()).isEqualTo(1);
    }
  }

  /** The write was carried out and its answer lost. */
  @ParameterizedTest
  @ValueSource(strings = {MAP_WRITE, NODE_PATCH})
  void answerThatIsLost_isNoSecondChange(String write) {
    try (var node = start()) {
      proxy.loseAnswers(1, write);

      assertMedium(node, node.apply("medium").await(LONG));

      assertThat(proxy.injected()).isEqualTo(1);
    }
  }
}
