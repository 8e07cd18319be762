package io.github.mig4j.k8s.change;

import static io.github.mig4j.k8s.fixture.ClusterUser.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.fixture.PodLogs;
import io.github.mig4j.k8s.fixture.RecordedRequests;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import io.github.mig4j.k8s.simulator.Trap;
import io.github.mig4j.layout.MigLayout;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests that fail say why, by the log of the node's MIG manager. */
@ExtendWith(MockApiServer.class)
class FailureTest {

  private static final GpuModel A100 = GpuCatalog.bundled().require("a100-40gb");
  private static final ApplyTimings QUICK = ApplyTimings.builder()
      .stability(Duration.ofMillis(100))
      .failure(Duration.ofMillis(300))
      .propagation(Duration.ZERO)
      .build();
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Duration SHORT = Duration.ofSeconds(3);
  private static final MigConfigSpec SMALL =
      MigConfigSpec.allDevices(MigLayout.on(A100).add("1g.5gb", 7).build());
  private static final MigConfigSpec MEDIUM =
      MigConfigSpec.allDevices(MigLayout.on(A100).add("2g.10gb", 3).build());
  private static final MigConfigSpec OFF =
      MigConfigSpec.builder().devices(DeviceSelector.ALL).migEnabled(false).build();
  private static final String KEY = MigConfig.of(SMALL).contentName("small");

  KubernetesClient client;
  PodLogs logs;
  private final RecordedRequests requests = new RecordedRequests();
  private MigClient mig;

  @BeforeEach
  void connect() {
    mig = MigClient.of(client);
    mig.configMap("mig-config").merge("small", SMALL);
    mig.configMap("mig-config").merge("all-disabled", OFF);
  }

  @Test
  void gpuInUse_namesTheGpu() {
    try (var simulator = simulator()) {
      simulator.set("gpu-node", Trap.GPU_IN_USE);

      var failed = (MigFailedException) apply(LONG);

      assertThat(failed.diagnosis().code()).isEqualTo(FailureCode.IN_USE);
      assertThat(failed.diagnosis().decisiveLine())
          .contains("level=error msg=\"Error clearing MigConfig: error destroying Compute instance"
              + " for profile '(0, 0)': In use by another client\"");
      assertThat(failed)
          .hasMessage(
              "Node gpu-node: the MIG manager failed to apply '" + KEY
                  + "'. GPU 0 is in use by a process, so the change failed (\"Error clearing MigConfig: error destroying Compute instance for profile '(0, 0)': In use by another client\"). Stop the process and apply again: pods with 'kubectl drain gpu-node --ignore-daemonsets', on the host display, monitoring and persistence daemons and the module nvidia_drm. The device in use is still on GPU 0; other devices of this GPU may no longer exist");
    }
  }

  @Test
  void podsDoNotStop_namesThem() {
    try (var simulator = simulator()) {
      simulator.set("gpu-node", Trap.PODS_DO_NOT_STOP);

      var failed = (MigFailedException) apply(LONG);

      assertThat(failed.diagnosis().code()).isEqualTo(FailureCode.PODS_DID_NOT_STOP);
      assertThat(failed.lastSeen().state()).contains(MigState.PENDING);
      assertThat(failed)
          .hasMessage(
              "Node gpu-node: the MIG manager ended its run for '" + KEY
                  + "' without success, and the node's MIG state is still pending. The pods of device-plugin on node gpu-node did not stop, and the MIG manager waits only 5 min for them (\"Error: failed to wait for pods to be deleted: device-plugin pod did not shutdown: context deadline exceeded\"). See their state with 'kubectl get pods -A --field-selector spec.nodeName=gpu-node'; when they have stopped, restart the MIG manager with 'kubectl delete pod -A -l app=nvidia-mig-manager --field-selector spec.nodeName=gpu-node'");
    }
  }

