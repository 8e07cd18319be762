package io.github.mig4j.k8s.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.rollout.RolloutRecord.CanaryState;
import io.github.mig4j.k8s.rollout.RolloutRecord.Content;
import io.github.mig4j.k8s.rollout.RolloutRecord.Control;
import io.github.mig4j.k8s.rollout.RolloutRecord.Entry;
import io.github.mig4j.k8s.rollout.RolloutRecord.NodeState;
import io.github.mig4j.k8s.rollout.RolloutRecord.Request;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RolloutRecordTest {

  private static final Content SMALL = new Content("small", "small-990a6689");
  private static final Content MEDIUM = new Content("medium", "medium-29c048aa");

  @ParameterizedTest
  @EnumSource
  void read_isTheInverseOfData(NodeState state) {
    Map<String, Entry> nodes = new LinkedHashMap<>();
    nodes.put("b", new Entry(1, state, "in-use: a process holds GPU 0"));
    nodes.put("a", new Entry(0, state, ""));
    RolloutRecord record = new RolloutRecord(
        List.of(SMALL, MEDIUM),
        new Control(
            RolloutPhase.ROLLING_BACK,
            Request.PAUSE,
            CanaryState.awaiting(Canary.pause(Duration.ofHours(1)), Instant.EPOCH),
            "3 nodes failed"),
        nodes,
        "controller-1");

    RolloutRecord read = RolloutRecord.read("ConfigMap ns/x", record.data());

    assertThat(read).isEqualTo(record);
    assertThat(read.nodes().keySet()).containsExactly("b", "a");
  }

  @Test
  void data_isReadable() {
    RolloutRecord record = new RolloutRecord(
        List.of(SMALL),
        Control.begin(),
        Map.of("gpu-0", new Entry(0, NodeState.FAILED, "in-use:  a process\nholds GPU 0")),
        "controller-1");

    assertThat(record.data())
        .isEqualTo(Map.of(
            "phase", "RUNNING",
            "requested", "RUN",
            "canary", "pending",
            "reason", "",
            "leader", "controller-1",
            "configs", "0 small small-990a6689\n",
            "nodes", "gpu-0 failed 0 in-use: a process holds GPU 0\n"));
  }

  @Test
  void outcome_ofAFailure_knowsItsCode() {
    Entry entry = new Entry(0, NodeState.FAILED, "in-use: a process holds GPU 0");

    assertThat(entry.outcome("gpu-0"))
        .isEqualTo(new NodeOutcome.Failed(
            "gpu-0", Optional.of(FailureCode.IN_USE), "a process holds GPU 0"));
  }

  /** Five thousand names of 63 characters, each with a text of the maximum length. */
  @Test
  void data_of5000Nodes_fitsAConfigMap_withTheLongestTexts() {
    RolloutRecord plain = of5000(i -> new Entry(0, NodeState.VERIFIED, ""));
    RolloutRecord wordy = of5000(i -> new Entry(0, NodeState.SKIPPED, "because ".repeat(100)));

    assertThat(RolloutRecord.bytes(plain.data())).isLessThan(380_000);
    assertThat(RolloutRecord.bytes(wordy.data())).isLessThanOrEqualTo(RolloutRecord.MAX_BYTES);
    assertThat(RolloutRecord.read("ConfigMap ns/x", wordy.data()).nodes())
        .hasSize(5_000)
        .allSatisfy((node, entry) -> assertThat(entry.text()).startsWith("because because "));
  }

  private static RolloutRecord of5000(Function<Integer, Entry> entry) {
    Map<String, Entry> nodes = new LinkedHashMap<>();
    for (int i = 0; i < 5_000; i++) {
      nodes.put("n".repeat(58) + "%05d".formatted(i), entry.apply(i));
    }
    return new RolloutRecord(List.of(SMALL), Control.begin(), nodes, "");
  }

  @Test
  void read_aForeignMap_isAConflict() {
    assertThatThrownBy(() -> RolloutRecord.read("ConfigMap ns/x", Map.of("configs", "")))
        .isInstanceOf(MigConflictException.class)
        .hasMessage(
            "ConfigMap ns/x is not the record of a rollout: it has no key 'nodes'. Delete it with kubectl when no rollout of that name is running");
  }

  @Test
  void isRequestedBy_everyNameOfTheContent() {
    assertThat(List.of("small", "small-990a6689", "small-990a6689-r2"))
        .allMatch(SMALL::isRequestedBy);
    assertThat(List.of("", "small-29c048aa", "small-990a6689-x", "medium"))
        .noneMatch(SMALL::isRequestedBy);
  }
}
