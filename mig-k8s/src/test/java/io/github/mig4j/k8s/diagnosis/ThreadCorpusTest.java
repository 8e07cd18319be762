package io.github.mig4j.k8s.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.node.MigNodeStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The symptoms that public threads tell of, as a node and its MIG manager's log would show them.
 * threads.json in the folder that {@code -Dmig4j.corpus} names describes them in words; what it
 * gives no symptom of a failed change for is listed as such.
 */
class ThreadCorpusTest {

  private static final String BEGIN = "level=info msg=\"Updating to MIG config: small\"";
  private static final String APPLIED = "MIG configuration applied successfully";
  private static final String PENDING_MODE = "level=debug msg=\"    Mode change pending: true\"";
  private static final String NO_RESET =
      "level=error msg=\"\\nResetting GPU 00000000:00:04.0 is not supported.\\n\"";
  private static final String RESET_FAILED = "level=fatal msg=\"Error applying MIG configuration"
      + " with hooks: error resetting all GPUs: exit status 255\"";
  private static final String NOT_APPLIED =
      "level=fatal msg=\"Assertion failure: selected configuration not currently applied\"";
  private static final String IN_USE = "  GPU 00000000:00:04.0: In use by another client";
  private static final String WAITS =
      "level=info msg=\"Waiting for change to 'nvidia.com/mig.config' label\"";

  private record Symptom(Nodes node, List<String> log, FailureCode code) {}

  private static final Map<String, Symptom> SYMPTOMS = Map.ofEntries(
      Map.entry("NVIDIA/gpu-operator#2833", podsDidNotStop()),
      Map.entry("NVIDIA/mig-parted#485", podsDidNotStop()),
      Map.entry(
          "NVIDIA/mig-parted#356",
          new Symptom(
              Nodes.bare().label(Labels.MIG_CONFIG, "small"),
              List.of(BEGIN),
              FailureCode.MANAGER_SILENT)),
      Map.entry("NVIDIA/mig-parted#431", withoutSystemd()),
      Map.entry("NVIDIA/mig-parted#382", withoutSystemd()),
      Map.entry(
          "NVIDIA/mig-parted#329",
          failed(
              FailureCode.CONFIG_NOT_VALIDATED,
              "nvidia-mig-manager W0311 11:57:32 client_config.go:667] Neither --kubeconfig nor",
              "nvidia-mig-manager " + BEGIN,
              "nvidia-mig-manager level=error msg=\"Error: failed to validate MIG configuration:"
                  + " exit status 1\"")),
      Map.entry("NVIDIA/mig-parted#100", configUnknown()),
      Map.entry("NVIDIA/gpu-operator#281", configUnknown()),
      Map.entry(
          "NVIDIA/gpu-operator#603",
          new Symptom(
              Nodes.bare()
                  .config("small", "success")
                  .label(Labels.GPU_PRODUCT, "NVIDIA-A100-80GB-PCIe-MIG-INVALID")
                  .label(Labels.GPU_COUNT, "0"),
              List.of(BEGIN, APPLIED, WAITS),
              FailureCode.INVALID_UNDER_SINGLE)),
      Map.entry("NVIDIA/mig-parted#18", withoutDevices()),
      Map.entry("NVIDIA/mig-parted#97", reportedSuccess()),
      Map.entry("NVIDIA/mig-parted#9", withoutDevices()),
      Map.entry(
          "NVIDIA/mig-parted#157",
          failed(FailureCode.MODE_CHANGE_NEEDS_RESET, BEGIN, PENDING_MODE, RESET_FAILED)),
      Map.entry(
          "NVIDIA/gpu-operator#322",
          failed(FailureCode.MODE_CHANGE_NEEDS_RESET, BEGIN, NOT_APPLIED, RESET_FAILED)),
      Map.entry("NVIDIA/gpu-operator#646", reportedSuccess()),
      Map.entry(
          "NVIDIA/gpu-operator#668",
          failed(FailureCode.MODE_CHANGE_NEEDS_REBOOT, BEGIN, PENDING_MODE, NO_RESET)),
      Map.entry(
          "NVIDIA/gpu-operator#1606",
          failed(FailureCode.MODE_CHANGE_NEEDS_REBOOT, BEGIN, NO_RESET, RESET_FAILED)),
      Map.entry(
          "NVIDIA/gpu-operator#2376",
          failed(
              FailureCode.IN_USE,
              "time=\"1\" " + BEGIN + " time=\"2\" " + PENDING_MODE + " time=\"3\" " + IN_USE)),
      Map.entry("NVIDIA/k8s-device-plugin#767", emptyGpu()),
      Map.entry("nebuly-ai/nos#21", emptyGpu()));