  /** Trap 21: the manager gives up, and the state remains pending. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "API_ERROR_DURING_POD_WAIT | etcdserver: request timed out",
        "API_SERVER_AWAY_DURING_POD_WAIT | Get \"https://10.96.0.1:443/api/v1/namespaces/gpu-operator/pods\": dial tcp 10.96.0.1:443: connect: connection refused"
      })
  void requestThatFailsDuringThePodWait_isReported_beforeTheDeadline(Trap trap, String cause) {
    try (var simulator = simulator()) {
      simulator.set("gpu-node", trap);

      var failed = (MigFailedException) apply(LONG);

      assertThat(failed.diagnosis())
          .hasToString(
              "api-request-failed: A request of the MIG manager to the API server failed, and that ended its run (\"Error: failed to wait for pods to be deleted: device-plugin pod did not shutdown: "
                  + cause
                  + "\"). The MIG manager does not repeat the run: when the API server answers again, restart the MIG manager with 'kubectl delete pod -A -l app=nvidia-mig-manager --field-selector spec.nodeName=gpu-node'");
    }
  }

  @Test
  void modeChangeRefused_asksForAReboot() {
    try (var simulator = simulator()) {
      simulator.set("gpu-node", Trap.MODE_CHANGE_REFUSED);

      assertThat(apply(LONG))
          .isInstanceOf(MigFailedException.class)
          .hasMessage(
              "Node gpu-node: the MIG manager failed to apply '" + KEY
                  + "'. GPU 00000000:00:04.0 needs a reset to change its MIG mode, and this machine does not support that, which is usual for a virtual machine (\"Resetting GPU 00000000:00:04.0 is not supported.\"). Reboot node gpu-node and apply again, or set WITH_REBOOT=true in the ClusterPolicy's migManager.env. The MIG devices of the GPUs that were to be reset no longer exist");
    }
  }

  @Test
  void passingDriverError_isTold() {
    try (var simulator = simulator()) {
      simulator.set("gpu-node", Trap.PASSING_DRIVER_ERROR);

      assertThat(apply(LONG))
          .isInstanceOf(MigFailedException.class)
          .hasMessage(
              "Node gpu-node: the MIG manager failed to apply '" + KEY
                  + "'. The driver refused to change GPU 0 (\"Error creating GPU instance for '1g.5gb': Unknown Error\"). Apply again, because the error may be transient. If it remains, see 'dmesg | grep NVRM' on the node. The failed attempt leaves GPU 0 without MIG devices");
    }
  }

  @Test
  void leftoverInstance_isNoRoom() {
    try (var simulator = simulator()) {
      simulator.set("gpu-node", Trap.LEFTOVER_GPU_INSTANCE);

      assertThat(apply(LONG))
          .isInstanceOf(MigFailedException.class)
          .hasMessage(
              "Node gpu-node: the MIG manager failed to apply '" + KEY
                  + "'. GPU 0 has no room for 1g.5gb (\"Error creating GPU instance for '1g.5gb': Insufficient Resources\"). Check that the configuration fits on this GPU. If it fits, an instance of another program used the space, and the failed attempt has removed it: apply again. The failed attempt leaves GPU 0 without MIG devices");
    }
  }

  /** Trap 6: the cause is one thing, that the node is left without GPUs another. */
  @Test
  void clientsLeftStopped_areToldBesideTheCause() {
    try (var simulator = simulator()) {
      assertThat(apply(LONG)).isNull();
      simulator.set("gpu-node", Trap.PAUSED_AFTER_FAILURE, Trap.GPU_IN_USE);
      mig.configMap("mig-config").merge("medium", MEDIUM);

      var failed = (MigFailedException) catchThrowable(
          () -> mig.node("gpu-node").apply("medium").timings(QUICK).await(LONG));

      assertThat(failed.diagnosis().code()).isEqualTo(FailureCode.IN_USE);
      assertThat(failed)
          .hasMessageEndingWith(
              " and the module nvidia_drm. The device in use is still on GPU 0; other"
                  + " devices of this GPU may no longer exist. The node offers no GPU until a run"
                  + " succeeds or the node's MIG manager pod is restarted: dcgm, dcgm-exporter,"
                  + " device-plugin, gpu-feature-discovery, nvsm are stopped");
    }
  }

  /** Trap 12: no state is written, so that an earlier success stays. */
  @Test
  void errorBeforeTheRun_isFoundBehindAnOldSuccess() {
    try (var simulator = simulator()) {
      simulator.set("gpu-node", Trap.ERROR_BEFORE_RUN);

      var failed = (MigFailedException) apply(LONG);

      assertThat(failed.lastSeen().state()).contains(MigState.SUCCESS);
      assertThat(failed.diagnosis())
          .hasToString(
              "systemd-unavailable: The MIG manager cannot connect to systemd on node gpu-node (\"Error: failed to initialize systemd manager: failed to connect to systemd D-Bus: dial unix /host/run/dbus/system_bus_socket: connect: no such file or directory\"). If the host has no systemd, set WITH_SHUTDOWN_HOST_GPU_CLIENTS=false in the ClusterPolicy's migManager.env; otherwise mount /run/dbus into the pod. The MIG manager does not repeat the run: afterwards restart the MIG manager with 'kubectl delete pod -A -l app=nvidia-mig-manager --field-selector spec.nodeName=gpu-node'");
    }
  }

