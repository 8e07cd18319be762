package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.examples.migctl.cluster.SlowServerNotice;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.rollout.Rollout;
import io.github.mig4j.k8s.simulator.EmbeddedCluster;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.layout.MigLayout;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The subcommands that speak to a cluster, against a simulated operator. */
class MigctlClusterTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");

  @TempDir
  Path folder;

  private final EmbeddedCluster cluster = new EmbeddedCluster();
  private GpuOperatorSimulator simulator;

  @BeforeEach
  void start() throws IOException {
    MigClient mig = MigClient.of(cluster.client());
    mig.configMap("mig-config")
        .merge(
            "small",
            MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build()));
    mig.configMap("mig-config")
        .merge(
            "medium",
            MigConfigSpec.allDevices(MigLayout.on(B200).add("2g.45gb", 3).build()));
    simulator = GpuOperatorSimulator.on(cluster.client())
        .node("gpu-node", B200, 1)
        .strategy(MigStrategy.MIXED)
        .configMap("mig-config")
        .start();
    simulator.awaitReady(Duration.ofMinutes(1));
    Files.writeString(kubeconfig(), cluster.kubeconfig());
  }

  @AfterEach
  void stop() {
    simulator.close();
    cluster.close();
  }

  private Path kubeconfig() {
    return folder.resolve("kubeconfig");
  }

  private Run change(String... args) {
    String[] all = Arrays.copyOf(args, args.length + 2);
    all[args.length] = "--stability";
    all[args.length + 1] = "PT0.1S";
    return migctl(all);
  }

  private Run migctl(String... args) {
    return migctl(kubeconfig(), args);
  }

  private static Run migctl(Path kubeconfig, String... args) {
    String[] all = Arrays.copyOf(args, args.length + 2);
    all[args.length] = "--kubeconfig";
    all[args.length + 1] = kubeconfig.toString();
    return Run.migctl(all);
  }

  @Test
  void apply_cutsTheNode_printsTheSteps_andPrintsWhatItOffers() {
    var run = change("apply", "gpu-node", "small", "--cordon", "--timeout", "1m");

    assertThat(run.err().lines().map(line -> line.replaceFirst(" +[0-9.]+s  (\\w+).*", "$1")))
        .containsSubsequence("CHECKED", "CORDONED", "REQUESTED", "PENDING", "VERIFIED");
    assertThat(run.out())
        .matches("gpu-node verified as small-[0-9a-f]{8}\\R  nvidia.com/mig-1g.23gb: 7\\R");
    assertThat(run.exit()).isZero();
  }

  /** As {@code --kubeconfig <(cat kubeconfig)} in a shell. */
  private Run migctlWithPipe(String text, String... args) throws IOException, InterruptedException {
    Path pipe = folder.resolve("pipe");
    Process made = new ProcessBuilder("mkfifo", pipe.toString()).start();
    assumeTrue(made.waitFor() == 0, "This system has no mkfifo");
    Thread writer = new Thread(() -> {
      try {
        Files.writeString(pipe, text);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
    writer.start();
    Run run = migctl(pipe, args);
    writer.join();
    return run;
  }

  @Test
  void status_kubeconfigFromAPipe_isRead() throws IOException, InterruptedException {
    var run = migctlWithPipe(Files.readString(kubeconfig()), "status", "gpu-node");

    assertThat(run.err()).isEmpty();
    assertThat(run.out()).contains("gpu-node");
    assertThat(run.exit()).isZero();
  }

  @Test
  void status_contextOfAKubeconfigFromAPipe_isUsed() throws IOException, InterruptedException {
    String text = Files.readString(kubeconfig());
    assertThat(text).contains("current-context: embedded");

    var run = migctlWithPipe(
        text.replace("current-context: embedded", "current-context: other"),
        "status",
        "gpu-node",
        "--context",
        "embedded");

    assertThat(run.err()).isEmpty();
    assertThat(run.out()).contains("gpu-node");
    assertThat(run.exit()).isZero();
  }

  @Test
  void apply_withAWarning_printsItWithTheOutcome() throws IOException {
    cluster
        .client()
        .genericKubernetesResources(new ResourceDefinitionContext.Builder()
            .withGroup("nvidia.com")
            .withVersion("v1")
            .withKind("ClusterPolicy")
            .withPlural("clusterpolicies")
            .withNamespaced(false)
            .build())
        .resource(new GenericKubernetesResourceBuilder()
            .withApiVersion("nvidia.com/v1")
            .withKind("ClusterPolicy")
            .withNewMetadata()
            .withName("second-policy")
            .withCreationTimestamp("2099-01-01T00:00:00Z")
            .endMetadata()
            .build())
        .create();

    var text = change("apply", "gpu-node", "small", "--timeout", "1m");
    var json = change("apply", "gpu-node", "small", "--timeout", "1m", "--json");

    assertThat(text.exit()).isZero();
    assertThat(text.out())
        .matches(
            "(?s)gpu-node verified as small-[0-9a-f]{8}\\R  nvidia.com/mig-1g.23gb: 7\\R  warning: the cluster has ClusterPolicies \\[.*\\], of which only the oldest counts, .*; delete the others \\[several-policies\\]\\R");
    assertThat(json.json().get("findings"))
        .extracting(finding -> finding.get("code").asText())
        .contains("several-policies");
  }

  @Test
  void publish_setupNone_isWrongUsage_andWritesNothing() throws IOException {
    Path file = Files.writeString(folder.resolve("config.yaml"), """
        version: v1
        mig-configs:
          large: [{devices: all, mig-enabled: true, mig-devices: {"7g.180gb": 1}}]
        """);

    var run = migctl("publish", file.toString(), "--setup", "none");

    assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err())
        .startsWith(
            "Invalid value for option '--setup': 'none' is not single or mixed, with which a node offers its MIG devices");
    assertThat(migctl("preflight", "gpu-node", "large").out()).contains("[config-absent]");
  }

  /** Only the status of one node reads the configuration. */
  private static JsonNode withoutComparison(JsonNode status) {
    ObjectNode copy = status.deepCopy();
    copy.remove("comparison");
    return copy;
  }

  @Test
  void status_ofOneAndOfAll_reportsTheSame() throws IOException {
    assertThat(change("apply", "gpu-node", "small").exit()).isZero();

    var one = migctl("status", "gpu-node", "--json");
    var all = migctl("status", "--json");
    var text = migctl("status", "gpu-node");

    assertThat(all.json()).hasSize(1);
    assertThat(withoutComparison(all.json().get(0))).isEqualTo(withoutComparison(one.json()));
    assertThat(one.json().get("allocatable").toString())
        .isEqualTo("{\"nvidia.com/mig-1g.23gb\":7}");
    assertThat(text.out()).contains("state        success", "model        b200-180gb");
  }

  @Test
  void status_ofAll_isATable() {
    var run = migctl("status");

    assertThat(run.out().lines().toList().get(0))
        .matches("NODE +PRODUCT +STRATEGY +STATE +CONFIG +ALLOCATABLE");
    assertThat(run.out().lines().toList().get(1)).startsWith("gpu-node ");
    assertThat(run.exit()).isZero();
  }

  @Test
  void preflight_ofAConfigThatIsNotThere_saysSo_andWhatThereIs() throws IOException {
    var run = migctl("preflight", "gpu-node", "smal");
    var json = migctl("preflight", "gpu-node", "smal", "--json");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.out())
        .contains("error: ConfigMap gpu-operator/mig-config has no configuration 'smal'; it has"
            + " [medium, small] (did you mean small?) [config-absent]");
    assertThat(json.json().get("clear").asBoolean()).isFalse();
    assertThat(json.json().at("/findings/0/line").isMissingNode()).isTrue();
  }

  @Test
  void preflight_json_hasTheCodeAndTheLocationOfAFindingOfLint() throws IOException {
    var json = migctl("preflight", "gpu-node", "small", "--json");

    assertThat(json.json().at("/findings/0/code").asText()).isEqualTo("mode-change-clears");
    assertThat(json.json().at("/findings/0/subject").asText())
        .isEqualTo("ConfigMap gpu-operator/mig-config");
    assertThat(json.json().at("/findings/0/line").asInt()).isPositive();
  }

  @Test
  void publish_keepsWhatTheMapHas_andPrintsTheNamesToRequest() throws IOException {
    Path file = Files.writeString(folder.resolve("config.yaml"), """
        version: v1
        mig-configs:
          large:
            - devices: all
              mig-enabled: true
              mig-devices: {"7g.180gb": 1}
        """);

    var first = migctl("publish", file.toString(), "--json");
    var second = migctl("publish", file.toString());

    assertThat(first.err()).isEmpty();
    assertThat(first.json().at("/published/0/name").asText()).isEqualTo("large");
    assertThat(first.json().at("/published/0/changed").asBoolean()).isTrue();
    assertThat(second.out().strip())
        .isEqualTo(
            "large as " + first.json().at("/published/0/contentName").asText() + ", unchanged");
    assertThat(MigClient.of(cluster.client())
            .configMap("mig-config")
            .read()
            .orElseThrow()
            .configs())
        .containsKeys("small", "medium", "large");
  }

  @Test
  void publish_whatNoNodeCouldAskFor_writesNothing() throws IOException {
    Path file = Files.writeString(folder.resolve("config.yaml"), """
        version: v1
        mig-configs:
          large: [{devices: all, mig-enabled: true, mig-devices: {"7g.180gb": 1}}]
          "no label": [{devices: all, mig-enabled: false}]
        """);

    var run = migctl("publish", file.toString());

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.err()).startsWith("Config name 'no label' is no label value");
    assertThat(migctl("preflight", "gpu-node", "large").out()).contains("[config-absent]");
  }

  @Test
  void diagnose_saysWhatIsKnown() {
    var run = migctl("diagnose", "gpu-node");

    assertThat(run.exit()).isZero();
    assertThat(run.out()).matches("[a-z-]+: .*(\\R  .*)*\\R");
  }

  @Test
  void rollbackAndDisable_returnToWhatWas() {
    assertThat(change("apply", "gpu-node", "small").exit()).isZero();
    assertThat(change("apply", "gpu-node", "medium").exit()).isZero();

    var back = change("rollback", "gpu-node");
    var whole = change("disable", "gpu-node");

    assertThat(back.out()).contains("nvidia.com/mig-1g.23gb: 7");
    assertThat(whole.out()).contains("nvidia.com/gpu: 1");
  }

  @Test
  void recover_whatIsInForce_isVerified() {
    assertThat(change("apply", "gpu-node", "small").exit()).isZero();

    var run = change("recover", "gpu-node", "--json");

    assertThat(run.exit()).isZero();
    assertThat(run.out()).contains("\"outcome\" : \"verified\"");
  }

  @Test
  void apply_toANodeThatIsNotThere_isRefused() {
    var run = change("apply", "no-such-node", "small");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.err())
        .startsWith(
            "Config 'small' on node no-such-node: the node does not exist; see 'kubectl get nodes'");
  }

  @Test
  void status_ofANodeWithoutGpu_saysWhatIsMissing() {
    cluster
        .client()
        .nodes()
        .resource(new NodeBuilder()
            .withNewMetadata()
            .withName("cpu-node")
            .endMetadata()
            .withNewStatus()
            .endStatus()
            .build())
        .create();

    assertThat(migctl("status", "cpu-node").out())
        .contains("allocatable  no GPU")
        .contains("problem      Node cpu-node has no label nvidia.com/gpu.product: it has no NVIDIA"
            + " GPU, or GPU Feature Discovery does not run there; see 'kubectl get pods -A"
            + " --field-selector spec.nodeName=cpu-node'");
  }

  @Test
  void apply_withoutGpus_isWrongUsage() {
    var run = change("apply", "gpu-node", "small", "--gpus", "0");

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err()).startsWith("--gpus must be at least 1, but was 0");
  }

  @Test
  void apply_whatTakesTooLong_isExitCode3() {
    var run = change("apply", "gpu-node", "small", "--timeout", "PT0.01S");

    assertThat(run.exit()).isEqualTo(3);
    assertThat(run.err()).contains("10 ms");
  }

  @Test
  void firstAnswer_isMissedOnce_andOnlyUntilItComes() {
    var err = new StringWriter();
    var later = new ArrayList<Runnable>();
    var firstAnswer = new SlowServerNotice(new PrintWriter(err, true), later::add);
    try (var client = new KubernetesClientBuilder()
        .withConfig(cluster.client().getConfiguration())
        .withHttpClientBuilderConsumer(http -> http.addOrReplaceInterceptor(
                "first-answer", firstAnswer)
            .addOrReplaceInterceptor("time passes", new Interceptor() {
              @Override
              public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
                later.forEach(Runnable::run);
              }
            }))
        .build()) {
      client.nodes().list();
      String asked = err.toString();
      client.nodes().list();

      assertThat(asked.strip())
          .isEqualTo("No answer from %s yet"
              .formatted(client.getMasterUrl().toString().replaceAll("/$", "")));
      assertThat(later).hasSize(1);
      assertThat(err.toString()).isEqualTo(asked);
    }
  }

  /** A process of its own, since the signal ends it. */
  @Test
  void ctrlC_endsTheWait_andSaysWhatContinues() throws IOException, InterruptedException {
    Process migctl = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Migctl.class.getName(),
            "apply",
            "gpu-node",
            "small",
            "--stability",
            "10m",
            "--kubeconfig",
            kubeconfig().toString())
        .start();
    List<String> steps = new ArrayList<>();
    try (BufferedReader err = migctl.errorReader()) {
      for (String line = err.readLine(); line != null; line = err.readLine()) {
        steps.add(line.replaceFirst(" +[0-9.]+s  (\\w+).*", "$1"));
        if (steps.contains("OFFERED")) {
          // Process.destroy would also close the stream that is read.
          boolean unused = migctl.toHandle().destroy();
        }
      }
    }

    assertThat(migctl.waitFor()).isNotZero();
    assertThat(steps)
        .endsWith(
            "OFFERED",
            "Interrupted; a change that was requested continues, and the same command waits for it");
  }

  @Test
  void rollout_ofWhichNoProcessRuns_takesRequests_andPrintsItsStatus() throws IOException {
    Rollout rollout = MigClient.of(cluster.client())
        .rollout("to-small")
        .nodes(List.of("gpu-node"))
        .config("small")
        .onProgress(event -> {
          throw new IllegalStateException("the process ends");
        });
    assertThatThrownBy(rollout::run).hasMessage("the process ends");

    var paused = migctl("rollout", "pause", "to-small");
    var resumed = migctl("rollout", "resume", "to-small", "--json");
    var aborted = migctl("rollout", "abort", "to-small");

    assertThat(paused.out().strip())
        .isEqualTo("Rollout 'to-small': PAUSED (it was paused), 0 of 1 nodes verified");
    assertThat(resumed.json().get("phase").asText()).isEqualTo("running");
    assertThat(aborted.out().strip())
        .isEqualTo("Rollout 'to-small': RUNNING (an abort was requested), 0 of 1 nodes verified");
    assertThat(List.of(paused.exit(), resumed.exit(), aborted.exit())).containsOnly(ExitCode.YES);
  }

  @Test
  void options_thatMeanNothing_areWrongUsage() {
    assertThat(change("apply", "gpu-node", "small", "--timeout", "soon").err())
        .startsWith(
            "Invalid value for option '--timeout': 'soon' is not a duration; write e.g. 90s,"
                + " 10m or 1h30m");
    assertThat(migctl("status", "--context", "elsewhere").err())
        .startsWith("Context 'elsewhere' does not exist; see 'kubectl config get-contexts'");
  }

  @Test
  void rollout_isPlanned_run_lookedAt_andForgotten() throws IOException {
    String[] run = {"rollout", "run", "to-small", "small", "--nodes", "gpu-node"};

    var planned = migctl("rollout", "run", "to-small", "small", "--nodes", "gpu-node", "--dry-run");
    var before = migctl("rollout", "status", "to-small");
    var done = change(run);
    var status = migctl("rollout", "status", "to-small", "--json");
    var late = migctl("rollout", "abort", "to-small");
    var forgotten = migctl("rollout", "forget", "to-small");

    assertThat(planned.out())
        .startsWith("Rollout 'to-small': 1 of 1 nodes would be changed, 0 skipped, 1 at once");
    assertThat(planned.exit()).isZero();
    assertThat(before.err().strip())
        .isEqualTo("Rollout 'to-small' does not exist; start one with 'migctl rollout run'");
    assertThat(before.exit()).isEqualTo(1);
    assertThat(done.out().strip()).isEqualTo("Rollout 'to-small': DONE, 1 of 1 nodes verified");
    assertThat(done.err())
        .contains("working on rollout 'to-small': 0 of 1 verified")
        .contains("gpu-node verified; 1 of 1 verified");
    assertThat(done.exit()).isZero();
    assertThat(status.json().get("phase").asText()).isEqualTo("done");
    assertThat(status.json().get("nodes").get(0).get("outcome").asText()).isEqualTo("verified");
    assertThat(late.err().strip()).isEqualTo("Rollout 'to-small': it has ended (DONE)");
    assertThat(late.exit()).isEqualTo(1);
    assertThat(forgotten.out().strip())
        .isEqualTo("forgotten: Rollout 'to-small': DONE, 1 of 1 nodes verified");
    assertThat(forgotten.exit()).isZero();
    assertThat(migctl("rollout", "status", "to-small").exit()).isEqualTo(1);
  }

  @Test
  void rollout_withoutNodes_orWithAnOddAmount_isWrongUsage() {
    assertThat(migctl("rollout", "run", "x", "small").err())
        .startsWith("Choose nodes by --selector or by --nodes");
    assertThat(migctl("rollout", "run", "x", "small", "--nodes", "a", "--selector", "b=c")
            .err())
        .startsWith("Choose nodes by --selector or by --nodes, not both");
    assertThat(
            migctl("rollout", "run", "x", "small", "--max-unavailable", "few").err())
        .startsWith("Invalid value for option '--max-unavailable': Not an amount: 'few';");
    assertThat(migctl("rollout", "run", "x", "small", "--selector", "").err())
        .startsWith(
            "The selector must not be blank, because that matches every node of the cluster; select nodes with GPUs, e.g. 'nvidia.com/mig.capable=true'");
    assertThat(migctl("rollout", "run", "x", "small", "--nodes", "a", "--canary-pause", "1m")
            .err())
        .startsWith("--canary-pause needs --canary, the number of nodes before the pause");
    assertThat(migctl("rollout", "run", "x", "small", "--nodes", "a", "--canary", "0")
            .err())
        .startsWith("The number of canaries must be at least 1, but was 0");
    assertThat(migctl("rollout", "run", "No Name", "small", "--nodes", "a").exit())
        .isEqualTo(2);
  }

  @Test
  void simulate_playsOnTheCluster_forAWhile() {
    simulator.close();

    var run =
        migctl("simulate", "--nodes", "a=h100-sxm-80gb:2,b=l40s", "--step", "0.1s", "--for", "1s");

    assertThat(run.exit()).isZero();
    assertThat(run.out())
        .isEqualToNormalizingNewlines("""
            Simulating the GPU Operator on %s
              a: 2 x h100-sxm-80gb
              b: 1 x l40s
            Ctrl-C ends it
            """.formatted(cluster.client().getMasterUrl()));
    assertThat(cluster.client().nodes().withName("b").get()).isNotNull();
  }

  @Test
  void share_setsUp_timeSlices_andTakesItBack() throws IOException {
    var refused = change("share", "gpu-node", "--time-slicing", "4");
    var shared =
        change("share", "gpu-node", "--time-slicing", "4", "--rename", "--setup", "plugin-config");
    var off = change("share", "gpu-node", "--off", "--json");

    assertThat(refused.exit()).isEqualTo(ExitCode.NO);
    assertThat(refused.err())
        .contains(
            "Config 'time-slicing-4' on node gpu-node: the ClusterPolicy names no ConfigMap for the device plugin;")
        .endsWith(
            "'migctl share' creates and sets it with --setup NAME, e.g. --setup device-plugin-config"
                + System.lineSeparator());
    assertThat(shared.out())
        .matches("gpu-node verified as time-slicing-4-[0-9a-f]{8}\\R  nvidia.com/gpu.shared: 4\\R");
    assertThat(shared.err().lines().map(line -> line.replaceFirst(" +[0-9.]+s  (\\w+).*", "$1")))
        .containsSubsequence("CHECKED", "REQUESTED", "OFFERED", "VERIFIED");
    assertThat(off.json().get("allocatable").toString()).isEqualTo("{\"nvidia.com/gpu\":1}");
    assertThat(off.json().get("requested").asText()).matches("unshared-[0-9a-f]{8}");
    assertThat(off.json().get("outcome").asText()).isEqualTo("verified");
    assertThat(off.exit()).isZero();
  }

  @Test
  void share_wrongUsage_saysWhatIsRight() {
    var one = change("share", "gpu-node", "--time-slicing", "1");
    var alone = change("share", "gpu-node", "--mps", "1");
    var none = change("share", "gpu-node", "--time-slicing", "0");
    var both = change("share", "gpu-node", "--off", "--rename");
    var nothing = change("share", "gpu-node");

    assertThat(List.of(one.err(), alone.err()))
        .allSatisfy(
            err -> assertThat(err).startsWith("A GPU for one container is not shared; use --off"));
    assertThat(none.err())
        .startsWith(
            "The replicas of nvidia.com/gpu must be at least 2, but were 0; leave it out for no sharing");
    assertThat(both.err()).startsWith("--rename and --one-each are for --time-slicing and --mps");
    assertThat(List.of(one.exit(), both.exit(), nothing.exit())).containsOnly(ExitCode.USAGE);
  }
}