  private static final List<String> NOT_A_FAILED_CHANGE = List.of(
      "NVIDIA/gpu-operator#1310", // the manager is fine; pods restart
      "NVIDIA/gpu-operator#403", // the validator after a reboot
      "NVIDIA/k8s-device-plugin#240", // stale resources, read by MigNodeStatus.unavailable()
      "kubernetes-sigs/dra-driver-nvidia-gpu#719",
      "kubernetes-sigs/dra-driver-nvidia-gpu#1018",
      "kubernetes-sigs/dra-driver-nvidia-gpu#1092",
      "kubernetes-sigs/dra-driver-nvidia-gpu#361",
      "NVIDIA/mig-parted#101"); // a listing of profiles

  @Test
  void everySymptom_hasItsCode() {
    assertThat(SYMPTOMS).allSatisfy((thread, symptom) -> {
      var status = MigNodeStatus.of(symptom.node.build(), MigSettings.defaults());
      assertThat(Diagnosis.of(status, symptom.log).code()).as(thread).isEqualTo(symptom.code);
    });
  }

  @Test
  @EnabledIfSystemProperty(
      named = "mig4j.corpus",
      matches = ".+",
      disabledReason = "no -Dmig4j.corpus")
  void everyThread_isASymptom_orNoFailedChange() throws IOException {
    Path corpus = Path.of(System.getProperty("mig4j.corpus", ""));
    JsonNode threads =
        new ObjectMapper().readTree(corpus.resolve("threads.json").toFile());
    List<String> issues = new ArrayList<>();
    threads.path("pointers").forEach(thread -> issues.add(thread.path("issue").asText()));

    assertThat(Stream.concat(SYMPTOMS.keySet().stream(), NOT_A_FAILED_CHANGE.stream()))
        .containsExactlyInAnyOrderElementsOf(issues);
  }

  private static Symptom failed(FailureCode code, String... log) {
    return new Symptom(Nodes.b200(1).config("small", "failed"), List.of(log), code);
  }

  private static Symptom podsDidNotStop() {
    return new Symptom(
        Nodes.b200(1).offers("nvidia.com/gpu", 0).config("small", "pending").paused(),
        List.of(
            BEGIN,
            "level=info msg=\"Waiting for the device-plugin to shutdown\"",
            "level=error msg=\"Error: failed to wait for pods to be deleted: device-plugin pod did"
                + " not shutdown: context deadline exceeded\"",
            WAITS),
        FailureCode.PODS_DID_NOT_STOP);
  }

  private static Symptom withoutSystemd() {
    return new Symptom(
        Nodes.b200(1).config("small", "success"),
        List.of(
            BEGIN,
            "level=error msg=\"Error: failed to initialize systemd manager: failed to connect to"
                + " systemd D-Bus: context deadline exceeded\"",
            WAITS),
        FailureCode.SYSTEMD_UNAVAILABLE);
  }

  private static Symptom configUnknown() {
    return failed(
        FailureCode.CONFIG_UNKNOWN,
        BEGIN,
        "Error selecting MIG config: selected mig-config not present: small",
        "Unable to validate the selected MIG configuration");
  }

  /** The threads do not say what the nodes offered. */
  private static Symptom reportedSuccess() {
    return new Symptom(
        Nodes.bare().config("small", "success"),
        List.of(BEGIN, NOT_APPLIED, APPLIED, WAITS),
        FailureCode.REPORTED_SUCCESS);
  }

  private static Symptom withoutDevices() {
    return new Symptom(
        Nodes.b200(1)
            .offers("nvidia.com/gpu", 0)
            .label("nvidia.com/gpu.replicas", "0")
            .config("small", "success"),
        List.of(BEGIN, NOT_APPLIED, APPLIED, WAITS),
        FailureCode.NO_DEVICES);
  }

  private static Symptom emptyGpu() {
    return new Symptom(
        Nodes.b200(1).config("small", "success"),
        List.of(
            BEGIN,
            APPLIED,
            WAITS,
            "E0612 135 main.go:132] error starting plugins: invalid MIG configuration: at least one"
                + " device with migEnabled=true was not configured correctly: error visiting"
                + " device: device 0 has an invalid MIG configuration"),
        FailureCode.EMPTY_MIG_GPU);
  }
}
