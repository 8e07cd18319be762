package io.github.mig4j.k8s.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.node.MigNodeStatus;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a node's state and its manager's log show, without a cluster. */
class DiagnosisTest {

  private static final String BEGIN = "level=info msg=\"Updating to MIG config: small\"";
  private static final String WAITS =
      "level=info msg=\"Waiting for change to 'nvidia.com/mig.config' label\"";
  private static final String APPLIED = "MIG configuration applied successfully";
  private static final String IN_USE =
      "Error clearing MigConfig: error destroying Compute instance for profile '(0, 0)': In use by"
          + " another client";
  private static final String NO_ROOM =
      "Error creating GPU instance for '3g.40gb': Insufficient Resources";
  private static final String NOT_APPLIED =
      "level=fatal msg=\"Assertion failure: selected configuration not currently applied\"";

  /** The state and what is stopped, where the log is of no help. */
  @ParameterizedTest
  @CsvSource({
    "failed,    running, UNRECOGNISED",
    "failed,    paused,  PAUSED_AFTER_FAILURE",
    "success,   running, REPORTED_SUCCESS",
    "success,   paused,  PAUSED_AFTER_SUCCESS",
    "pending,   running, STILL_RUNNING",
    "pending,   paused,  STILL_RUNNING",
    "rebooting, running, REBOOTING",
    "rebooting, paused,  REBOOTING",
    "sleeping,  running, UNRECOGNISED",
    "sleeping,  paused,  UNRECOGNISED"
  })
  void of_noLog_usesTheState(String state, String clients, FailureCode code) {
    var node = Nodes.b200(1).config("small", state);

    assertThat(of(clients.equals("paused") ? node.paused() : node.running()).code())
        .isEqualTo(code);
  }

  @Test
  void of_nodeWithoutARequest_isNothingRequested_andNamesTheWrongKey() {
    var diagnosis = of(Nodes.b200(1).label("nvidia.com/mig-config", "small"), WAITS);

    assertThat(diagnosis.code()).isEqualTo(FailureCode.NOTHING_REQUESTED);
    assertThat(diagnosis.explanation())
        .isEqualTo(
            "Node gpu-node requests no configuration. Apply a configuration. Node gpu-node has the label nvidia.com/mig-config=small, which no component reads; the key is nvidia.com/mig.config. Remove it with 'kubectl label node gpu-node nvidia.com/mig-config-'");
    assertThat(diagnosis.decisiveLine()).contains(WAITS);
  }