  /** The manager does not repeat a run, so the same content is requested by its other name. */
  @ParameterizedTest
  @EnumSource(
      names = {
        "ERROR_BEFORE_RUN",
        "PODS_DO_NOT_STOP",
        "API_ERROR_DURING_POD_WAIT",
        "API_SERVER_AWAY_DURING_POD_WAIT"
      })
  void runThatEndedWithoutAState_isRepeatedByTheNextApply_underTheOtherName(Trap trap) {
    try (var simulator = simulator()) {
      simulator.set("gpu-node", trap);
      assertThat(apply(LONG)).isInstanceOf(MigFailedException.class);
      simulator.remove("gpu-node", trap);

      var outcome = mig.node("gpu-node").apply("small").timings(QUICK).await(LONG);

      assertThat(outcome).isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(outcome.config()).isEqualTo(KEY + "-r2");
      assertThat(outcome.allocatable()).hasToString("{nvidia.com/mig-1g.5gb=7}");
    }
  }

  @Test
  void runThatEndedWithoutAState_ofANameWithoutAnother_isReportedAtOnce_andCanBeRecovered() {
    try (var simulator = simulator()) {
      simulator.set("gpu-node", Trap.API_ERROR_DURING_POD_WAIT);
      assertThatThrownBy(
              () -> mig.node("gpu-node").applyExact("small").timings(QUICK).await(LONG))
          .isInstanceOf(MigFailedException.class);

      assertThatThrownBy(() -> mig.node("gpu-node").applyExact("small").await(LONG))
          .isInstanceOf(MigFailedException.class)
          .hasMessageStartingWith(
              "Node gpu-node: the MIG manager ended its run for 'small' without success before this request, and the node's MIG state is still pending. ");
      assertThat(mig.node("gpu-node").recover().timings(QUICK).await(LONG).allocatable())
          .hasToString("{nvidia.com/mig-1g.5gb=7}");
    }
  }

