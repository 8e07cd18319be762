package io.github.mig4j.k8s.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.StatusReader;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeOffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a node's state and its manager's log show, without a cluster. */
class DiagnosisTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
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
    "success,   running, NOTHING_WRONG",
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
    assertThat(of(Nodes.cutIntoSeven().config("small", "success"), BEGIN, NO_ROOM, APPLIED)
            .code())
        .isEqualTo(FailureCode.NOTHING_WRONG);
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
    IntStream.range(0, 100).forEach(i -> lines.add("after " + i));

    assertThat(Diagnosis.of(status(failed()), lines).logLines())
        .hasSize(20)
        .startsWith(BEGIN, "before", IN_USE, "after 0");
  }

  /** Whatever is in a log, a diagnosis stays short and safe to print. */
  @Test
  void of_hugeLog_isLimited() {
    String long1 = "x".repeat(100_000) + IN_USE;
    String long2 = IN_USE + "\u0007\u001B]0;title\u0007\u009B2J\u0085" + "y".repeat(100_000);
    List<String> lines = new ArrayList<>(Collections.nCopies(20_000, NO_ROOM));
    lines.addAll(List.of(long1, long2));

    var diagnosis = Diagnosis.of(status(failed()), lines);

    assertThat(diagnosis.code()).isEqualTo(FailureCode.IN_USE);
    assertThat(diagnosis.explanation()).hasSizeLessThan(1_000).doesNotContainPattern("\\p{Cc}");
    assertThat(diagnosis.decisiveLine().orElseThrow())
        .hasSize(1_001)
        .doesNotContainPattern("\\p{Cc}");
    assertThat(diagnosis.logLines()).allMatch(line -> line.length() <= 1_001);
  }

  /** The limit is of records, however they are stored. */
  @Test
  void of_manyRecordsInOneLine_readsTheLast() {
    String cause = "time=\"2026-05-02T08:00:00Z\" level=error msg=\"" + NO_ROOM + "\"";
    String noise = "time=\"2026-05-02T08:00:01Z\" level=debug msg=\"    MIG capable: true\"";
    List<String> records = new ArrayList<>(List.of(cause));
    records.addAll(Collections.nCopies(10_000, noise));
    String json = "[" + String.join(",", wrapped(records, "{\"line\":\"%s\"}")) + "]";

    assertThat(of(failed(), json).code()).isEqualTo(FailureCode.UNRECOGNISED);
    assertThat(of(failed(), json.replaceFirst(",\\{[^{]*]$", "]")).code())
        .isEqualTo(FailureCode.INSUFFICIENT_RESOURCES);
  }

  // What the node offers

  @Test
  void of_nodeThatOffersWhatItsLabelsSay_hasNothingWrong_andSaysWhatWasCompared() {
    assertThat(of(Nodes.cutIntoSeven().config("small", "success").running()))
        .hasToString(
            "nothing-wrong: Nothing is wrong on node gpu-node: it offers {nvidia.com/mig-1g.23gb=7}, as its labels say; the content of its configuration 'small' was not compared. No action is needed");
    assertThat(of(Nodes.b200(1).running()))
        .hasToString(
            "nothing-wrong: Nothing is wrong on node gpu-node: it offers {nvidia.com/gpu=1}, as its labels say; it requests no configuration. No action is needed");
  }

  @Test
  void of_nodeThatOffersLessThanItsLabelsSay_isNotHealthy() {
    var node = Nodes.cutIntoSeven()
        .offers("nvidia.com/mig-1g.23gb", 3)
        .hasCapacityFor("nvidia.com/mig-1g.23gb", 7)
        .config("small", "success");

    assertThat(of(node))
        .hasToString(
            "resources-differ: The device plugin of node gpu-node offers something else than its labels say: nvidia.com/mig-1g.23gb is 3 instead of 7. See its pods with 'kubectl get pods -A -l app=nvidia-device-plugin-daemonset --field-selector spec.nodeName=gpu-node' and their log; devices that are in the capacity but not allocatable are unhealthy. If it runs, restart it: delete the pod. If the node offers what was requested, its labels are those of before: see the pods of GPU Feature Discovery with 'kubectl get pods -A -l app=gpu-feature-discovery --field-selector spec.nodeName=gpu-node'");
    assertThat(status(node).problems())
        .containsExactly(
            "Node gpu-node does not offer what its labels say: nvidia.com/mig-1g.23gb is 3 instead of 7; its capacity is {nvidia.com/mig-1g.23gb=7}. See the pods of the device plugin and of GPU Feature Discovery with 'kubectl get pods -A --field-selector spec.nodeName=gpu-node'");
  }

  /** The four causes of a success without the requested devices, and a layout of another program. */
  @ParameterizedTest
  @CsvSource({
    "7, 7, 0, NOTHING_WRONG",
    "3, 7, 0, RESOURCES_DIFFER",
    "7, 0, 0, LABELS_DIFFER",
    "7, 7, 1, GPUS_NOT_COUNTED",
    "0, 0, 0, NO_DEVICES",
    "2, 2, 0, OTHER_DEVICES"
  })
  void of_success_saysWhoIsWrong(int offered, int labelled, int whole, FailureCode code) {
    var node = Nodes.b200(1)
        .label("nvidia.com/gpu.replicas", "0")
        .offers("nvidia.com/gpu", whole)
        .offers("nvidia.com/mig-1g.23gb", offered)
        .config("small", "success");
    if (labelled > 0) {
      node.label("nvidia.com/mig-1g.23gb.count", String.valueOf(labelled));
    }
    var expected = NodeOffer.after(
        MigConfig.of(
            MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build())),
        NodeGpu.several(B200, 1),
        MigStrategy.MIXED);

    var status = StatusReader.read(node.build(), MigSettings.defaults(), expected);

    var diagnosis = Diagnosis.of(status, List.of(BEGIN, APPLIED, WAITS));
    assertThat(diagnosis.code()).isEqualTo(code);
    if (code == FailureCode.RESOURCES_DIFFER) {
      assertThat(diagnosis.explanation())
          .startsWith(
              "The device plugin of node gpu-node offers something else than its configuration and its labels say: nvidia.com/mig-1g.23gb is 3 instead of 7. See its pods")
          .doesNotContain("Feature Discovery");
    }
    assertThat(status.problems().isEmpty()).isEqualTo(code == FailureCode.NOTHING_WRONG);
  }

  @Test
  void of_successAndNoDevice_isAProblemOfTheStatus_too() {
    var node = Nodes.b200(1)
        .offers("nvidia.com/gpu", 0)
        .label("nvidia.com/gpu.replicas", "0")
        .config("small", "success");

    assertThat(of(node).code()).isEqualTo(FailureCode.NO_DEVICES);
    assertThat(status(node).problems())
        .containsExactly(
            "Node gpu-node reports success for 'small' and offers no GPU. Check that its GPUs support the profiles of that configuration");
  }

  // Which component speaks

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "time=\"1\" level=error msg=\"Error: something new\" | MIG_MANAGER",
        "time=\"1\" level=fatal msg=\"something new\" | MIG_PARTED",
        "level=fatal msg=\"Error applying MIG configuration with hooks: new\" | MIG_PARTED",
        "E0120 07:09:15.605081 1 main.go:132] error starting plugins: new | DEVICE_PLUGIN",
        "E0120 07:09:15.605081 1 main.go:132] error starting plugins: error getting daemons: new | MPS_DAEMON",
        "E0120 07:09:15.605081 1 main.go:9] error generating labels: new | FEATURE_DISCOVERY",
        "[pod/nvidia-device-plugin-daemonset-x/nvidia-device-plugin] E0120 07:09:15.605081 1 x.go:1] new | DEVICE_PLUGIN",
        "gpu-feature-discovery-abcde E0120 07:09:15.605081 1 x.go:1] new | FEATURE_DISCOVERY",
        "nvidia-device-plugin-mps-control-daemon-x E0120 07:09:15.605081 1 x.go:1] new | MPS_DAEMON",
        "Failed to prepare dynamic resources: error creating MIG device: new | DRA_DRIVER",
        "time=2026-01-02T03:04:05Z level=fatal msg=failed to unload nouveau driver: new | DRIVER_MANAGER",
        "Error: Allocate failed due to rpc error: new | KUBELET"
      })
  void of_unknownError_quotesItWithItsComponent(String line, LogComponent component) {
    var diagnosis = of(failed(), line);

    assertThat(diagnosis.code()).isEqualTo(FailureCode.UNRECOGNISED);
    assertThat(diagnosis.decisiveLine()).contains(line);
    assertThat(diagnosis.component()).contains(component);
    assertThat(diagnosis.explanation())
        .startsWith("No known failure matches; the last error of " + component + " is \"")
        .contains("new\". Correct what the line says");
  }

  @Test
  void of_unknownFatalError_isTheDecisiveLine() {
    var fatal = "level=fatal msg=\"Error applying MIG configuration with hooks: error checking MIG"
        + " capable: error opening bar0 MMIO resource: something unheard of\"";

    assertThat(of(
            failed().paused(),
            BEGIN,
            NOT_APPLIED,
            fatal,
            "level=info msg=\"Changing the 'nvidia.com/mig.config.state' node label to 'failed'\"",
            "level=error msg=\"Error: failed to apply MIG configuration: exit status 1\""))
        .hasToString(
            "unrecognised: No known failure matches; the last error of mig-parted is \"Error applying MIG configuration with hooks: error checking MIG capable: error opening bar0 MMIO resource: something unheard of\". Correct what the line says and apply again. The whole log: 'kubectl logs -n gpu-operator -l app=nvidia-mig-manager --tail=-1 --prefix', of the pod on node gpu-node. The node offers no GPU until a run succeeds or the node's MIG manager pod is restarted: device-plugin are stopped");
  }

  @Test
  void of_errorBeforeADevicePluginThatServes_isOfThePast() {
    var error = "E0120 07:09:15.605081 1 main.go:132] error starting plugins: new";
    var serves = "I0120 07:09:45.605081 1 server.go:125] Registered device plugin for"
        + " 'nvidia.com/gpu' with Kubelet";

    assertThat(
            of(Nodes.b200(1).config("small", "success"), APPLIED, error, serves).code())
        .isEqualTo(FailureCode.NOTHING_WRONG);
    assertThat(of(Nodes.b200(1).config("small", "success"), APPLIED, error).code())
        .isEqualTo(FailureCode.UNRECOGNISED);
  }

  @Test
  void of_devicePluginWithoutMpsRoot_namesItAndTheRemedy() {
    var line = "E0120 07:09:15.605081       1 main.go:132] error starting plugins: unable to load"
        + " config: unable to validate flags: using MPS requires --mps-root to be specified";

    var diagnosis = of(Nodes.bare(), line);

    assertThat(diagnosis)
        .hasToString(
            "mps-root-missing: The device plugin of node gpu-node does not start, because it has no directory for MPS, which its configuration requests (\""
                + line
                + "\"). Set mps.root (MPS_ROOT) of the device plugin's chart, e.g. to /run/nvidia/mps, so that the MPS control daemon runs too; or share GPUs by time-slicing");
    assertThat(diagnosis.component()).contains(LogComponent.DEVICE_PLUGIN);
  }

  @Test
  void of_libraryThatADevicePluginDoesNotFind_isNotCalledTheManagers() {
    assertThat(of(
                Nodes.bare(),
                "E0120 07:09:15.605081 1 main.go:132] error starting plugins: failed to initialize"
                    + " NVML: ERROR_LIBRARY_NOT_FOUND")
            .explanation())
        .startsWith(
            "The device plugin does not find the NVIDIA Management Library on node gpu-node (")
        .endsWith("the container needs NVIDIA's runtime (runtimeClassName nvidia)");
  }

  @Test
  void of_draDriverWithoutAComputeProfile_doesNotBlameTheProfile() {
    var line = "Failed to prepare dynamic resources: error creating MIG device: error getting"
        + " Compute instance profile info for '7g.40gb(8,0)': Not Supported";

    var diagnosis = of(Nodes.bare(), line);

    assertThat(diagnosis.component()).contains(LogComponent.DRA_DRIVER);
    assertThat(diagnosis)
        .hasToString(
            "compute-profile-unsupported: The DRA driver asked a GPU for a compute instance that it does not have, for 7g.40gb(8,0); this does not say that the profile itself is missing (\""
                + line
                + "\"). Check with 'kubectl get resourceslices -o yaml' that the claim requests a device that the driver offers, and update the driver; the file of mig-parted is not the cause");
  }

  // What the lines say

  /** How the wait of 5 min ends: three texts of client-go, and others of its watch. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "client rate limiter Wait returned an error: rate: Wait(n=1) would exceed context deadline",
        "client rate limiter Wait returned an error: context deadline exceeded",
        "context deadline exceeded",
        "Get \\\"https://10.0.0.1:443/api/v1/pods\\\": context deadline exceeded",
        "timed out waiting for the condition"
      })
  void of_waitForPodsThatEnds_isPodsDidNotStop(String inner) {
    var node = Nodes.b200(1).config("small", "pending").paused();
    String error =
        "level=error msg=\"Error: failed to wait for pods to be deleted: dcgm-exporter pod"
            + " did not shutdown: " + inner + "\"";

    var diagnosis = of(node, BEGIN, error, WAITS);

    assertThat(diagnosis.code()).isEqualTo(FailureCode.PODS_DID_NOT_STOP);
    assertThat(diagnosis.explanation())
        .startsWith("The pods of dcgm-exporter on node gpu-node did not stop");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "etcdserver: request timed out",
        "Get \\\"https://10.0.0.1:443/api\\\": dial tcp 10.0.0.1:443: connect: connection refused",
        "Unauthorized"
      })
  void of_waitForPodsThatIsRefused_isAFailedRequest(String inner) {
    assertThat(of(
                Nodes.b200(1).config("small", "pending").paused(),
                BEGIN,
                "level=error msg=\"Error: failed to wait for pods to be deleted: device-plugin pod"
                    + " did not shutdown: " + inner + "\"",
                WAITS)
            .code())
        .isEqualTo(FailureCode.API_REQUEST_FAILED);
  }

  @Test
  void of_runThatEndedWithAnUnknownError_andIsPending_isAbandoned_andQuotesIt() {
    var diagnosis = of(
        Nodes.b200(1).config("small", "pending").paused(),
        BEGIN,
        "level=error msg=\"Error: something new\"",
        WAITS);

    assertThat(diagnosis.code()).isEqualTo(FailureCode.RUN_ABANDONED);
    assertThat(diagnosis.explanation())
        .startsWith(
            "The MIG manager of node gpu-node ended its run for 'small', and the state remains pending; the last error of the MIG manager is \"Error: something new\". The MIG manager does not repeat the run");
  }

  @Test
  void of_profileOfANewerManager_isUnsupported_withItsGpu() {
    var diagnosis = of(
        failed(),
        BEGIN,
        "time=\"1\" level=debug msg=\"  GPU 1: 0x20B010DE\"",
        "time=\"1\" level=error msg=\"MIG profile \\\"2g.20gb\\\" not found on this GPU\"",
        "time=\"1\" level=fatal msg=\"Error applying MIG configuration with hooks: error setting"
            + " MIGConfig: error attempting multiple config orderings: all orderings failed\"");

    assertThat(diagnosis.code()).isEqualTo(FailureCode.PROFILE_UNSUPPORTED);
    assertThat(diagnosis.explanation())
        .startsWith(
            "GPU 1 does not offer profile 2g.20gb (\"MIG profile \"2g.20gb\" not found on this GPU\")");
  }

  @Test
  void of_insufficientResources_namesTheProfile_inEverySpelling() {
    for (String end : List.of("Insufficient Resources", "ERROR_INSUFFICIENT_RESOURCES")) {
      assertThat(of(
                  failed(),
                  BEGIN,
                  "  GPU 0: 0x233010DE",
                  NO_ROOM.replace("Insufficient Resources", end))
              .explanation())
          .startsWith("GPU 0 has no room for 3g.40gb (")
          .endsWith(". The failed attempt leaves GPU 0 without MIG devices");
    }
    assertThat(of(
                failed(),
                "Unable to create a GPU instance on GPU  0 using profile 20: Insufficient Resources")
            .explanation())
        .startsWith("GPU 0 has no room for a device (");
  }

  /** An error of the driver that says nothing about profiles. */
  @Test
  void of_profileQueryThatFailsOtherwise_isNotAnUnsupportedProfile() {
    String query = "Error getting GPU instance profile info for '1g.10gb': ";

    assertThat(of(failed(), BEGIN, query + "Not Supported").code())
        .isEqualTo(FailureCode.PROFILE_UNSUPPORTED);
    assertThat(of(failed(), BEGIN, query + "Unknown Error").code())
        .isEqualTo(FailureCode.DRIVER_REFUSED);
    assertThat(of(failed(), BEGIN, query + "GPU is lost").code())
        .isEqualTo(FailureCode.DRIVER_UNAVAILABLE);
  }

  @Test
  void of_failureOnTheSecondGpu_saysWhatBecameOfBoth() {
    assertThat(of(
                failed(),
                BEGIN,
                "level=debug msg=\"  GPU 0: 0x233010DE\"",
                "level=debug msg=\"    Updating MIG config: map[3g.40gb:2]\"",
                "level=debug msg=\"  GPU 1: 0x233010DE\"",
                "level=debug msg=\"    Updating MIG config: map[3g.40gb:2]\"",
                "level=error msg=\"Error clearing MigConfig: error destroying GPU instance for"
                    + " profile '0': In use by another client\"")
            .explanation())
        .startsWith("GPU 1 is in use by a process, so the change failed (")
        .endsWith(
            ". GPU 0 already has the new layout. At least one device of GPU 1 no longer exists: its compute instance was removed before its GPU instance was refused");
  }

  @Test
  void of_repeatedLines_areShownOnce() {
    List<String> log = new ArrayList<>(List.of(BEGIN));
    IntStream.range(0, 12)
        .forEach(i -> log.add(
            "time=\"2026-05-02T08:00:%02dZ\" level=error msg=\"%s\"".formatted(i, NO_ROOM)));

    assertThat(Diagnosis.of(status(failed()), log).logLines())
        .containsExactly(
            BEGIN, "time=\"2026-05-02T08:00:00Z\" level=error msg=\"" + NO_ROOM + "\" (12 times)");
  }

  static Stream<FailureCatalogue.Failure> failures() {
    return FailureCatalogue.bundled().failures().stream();
  }

  /** No phrase is hidden behind one that stands before it. */
  @ParameterizedTest
  @MethodSource("failures")
  void catalogue_everyPhrase_resultsInItsCode(FailureCatalogue.Failure failure) {
    for (FailureCatalogue.Phrase phrase : failure.said()) {
      String line = phrase.phrase().toString().replaceAll("\\{[a-z]+}", "7");

      assertThat(FailureCatalogue.bundled().sign(line, false))
          .as(phrase.phrase().toString())
          .get()
          .extracting(FailureCatalogue.Sign::code, FailureCatalogue.Sign::weight)
          .containsExactly(failure.code(), phrase.weighs());
    }
  }

  @Test
  void catalogue_marksAndConsequences_areNotFailures() {
    var file = FailureCatalogue.bundled();

    assertThat(Stream.concat(
            file.consequences().stream().map(FailureCatalogue.Phrase::phrase),
            file.marks().stream().map(FailureCatalogue.MarkPhrase::phrase)))
        .allSatisfy(phrase -> assertThat(
                FailureCatalogue.bundled().sign(phrase.toString().replaceAll("[{}]", ""), false))
            .isEmpty());
  }

  @Test
  void of_logThatBeginsWithAnEmptyLine_isRead() {
    assertThat(of(failed(), "", "level=fatal msg=\"something new\"").decisiveLine())
        .contains("level=fatal msg=\"something new\"");
  }

  /** The words "device map" are before those about the device. */
  @Test
  void of_devicePluginWithWrappedErrors_namesTheGpu() {
    var diagnosis = of(
        Nodes.bare(),
        "E0612 14:52:38.340639 135 main.go:132] error starting plugins: error building device map: error building device map from config.resources: invalid MIG configuration: error visiting device: device 3 has an invalid MIG configuration");

    assertThat(diagnosis.explanation())
        .startsWith("GPU 3 of node gpu-node is in MIG mode and has no MIG device, so the device");
  }

  // Logs as strangers paste them

  /** A run in which GPU 1 is in use, after GPU 0 has its new layout. */
  private static final List<String> RUN = List.of(
      record(0, "info", "Waiting for change to 'nvidia.com/mig.config' label"),
      record(1, "info", "Updating to MIG config: small"),
      record(2, "debug", "  GPU 0: 0x233010DE"),
      record(3, "debug", "    Updating MIG config: map[3g.40gb:2]"),
      record(4, "debug", "  GPU 1: 0x233010DE"),
      record(5, "debug", "    Updating MIG config: map[3g.40gb:2]"),
      record(6, "error", IN_USE),
      record(7, "error", "Error: failed to apply MIG configuration: exit status 1"),
      record(8, "info", "Waiting for change to 'nvidia.com/mig.config' label"));

  private static String record(int second, String level, String message) {
    return "time=\"2026-05-02T08:00:0%dZ\" level=%s msg=\"%s\"".formatted(second, level, message);
  }

  private static Stream<Arguments> pastes() {
    return Stream.of(
        paste("docker", line -> "{\"log\":\"%s\\n\",\"stream\":\"stderr\"}"),
        paste("loki", line -> "{\"labels\":{\"level\":\"error\"},\"line\":\"%s\",\"timestamp\":1}"),
        paste("cloudwatch", line -> "{\"timestamp\": 1, \"message\": \"%s\"},"),
        paste("google", line -> "    \"textPayload\": \"%s\","),
        paste("times", line -> "2026-05-02T08:00:00.123456789+02:00 " + line),
        paste("container runtime", line -> "2026-05-02T08:00:00.123456789Z stderr F " + line),
        paste("colours", line -> line.replace("level=", "\u001B[38;5;196mlevel\u001B[0m=")),
        paste(
            "source of a web page",
            line -> line.replace("&", "&amp;").replace("\"", "&quot;").replace("'", "&#39;")),
        paste("carriage returns", line -> line + "\r"),
        paste("no-break spaces", line -> "\uFEFF" + line.replace(' ', '\u00A0')),
        paste(
            "word processor",
            line -> line.replace("'", "\u2019")
                .replaceFirst("msg=\"", "msg=\u201C")
                .replaceFirst("\"$", "\u201D")),
        Arguments.of(
            "one line of JSON",
            List.of("[" + String.join(",", wrapped(RUN, "{\"message\":\"%s\"}")) + "]")),
        Arguments.of(
            "an answer of Loki",
            List.of("{\"data\":{\"result\":[{\"values\":["
                + String.join(",", reversed(wrapped(RUN, "[\"1777708800000000000\",\"%s\"]")))
                + "]}]}}")),
        Arguments.of(
            "an answer on many lines",
            wrapped(RUN, "{\n  \"timestamp\": \"2026-05-02T08:00:00Z\",\n  \"message\": \"%s\"\n},")
                .stream()
                .flatMap(String::lines)
                .filter(line -> !line.contains("timestamp"))
                .toList()),
        paste("comma-separated values", line -> "7,\"" + line.replace("\"", "\"\"") + "\""),
        Arguments.of("newest first", reversed(RUN)),
        Arguments.of("newest first in JSON", reversed(wrapped(RUN, "{\"line\":\"%s\"}"))),
        Arguments.of(
            "twice", RUN.stream().flatMap(line -> Stream.of(line, line)).toList()),
        Arguments.of(
            "fences and a prompt",
            Stream.of(Stream.of("```console"), RUN.stream(), Stream.of("```", "[root@host ~]#"))
                .flatMap(lines -> lines)
                .toList()));
  }

  private static Arguments paste(String name, UnaryOperator<String> change) {
    return Arguments.of(
        name,
        RUN.stream()
            .map(line -> {
              String changed = change.apply(line);
              return changed.contains("%s") ? changed.formatted(escaped(line)) : changed;
            })
            .toList());
  }

  private static List<String> wrapped(List<String> lines, String json) {
    return lines.stream().map(line -> json.formatted(escaped(line))).toList();
  }

  private static List<String> reversed(List<String> lines) {
    List<String> reversed = new ArrayList<>(lines);
    Collections.reverse(reversed);
    return reversed;
  }

  private static String escaped(String line) {
    return line.replace("\\", "\\\\").replace("\"", "\\\"");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("pastes")
  void of_pastedRun_isAsTheLogOfThePod(String name, List<String> paste) {
    var diagnosis = Diagnosis.of(status(failed()), paste);

    assertThat(diagnosis)
        .hasToString(
            "in-use: GPU 1 is in use by a process, so the change failed (\""
                + IN_USE
                + "\"). Stop the process and apply again: pods with 'kubectl drain gpu-node --ignore-daemonsets', on the host display, monitoring and persistence daemons and the module nvidia_drm. GPU 0 already has the new layout. The device in use is still on GPU 1; other devices of this GPU may no longer exist");
    assertThat(diagnosis.component()).contains(LogComponent.MIG_PARTED);
  }

  /** What nvidia-smi prints at a mode change and when an instance is created or destroyed. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Warning: MIG mode is in pending enable state for GPU 00000000:07:00.0:In use by another client | in-use: GPU 00000000:07:00.0 is in use",
        "00000000:07:00.0 is currently being used by one or more other processes (e.g. CUDA application) | in-use: GPU 00000000:07:00.0 is in use",
        "1 device is currently being used by one or more other processes (e.g., Fabric Manager) | in-use: A GPU is in use",
        "GPU 00000000:00:04.0 is currently in use by another process. | in-use: GPU 00000000:00:04.0 is in use",
        "Warning: MIG mode is in pending enable state for GPU 00000000:00:03.0:Not Supported | mode-change-needs-reboot: GPU 00000000:00:03.0 needs a reset",
        "Resetting GPU 00000000:XX:YY.Z is not supported. | mode-change-needs-reboot: GPU 00000000:XX:YY.Z needs a reset",
        "Unable to destroy GPU instance ID  5 from GPU  3: In use by another client | in-use: GPU 3 is in use",
        "Failed to destroy GPU instances: In use by another client | in-use: A GPU is in use",
        "Failed to initialize NVML: Unknown Error | driver-unavailable: The driver of node gpu-node does not respond",
        "Unable to enable MIG Mode for GPU 00000000:01:00.0: Not Supported | gpu-not-mig-capable: GPU 00000000:01:00.0 does not support MIG",
        "Failed to initialize NVML: Insufficient Permissions | no-permission: The driver denies the component that wrote this line access to a GPU"
      })
  void of_nvidiaSmi_namesTheGpu(String line, String diagnosis) {
    assertThat(of(Nodes.bare(), line).toString()).startsWith(diagnosis);
  }

  @Test
  void of_failedStateWithoutALog_saysOfWhichConfigurationAndThatNothingSaysWhy() {
    assertThat(of(Nodes.b200(1).config("small", "failed").running()).explanation())
        .isEqualTo(
            "The state of node gpu-node is failed for 'small', and no line of a log says why."
                + " Read the log with 'kubectl logs -n gpu-operator -l app=nvidia-mig-manager --tail=-1"
                + " --prefix', of the pod on node gpu-node");
  }

  @Test
  void of_successOfMigParted_withoutAConfigurationsName_namesNone() {
    assertThat(of(Nodes.bare(), APPLIED).explanation())
        .startsWith("The MIG manager reports success for a configuration; what node gpu-node");
  }

  /** An event is no log, but its warning decides as an error of a log does. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "  Warning  FailedPrepareDynamicResources  5m (x3 over 9m)  kubelet  Failed to prepare dynamic resources: no such device",
        "5m   Warning   FailedPrepareDynamicResources   pod/a   prepare dynamic resources: no such device",
        "Warning FailedPrepareDynamicResources prepare dynamic resources: no such device"
      })
  void of_unknownWarningOfAnEvent_isQuoted_withItsComponent(String event) {
    assertThat(of(Nodes.bare(), "Normal  Scheduled  9m  default-scheduler  assigned", event)
            .explanation())
        .startsWith("No known failure matches; the last error of the DRA driver is \""
            + event.strip()
            + "\". Correct what the line says; the kubelet repeats the request.");
  }

  @Test
  void of_longUnknownError_quotesItsBeginningAndItsEnd() {
    String middle = "error of a step: ".repeat(20);

    assertThat(of(
                Nodes.bare(),
                "gpu-feature-discovery: 2022/06/15 03:25:50 Error: error creating labeler: "
                    + middle
                    + "NVML error: Not Found")
            .explanation())
        .isEqualTo("No known failure matches; the last error of GPU Feature Discovery is"
            + " \"gpu-feature-discovery: 2022/06/15 03:25:50 Error: error creating labeler:"
            + " error of a step: error of a step: error of a step: … error of a step: error of a"
            + " step: error of a step: error of a step: error of a step: error of a step: NVML"
            + " error: Not Found\". Correct what the line says; the pod restarts by itself, and"
            + " until then the node's labels are those of before. Its whole log: 'kubectl logs"
            + " -n gpu-operator -l app=gpu-feature-discovery --tail=-1'");
  }

  @Test
  void of_fieldOfKlog_isQuotedWithoutTheOthers() {
    assertThat(of(
                Nodes.bare(),
                "E1205 20:27:39.194697       1 server.go:127] \"failed\" err=\"error preparing devices for claim 1: error creating GPU instance for '1g.20gb': Insufficient Resources\" requestID=944 request=\"&Request{Claim:a}\"")
            .explanation())
        .startsWith("A GPU has no room for 1g.20gb (\"error preparing devices for claim 1: error"
            + " creating GPU instance for '1g.20gb': Insufficient Resources\").");
  }

  @Test
  void of_fileThatTheDevicePluginRefuses_isNotTheMigManagers() {
    assertThat(of(
                Nodes.bare(),
                "unable to load config: unable to finalize config: unable to parse config file: error parsing config file: unmarshal error: no list")
            .explanation())
        .startsWith("The device plugin of node gpu-node does not start, because it does not accept"
            + " its configuration or flags (\"unable to load config: ");
    assertThat(of(Nodes.bare(), "level=fatal msg=\"Error parsing config file: read error\"")
            .code())
        .isEqualTo(FailureCode.FILE_INVALID);
  }

  @Test
  void of_firstDevicePlugins_namesTheGpuWithoutDevices() {
    assertThat(of(
                Nodes.bare(),
                "panic: At least one device with migEnabled=true was not configured correctly: No MIG devices associated with /dev/nvidia3: GPU-1")
            .toString())
        .startsWith("empty-mig-gpu: GPU 3 of node gpu-node is in MIG mode and has no MIG device");
  }

  @Test
  void of_podThatIsRejected_namesTheDevicePluginThatMayNotReadTheGpu() {
    assertThat(of(
                Nodes.bare(),
                "  Warning  UnexpectedAdmissionError  17s  kubelet  Allocate failed due to device plugin GetPreferredAllocation rpc failed with err: error creating nvml.Device 5: nvml: Insufficient Permissions, which is unexpected")
            .toString())
        .startsWith("no-permission: The driver denies the device plugin access to GPU 5 (\"");
  }

  /** As 'kubectl logs -l app=nvidia-mig-manager --prefix' prints them, or stern. */
  @ParameterizedTest
  @ValueSource(strings = {"[pod/%s/nvidia-mig-manager] %s", "%s nvidia-mig-manager %s"})
  void of_logOfSeveralManagers_readsTheOneThatAgreesWithTheNode_andSaysSo(String prefix) {
    String later = "time=\"2026-05-02T09:00:00Z\" ";
    String earlier = "time=\"2026-05-02T08:00:00Z\" ";
    List<String> failed =
        List.of(later + BEGIN, later + "level=error msg=\"" + IN_USE + "\"", later + WAITS);
    List<String> succeeded =
        List.of(earlier + BEGIN, earlier + "level=info msg=\"" + APPLIED + "\"", earlier + WAITS);
    List<String> log = new ArrayList<>();
    for (int i = 0; i < failed.size(); i++) {
      log.add(prefix.formatted("nvidia-mig-manager-4fz7q", failed.get(i)));
      log.add(prefix.formatted("nvidia-mig-manager-x9k2p", succeeded.get(i)));
    }

    var ofFailed = Diagnosis.of(status(failed()), log);
    var ofSucceeded = Diagnosis.of(status(Nodes.b200(1).config("small", "success")), log);

    assertThat(ofFailed.code()).isEqualTo(FailureCode.IN_USE);
    assertThat(ofFailed.explanation())
        .endsWith(
            ". The log is of several pods of the MIG manager, of which nvidia-mig-manager-4fz7q was read; give the log of the pod on node gpu-node alone");
    assertThat(ofSucceeded.code()).isEqualTo(FailureCode.NOTHING_WRONG);
    assertThat(ofSucceeded.explanation()).contains("of which nvidia-mig-manager-x9k2p was read");
  }

  /** The limit of records is that of one pod: the pod of the node is the first of many. */
  @Test
  void of_logsOfManyManagers_readsThatOfTheNode_whereverItIs() {
    List<String> log =
        new ArrayList<>(ofPod(0, BEGIN, "level=error msg=\"" + IN_USE + "\"", WAITS));
    IntStream.range(1, 40).forEach(pod -> {
      log.addAll(ofPod(pod, BEGIN));
      log.addAll(Collections.nCopies(1_000, ofPod(pod, "level=debug msg=\"  \"").get(0)));
      log.addAll(ofPod(pod, "level=info msg=\"" + APPLIED + "\"", WAITS));
    });

    var diagnosis = Diagnosis.of(status(failed()), log);

    assertThat(diagnosis.code()).isEqualTo(FailureCode.IN_USE);
    assertThat(diagnosis.explanation())
        .endsWith(
            ". The log is of several pods of the MIG manager, of which nvidia-mig-manager-0 was read; give the log of the pod on node gpu-node alone");
  }

  @Test
  void of_logOfSeveralManagers_newestFirst_isAsTheOtherWayRound() {
    List<String> other = List.of(
        record(1, "info", "Updating to MIG config: small"),
        record(6, "info", APPLIED),
        record(8, "info", "Waiting for change to 'nvidia.com/mig.config' label"));
    List<String> log = new ArrayList<>(ofPod(0, RUN.toArray(String[]::new)));
    log.add(2, ofPod(1, other.get(0)).get(0));
    log.addAll(ofPod(1, other.get(1), other.get(2)));

    var diagnosis = Diagnosis.of(status(failed()), log);

    assertThat(diagnosis.explanation())
        .startsWith("GPU 1 is in use by a process")
        .contains("GPU 0 already has the new layout", "of which nvidia-mig-manager-0 was read");
    assertThat(Diagnosis.of(status(failed()), reversed(log))).isEqualTo(diagnosis);
  }

  private static List<String> ofPod(int pod, String... lines) {
    return Stream.of(lines)
        .map(line -> "[pod/nvidia-mig-manager-%d/nvidia-mig-manager] %s".formatted(pod, line))
        .toList();
  }

  /** A large cluster has more pods than lines are read of each; lines without a pod are in each part. */
  @Test
  void of_logsOfThousandsOfManagers_areNotReadAsOne() {
    List<String> log =
        new ArrayList<>(ofPod(0, BEGIN, "level=error msg=\"" + IN_USE + "\"", WAITS));
    IntStream.range(1, 2_000)
        .forEach(pod -> log.addAll(ofPod(pod, BEGIN, "level=info msg=\"" + APPLIED + "\"", WAITS)));
    log.addAll(Collections.nCopies(10_000, "line without a pod"));

    var diagnosis = Diagnosis.of(status(failed()), log);

    assertThat(diagnosis.code()).isEqualTo(FailureCode.IN_USE);
    assertThat(diagnosis.explanation()).contains("of which nvidia-mig-manager-0 was read");
  }

  @Test
  void of_logOfASuccess_onANodeThatFailed_isNotSaidToBeRight() {
    var diagnosis =
        of(Nodes.cutIntoSeven().config("small", "failed").running(), BEGIN, APPLIED, WAITS);

    assertThat(diagnosis.code()).isEqualTo(FailureCode.UNRECOGNISED);
    assertThat(diagnosis.decisiveLine()).contains(APPLIED);
    assertThat(diagnosis.explanation())
        .startsWith("No known failure matches. ")
        .endsWith(
            ". The log reports success, but the state of node gpu-node is failed: check that it is the log of the pod on this node");
  }

  @Test
  void of_linesOfTwoGpusMixed_usesTheGpuThatIsNamedBehindTheError() {
    var diagnosis = of(
        failed(),
        BEGIN,
        "level=debug msg=\"  GPU 0: 0x233010DE\"",
        "level=debug msg=\"  GPU 1: 0x233010DE\"",
        "level=debug msg=\"    Updating MIG config: map[3g.40gb:2]\"",
        "level=error msg=\"" + IN_USE + "\"",
        "level=error msg=\"Error clearing MIG config on GPU 0, erroneous devices may persist\"");

    assertThat(diagnosis.explanation())
        .startsWith("GPU 0 is in use by a process, so the change failed (")
        .doesNotContain("GPU 1", "already has");
  }

  /** A component may write JSON itself, which is then the record. */
  @Test
  void of_errorThatIsJson_isQuotedWhole() {
    String line = "{\"level\":\"error\",\"ts\":1,\"message\":\"cannot start\"}";

    assertThat(of(Nodes.bare(), line).decisiveLine()).contains(line);
  }

  /** The missing end may be "context deadline exceeded", which is another failure. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Error: failed to wait for pods to be deleted: device-plugin pod did not shutdown: cli",
        "Error applying MIG configuration with hooks: error initializing NVML: ERROR_LIB",
        "Error creating GPU instance for '3g.40gb': Insu"
      })
  void of_recordWithoutItsEnd_isQuoted_andNotGuessed(String message) {
    var whole = of(failed(), BEGIN, "level=error msg=\"" + message + "\"");
    var cut = of(failed(), BEGIN, "level=error msg=\"" + message);

    assertThat(whole.code()).isNotEqualTo(FailureCode.UNRECOGNISED);
    assertThat(cut.code()).isEqualTo(FailureCode.UNRECOGNISED);
    assertThat(cut.explanation()).contains("is \"" + message + "\"");
  }

  /** Only the reader shortens such a record; its end is known. */
  @ParameterizedTest
  @ValueSource(strings = {"x", "\\\""})
  void of_longRecord_isNotOneWithoutItsEnd(String detail) {
    String record =
        "level=error msg=\"error initializing NVML: -" + detail.repeat(9_000 / detail.length());

    assertThat(of(failed(), BEGIN, record + "\"").code()).isEqualTo(FailureCode.DRIVER_UNAVAILABLE);
    assertThat(of(failed(), BEGIN, record).code()).isEqualTo(FailureCode.UNRECOGNISED);
  }

  /** The times of klog have no year. */
  @Test
  void of_shortLogOverTheEndOfAYear_isNotReadBackwards() {
    String last = "E0101 00:00:00.000000 1 main.go:2] the last";

    assertThat(of(Nodes.bare(), "E1231 23:59:59.000000 1 main.go:1] the first", last)
            .decisiveLine())
        .contains(last);
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