  @Test
  void of_invalidProduct_isInvalidUnderSingle_inEveryState() {
    var diagnosis = of(
        Nodes.b200(0)
            .label(Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-INVALID")
            .config("small", "success"),
        BEGIN,
        APPLIED,
        WAITS);

    assertThat(diagnosis.code()).isEqualTo(FailureCode.INVALID_UNDER_SINGLE);
    assertThat(diagnosis.decisiveLine()).contains(APPLIED);
  }

  @Test
  void of_aConsequence_isNotTheCause() {
    var diagnosis = of(
        failed(),
        BEGIN,
        NOT_APPLIED,
        "level=debug msg=\"  GPU 2: 0x233010DE\"",
        "level=error msg=\"" + IN_USE + "\"",
        "level=error msg=\"Error clearing MIG config on GPU 2, erroneous devices may persist\"",
        "level=fatal msg=\"Error applying MIG configuration with hooks: error setting MIGConfig:"
            + " error attempting multiple config orderings: all orderings failed\"",
        "level=error msg=\"Error: failed to apply MIG configuration: exit status 1\"",
        WAITS);

    assertThat(diagnosis.code()).isEqualTo(FailureCode.IN_USE);
    assertThat(diagnosis.decisiveLine()).contains("level=error msg=\"" + IN_USE + "\"");
    assertThat(diagnosis.explanation())
        .startsWith("GPU 2 is in use by a process, so the change failed (\"" + IN_USE + "\")");
    assertThat(diagnosis.logLines()).hasSize(8).first().isEqualTo(BEGIN);
  }

  /** An order that failed is no cause where another succeeded. */
  @Test
  void of_severalGpus_usesTheLastOne() {
    var diagnosis = of(
        failed(),
        BEGIN,
        "  GPU 0: 0x233010DE",
        NO_ROOM,
        "  GPU 1: 0x233010DE",
        NO_ROOM.replace("3g.40gb", "4g.40gb"),
        NO_ROOM.replace("3g.40gb", "1g.10gb"),
        "  GPU 2: 0x233010DE",
        IN_USE);

    assertThat(diagnosis.code()).isEqualTo(FailureCode.IN_USE);
    assertThat(diagnosis.explanation()).startsWith("GPU 2 is in use");
  }

  @Test
  void of_repeatedPhrases_usesTheFirstOfTheLastGpu() {
    var second = NO_ROOM.replace("3g.40gb", "4g.40gb");

    var diagnosis = of(
        failed(),
        BEGIN,
        "  GPU 0: 0x233010DE",
        NO_ROOM,
        "  GPU 1: 0x233010DE",
        second,
        NO_ROOM.replace("3g.40gb", "1g.10gb"));

    assertThat(diagnosis.decisiveLine()).contains(second);
    assertThat(diagnosis.explanation()).startsWith("GPU 1 has no room for 4g.40gb (");
  }

  @Test
  void of_earlierRun_isIgnored() {
    var diagnosis = of(
        failed(),
        BEGIN.replace("small", "old"),
        IN_USE,
        BEGIN,
        "level=fatal msg=\"Error selecting MIG config: selected mig-config not present: small\"");

    assertThat(diagnosis.code()).isEqualTo(FailureCode.CONFIG_UNKNOWN);
    assertThat(diagnosis.logLines()).hasSize(2);
  }

  @Test
  void of_newRun_ignoresTheGpuAndTheSuccessOfThePreviousRun() {
    var failed = of(failed(), BEGIN, "  GPU 3: 0x233010DE", APPLIED, BEGIN, IN_USE);
    var begun = of(Nodes.bare().label(Labels.MIG_CONFIG, "small"), BEGIN, APPLIED, BEGIN, "busy");

    assertThat(failed.explanation()).startsWith("A GPU is in use by a process");
    assertThat(begun.code()).isEqualTo(FailureCode.UNRECOGNISED);
  }

  @Test
  void of_checkThatFailsAfterASuccess_decides() {
    assertThat(of(Nodes.bare(), APPLIED, NOT_APPLIED).code()).isEqualTo(FailureCode.NOT_APPLIED);
    assertThat(of(Nodes.bare(), NOT_APPLIED, APPLIED).code())
        .isEqualTo(FailureCode.REPORTED_SUCCESS);
  }

  @Test
  void of_logOfAnotherRequest_provesNothing() {
    var diagnosis = of(failed(), BEGIN.replace("small", "old"), IN_USE, WAITS);

    assertThat(diagnosis)
        .hasToString(
            "request-not-started: The MIG manager of node gpu-node has not started a run for 'small'; its last run is for 'old'. It runs one request after the other, and ignores a request whose name has not changed: wait for the current run, or restart the MIG manager with 'kubectl delete pod -A -l app=nvidia-mig-manager --field-selector spec.nodeName=gpu-node'");
  }

  @Test
  void of_managerThatWaits_hasNotStartedTheRequest() {
    assertThat(of(Nodes.b200(1).config("small", "success"), WAITS).code())
        .isEqualTo(FailureCode.REQUEST_NOT_STARTED);
  }

  /** mig-parted#356: no line after the one that announces the update, and no state. */
  @Test
  void of_logThatEndsWithTheAnnouncement_isAHang() {
    var diagnosis = of(Nodes.b200(1).config("small", "success"), WAITS, BEGIN);

    assertThat(diagnosis.code()).isEqualTo(FailureCode.MANAGER_SILENT);
    assertThat(diagnosis.decisiveLine()).contains(BEGIN);
  }

  @Test
  void of_pending_distinguishesWaitingAbandonedAndRunning() {
    var pending = Nodes.b200(1).config("small", "pending").paused();
    String waitsForPods = "level=info msg=\"Waiting for the device-plugin to shutdown\"";
    String works = "level=info msg=\"Applying the selected MIG config to the node\"";

    assertThat(of(pending, BEGIN, waitsForPods))
        .extracting(Diagnosis::code, d -> d.explanation().substring(0, 31))
        .containsExactly(FailureCode.PODS_DID_NOT_STOP, "The pods of device-plugin on no");
    assertThat(of(pending, BEGIN, waitsForPods, WAITS).code()).isEqualTo(FailureCode.RUN_ABANDONED);
    assertThat(of(pending, BEGIN, NOT_APPLIED, waitsForPods, works).code())
        .isEqualTo(FailureCode.STILL_RUNNING);
  }

  @Test
  void of_hint_isOverriddenByACause() {
    String reset = "level=error msg=\"\\nResetting GPU 00000000:00:04.0 is not supported.\\n\"";
    String fatal = "level=fatal msg=\"Error applying MIG configuration with hooks: error resetting"
        + " all GPUs: exit status 255\"";
    String mode = "level=fatal msg=\"Error applying MIG configuration with hooks: unable to apply"
        + " MIG config with MIG mode disabled\"";

    var caused = of(failed(), BEGIN, reset, fatal, mode);
    var hinted = of(failed(), BEGIN, fatal, mode);

    assertThat(caused.code()).isEqualTo(FailureCode.MODE_CHANGE_NEEDS_REBOOT);
    assertThat(caused.explanation())
        .contains("(\"Resetting GPU 00000000:00:04.0 is not supported.\")");
    assertThat(hinted.code()).isEqualTo(FailureCode.MODE_CHANGE_NEEDS_RESET);
    assertThat(hinted.decisiveLine()).contains(fatal);
  }

  /** mig-parted#181: the driver says which GPUs it could not reset, and then why. */
  @Test
  void of_resetOfAGpuInUse_isInUse() {
    assertThat(of(
                failed(),
                BEGIN,
                "The following GPUs could not be reset:",
                "  GPU 00000000:01:00.0: In use by another client",
                "Error applying MIG configuration with hooks: error resetting all GPUs: exit"
                    + " status 255")
            .code())
        .isEqualTo(FailureCode.IN_USE);
  }

  @Test
  void of_successAfterAFailure_hasNoCause() {
    assertThat(of(Nodes.b200(1).config("small", "success"), BEGIN, NO_ROOM, APPLIED)
            .code())
        .isEqualTo(FailureCode.REPORTED_SUCCESS);
  }

  /** Lines that were pasted without their ends, with the name of the container or colours. */
  @Test
  void of_pastedLogs_areRead() {
    String record = "time=\"2026-02-27T16:54:19Z\" level=error msg=\"" + IN_USE + "\"";
    String begin = "time=\"2026-02-27T16:54:18Z\" " + BEGIN;

    for (String pasted : List.of(
        begin + " Getting current value " + record + " time=\"2026-02-27T16:54:20Z\" " + WAITS,
        "nvidia-mig-manager " + record,
        "2026-03-25T19:50:19.477812141Z " + record + "\r",
        "\u001B[31mERRO\u001B[0m[0003] " + IN_USE)) {
      var diagnosis = of(failed(), pasted);

      assertThat(diagnosis.code()).as(pasted).isEqualTo(FailureCode.IN_USE);
      assertThat(diagnosis.explanation()).contains("(\"");
      assertThat(diagnosis.decisiveLine().orElseThrow()).doesNotContain("\u001B");
    }
    assertThat(of(failed(), begin + " " + record + " " + begin).logLines()).hasSize(1);
  }

  @Test
  void of_devicePluginsLog_saysWhyItDoesNotStart() {
    var success = Nodes.b200(1).config("small", "success");
    String start = "E0612 14:52:38.340639 135 main.go:132] error starting plugins: ";

    assertThat(of(success, start + "MIG profile '1c.2g.20gb' does not match any resource patterns"))
        .hasToString(
            "no-resource-for-profile: The device plugin of node gpu-node has no resource for profile 1c.2g.20gb, so it does not start (\""
                + start
                + "MIG profile '1c.2g.20gb' does not match any resource patterns\"). Use profiles without a c part, and no resource patterns of your own");
    assertThat(of(success, start + "device 1 has no MIG devices configured").explanation())
        .startsWith("GPU 1 of node gpu-node is in MIG mode and has no MIG device");
    assertThat(
            of(success, start + "more than one MIG device type present on node").code())
        .isEqualTo(FailureCode.INVALID_UNDER_SINGLE);
  }

  @Test
  void of_anUnknownFailure_isUnrecognised_andKeepsTheLastLines() {
    List<String> lines = IntStream.range(0, 100).mapToObj(i -> "line " + i).toList();

    var diagnosis = Diagnosis.of(status(failed()), lines);

    assertThat(diagnosis.code()).isEqualTo(FailureCode.UNRECOGNISED);
    assertThat(diagnosis.decisiveLine()).isEmpty();
    assertThat(diagnosis.logLines()).isEqualTo(lines.subList(80, 100));
  }

  @Test
  void of_decisiveLineFarAbove_isAmongTheLines() {
    List<String> lines = new ArrayList<>(List.of(BEGIN, "before", IN_USE));
    lines.addAll(Collections.nCopies(100, "after"));

    assertThat(Diagnosis.of(status(failed()), lines).logLines())
        .hasSize(20)
        .startsWith(BEGIN, "before", IN_USE, "after");
  }

  /** Whatever is in a log, a diagnosis stays short and safe to print. */
  @Test
  void of_hugeLog_isLimited() {
    String long1 = "x".repeat(100_000) + IN_USE;
    String long2 = IN_USE + "\u0007\u001B]0;title\u0007" + "y".repeat(100_000);
    List<String> lines = new ArrayList<>(Collections.nCopies(20_000, NO_ROOM));
    lines.addAll(List.of(long1, long2));

    var diagnosis = Diagnosis.of(status(failed()), lines);

    assertThat(diagnosis.code()).isEqualTo(FailureCode.IN_USE);
    assertThat(diagnosis.explanation()).hasSizeLessThan(1_000).doesNotContainPattern("\\p{Cntrl}");
    assertThat(diagnosis.decisiveLine().orElseThrow())
        .hasSize(1_001)
        .doesNotContainPattern("\\p{Cntrl}");
    assertThat(diagnosis.logLines()).allMatch(line -> line.length() <= 1_001);
  }

  static Stream<FailureCatalogue.Failure> failures() {
    return FailureCatalogue.bundled().file().failures().stream();
  }

  /** No phrase is hidden behind one that stands before it. */
  @ParameterizedTest
  @MethodSource("failures")
  void catalogue_everyPhrase_resultsInItsCode(FailureCatalogue.Failure failure) {
    for (FailureCatalogue.Phrase phrase : failure.said()) {
      String line = phrase.phrase().replaceAll("\\{[a-z]+}", "7");

      assertThat(FailureCatalogue.bundled().sign(line))
          .as(phrase.phrase())
          .get()
          .extracting(FailureCatalogue.Sign::code, FailureCatalogue.Sign::weight)
          .containsExactly(failure.code(), phrase.weighs());
    }
  }

  @Test
  void catalogue_marksAndConsequences_areNotFailures() {
    var file = FailureCatalogue.bundled().file();

    assertThat(Stream.concat(
            file.consequences().stream().map(FailureCatalogue.Phrase::phrase),
            file.marks().stream().map(FailureCatalogue.MarkPhrase::phrase)))
        .allSatisfy(
            phrase -> assertThat(FailureCatalogue.bundled().sign(phrase.replaceAll("[{}]", "")))
                .isEmpty());
  }

  private static Nodes failed() {
    return Nodes.b200(1).config("small", "failed").running();
  }

  private static Diagnosis of(Nodes node, String... log) {
    return Diagnosis.of(status(node), List.of(log));
  }

  private static MigNodeStatus status(Nodes node) {
    return MigNodeStatus.of(node.build(), MigSettings.defaults());
  }
}