  @Test
  void noManager_isTold() {
    try (var simulator = simulator()) {
      var late = (MigDeadlineException) catchThrowable(() -> mig.node("gpu-node")
          .apply("small")
          .timings(QUICK)
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.CHECKED) {
              removeManager(simulator);
            }
          })
          .await(SHORT));

      assertThat(late.diagnosis())
          .hasToString(
              "manager-not-running: No pod of the MIG manager runs on node gpu-node. It runs on nodes with the labels nvidia.com/mig.capable=true and nvidia.com/gpu.deploy.mig-manager=true; check these with 'kubectl get node gpu-node --show-labels', or why the pod does not start");
      assertThat(late.diagnosis().logLines()).isEmpty();
    }
  }

  /** As it looks for as long as the kubelet has not refreshed the mounted file, trap 3. */
  @Test
  void configThatIsNotInTheFile_isUnknown() {
    try (var simulator = simulator()) {
      var failed = applyExactWhile("  small:", "  other:");

      assertThat(failed)
          .hasMessage(
              "Node gpu-node: the MIG manager failed to apply 'small'. The MIG manager's file has no configuration 'small' (\"Error selecting MIG config: selected mig-config not present: small\"). Wait a minute until the kubelet has updated the ConfigMap in the pod, and apply again. If the error remains, check with 'kubectl get clusterpolicy -o yaml' that the ClusterPolicy names the ConfigMap with this configuration");
    }
  }

  /** Trap 17: one bad entry makes every name fail. */
  @Test
  void fileThatIsPoisonedMeanwhile_isInvalid() {
    try (var simulator = simulator()) {
      var failed = applyExactWhile("1g.5gb", "1g-5gb");

      assertThat(failed.diagnosis().code()).isEqualTo(FailureCode.FILE_INVALID);
      assertThat(failed.diagnosis().decisiveLine().orElseThrow())
          .startsWith("level=fatal msg=\"Error parsing config file: ");
    }
  }

  @Test
  void diagnosis_takesTwoMoreRequests() {
    try (var simulator = simulator();
        var recorded = requests.client(client.getConfiguration())) {
      simulator.set("gpu-node", Trap.GPU_IN_USE);
      var settings = MigSettings.builder().operatorNamespace("gpu-operator").build();
      var watched = MigClient.of(recorded).with(settings);

      catchThrowable(
          () -> watched.node("gpu-node").apply("small").timings(QUICK).await(LONG));

      assertThat(requests.all())
          .filteredOn(request -> request.contains("/namespaces/gpu-operator/pods"))
          .satisfiesExactly(
              list -> assertThat(list).isEqualTo("GET /api/v1/namespaces/gpu-operator/pods"),
              log -> assertThat(log)
                  .matches("GET /api/v1/namespaces/gpu-operator/pods/nvidia-mig-manager-\\d+/log"));
    }
  }

  @Test
  void logThatMayNotBeRead_isSaid_andDoesNotHideTheFailure() {
    try (var simulator = simulator()) {
      simulator.set("gpu-node", Trap.GPU_IN_USE);
      logs.forbid();

      var failed = (MigFailedException) apply(LONG);

      assertThat(failed.diagnosis().code()).isEqualTo(FailureCode.UNRECOGNISED);
      assertThat(failed.getMessage())
          .matches(
              "Node gpu-node: the MIG manager failed to apply '" + KEY + "'\\. The state of node"
                  + " gpu-node is failed for '" + KEY
                  + "', and no line of a log says why\\. Read the log with 'kubectl logs -n gpu-operator -l"
                  + " app=nvidia-mig-manager --tail=-1 --prefix', of the pod on node gpu-node\\. The MIG manager's log could"
                  + " not be read: The API server answered 403 to: get log of pod"
                  + " gpu-operator/nvidia-mig-manager-\\d+");
    }
  }

  @Test
  void logOfAPodThatIsGone_isSaid() {
    try (var simulator = simulator()) {
      simulator.set("gpu-node", Trap.GPU_IN_USE);
      logs.clear();

      assertThat(((MigFailedException) apply(LONG)).diagnosis().explanation())
          .matches(
              "The state of node gpu-node is failed for '" + KEY
                  + "', and no line of a log says why\\. Read the log with 'kubectl logs -n gpu-operator -l app=nvidia-mig-manager --tail=-1 --prefix', of the pod on node gpu-node\\. The MIG manager's log could not be read: pod nvidia-mig-manager-\\d+ was deleted");
    }
  }

  @Test
  void exceptions_keepTheEssence_whenSerialised() throws Exception {
    var status =
        MigNodeStatus.of(Nodes.b200(1).config("small", "failed").build(), MigSettings.defaults());
    var diagnosis =
        Diagnosis.of(status, List.of("Error initializing NVML: ERROR_LIBRARY_NOT_FOUND"));
    var failed = new MigFailedException("It failed", status, diagnosis);
    var late = new MigDeadlineException("It is late", status, diagnosis);

    var failedCopy = (MigFailedException) copy(failed);
    var lateCopy = (MigDeadlineException) copy(late);

    assertThat(failed.diagnosis()).isSameAs(diagnosis);
    assertThat(failedCopy).hasMessage(failed.getMessage());
    assertThat(failedCopy.lastSeen().node()).isEqualTo("gpu-node");
    for (Diagnosis essence : List.of(failedCopy.diagnosis(), lateCopy.diagnosis())) {
      assertThat(essence.code()).isEqualTo(FailureCode.NVML_NOT_FOUND);
      assertThat(essence.explanation()).isEqualTo(diagnosis.explanation());
      assertThat(essence.logLines()).isEmpty();
    }
  }

  private static Object copy(Object object) throws Exception {
    var bytes = new ByteArrayOutputStream();
    try (var out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    }
    try (var in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return in.readObject();
    }
  }

  /** The cluster goes over to dynamic resource allocation after it was checked. */
  private void removeManager(GpuOperatorSimulator simulator) {
    simulator.set("gpu-node", Trap.DRA_STACK);
    var pods = client.pods().inNamespace("gpu-operator").withLabel("app", "nvidia-mig-manager");
    eventually(() -> pods.list().getItems().isEmpty());
  }

  /** Somebody changes the map after it was checked. */
  private MigFailedException applyExactWhile(String text, String changed) {
    return (MigFailedException) catchThrowable(() -> mig.node("gpu-node")
        .applyExact("small")
        .timings(QUICK)
        .onProgress(event -> {
          if (event.phase() == ApplyPhase.CHECKED) {
            replaceInMap(text, changed);
          }
        })
        .await(LONG));
  }

  private void replaceInMap(String text, String changed) {
    client.configMaps().inNamespace("gpu-operator").withName("mig-config").edit(map -> {
      map.getData().computeIfPresent("config.yaml", (key, all) -> all.replace(text, changed));
      return map;
    });
  }

  private Throwable apply(Duration deadline) {
    return catchThrowable(
        () -> mig.node("gpu-node").apply("small").timings(QUICK).await(deadline));
  }

  private GpuOperatorSimulator simulator() {
    return simulator(
        SimulatorTimings.builder().podStopTimeout(Duration.ofSeconds(1)).build());
  }

  /** A simulated operator that has switched MIG off with success. */
  private GpuOperatorSimulator simulator(SimulatorTimings timings) {
    var simulator = GpuOperatorSimulator.on(client)
        .node("gpu-node", A100, 1)
        .strategy(MigStrategy.MIXED)
        .configMap("mig-config")
        .timings(
            SimulatorTimings.builder().podStopTimeout(Duration.ofSeconds(1)).build())
        .start();
    logs.from(simulator);
    return simulator.awaitReady(LONG);
  }
}
