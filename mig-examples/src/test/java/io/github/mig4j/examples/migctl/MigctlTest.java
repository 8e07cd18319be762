package io.github.mig4j.examples.migctl;

import static io.github.mig4j.examples.migctl.Run.migctl;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.plan.FleetPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class MigctlTest {

  private static final String LGIP = """
      +-------------------------------------------------------------------------------+
      | GPU instance profiles:                                                        |
      | GPU   Name               ID    Instances   Memory     P2P    SM    DEC   ENC  |
      |                                Free/Total   GiB              CE    JPEG  OFA  |
      |===============================================================================|
      |   0  MIG 1g.8gb          19     1/2        7.75       No     16     1     0   |
      |                                                               1     1     0   |
      +-------------------------------------------------------------------------------+
      """;
  private static final String LGI = """
      +---------------------------------------------------------+
      | GPU instances:                                          |
      | GPU   Name               Profile  Instance   Placement  |
      |                            ID       ID       Start:Size |
      |=========================================================|
      |   0  MIG 1g.10gb           19        7          0:1     |
      +---------------------------------------------------------+
      |   0  MIG 1g.10gb           19        8          1:1     |
      +---------------------------------------------------------+
      |   0  MIG 1g.10gb           19       12          5:1     |
      +---------------------------------------------------------+
      |   2  MIG 3g.40gb            9        1          4:4     |
      +---------------------------------------------------------+
      """;
  private static final String LCI = """
      +--------------------------------------------------------------------+
      | Compute instances:                                                 |
      | GPU     GPU       Name             Profile   Instance   Placement  |
      |       Instance                       ID        ID       Start:Size |
      |         ID                                                         |
      |====================================================================|
      |   2      1       MIG 1c.3g.40gb       0         0          0:1     |
      +--------------------------------------------------------------------+
      |   2      1       MIG 1c.3g.40gb       0         1          1:1     |
      +--------------------------------------------------------------------+
      """;
  private static final String LGIPP = "GPU  0 Profile ID 19 Placements: {0,1}:1\n";

  private static final Path GUIDE =
      Path.of("src/main/resources/io/github/mig4j/examples/guide-mig-config.yaml");

  @TempDir
  Path folder;

  @Test
  void place_whatFits_drawsIt() {
    var run = migctl("place", "--gpu", "NVIDIA-B200", "3g.90gb", "1g.23gb:2", "2g.45gb:1");

    assertThat(run.exit()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out()).isEqualToNormalizingNewlines("""
            fits
            b200-180gb: 1g.23gb x2, 2g.45gb, 3g.90gb
                0        1        2        3        4        5        6        7
            +-----------------+--------+--------+-----------------------------------+
            |     2g.45gb     |1g.23gb |1g.23gb |              3g.90gb              |
            +-----------------+--------+--------+-----------------------------------+
            confidence: mig-user-guide
            """);
  }

  @ParameterizedTest
  @CsvSource({
    "nvidia.com/mig-1g.10gb.me, 1g.10gb+me",
    "mig-1g.10gb, 1g.10gb",
    "1g.10gb.me, 1g.10gb+me",
    "1g.10gb+me, 1g.10gb+me",
    "nvidia.com/mig-1g.24gb.me.all, 1g.24gb+me.all",
    "1g.24gb.gfx, 1g.24gb+gfx",
    "mig-1g.24gb-me, 1g.24gb-me",
    "nvidia.com/mig-1g.10gb.count, 1g.10gb",
    "nvidia.com/mig-1g.10gb.me.slices.gi, 1g.10gb+me",
    "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb, 1g.10gb",
  })
  void placeAndPlan_ofAResource_takeItForItsProfile(String name, String profile) {
    String gpu = profile.contains("24gb") ? "rtx-pro-6000-blackwell-96gb" : "h100-sxm-80gb";

    var placed = migctl("place", "--gpu", gpu, name + ":1");
    var planned = migctl("plan", "--gpus", gpu + ":1", "--demand", name + ":1");

    assertThat(placed).isEqualTo(migctl("place", "--gpu", gpu, profile));
    assertThat(placed.exit()).isZero();
    assertThat(planned).isEqualTo(migctl("plan", "--gpus", gpu + ":1", "--demand", profile + ":1"));
    assertThat(planned.exit()).isZero();
  }

  @Test
  void place_takesEveryStateThatLayoutsPrints() {
    var states =
        migctl("layouts", "--gpu", "a30-24gb", "--maximal").out().lines().toList();

    assertThat(states)
        .hasSizeGreaterThan(10)
        .allSatisfy(state -> assertThat(
                migctl(append("place --gpu a30-24gb", state.split(" "))).exit())
            .isZero());
  }

  @Test
  void place_whatDoesNotFit_saysWhy_andWhatWould() {
    var run = migctl("place", "--gpu", "h100-sxm-80gb", "3g.40gb:2", "1g.10gb:1");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).isEqualToNormalizingNewlines("""
            does not fit:
              h100-sxm-80gb has 8 memory slices, but the request takes 9 (1g.10gb: 1, 3g.40gb: 8)
              h100-sxm-80gb has 81152 MiB of memory, but the request takes 90880 (1g.10gb: 9984,\
             3g.40gb: 80896)
              h100-sxm-80gb has 132 SMs, but the request takes 136 (1g.10gb: 16, 3g.40gb: 120)
            what would fit:
              3g.40gb:2
              1g.10gb:1 2g.20gb:1 3g.40gb:1
              1g.10gb:1 1g.20gb:1 3g.40gb:1
            """);
  }

  @Test
  void place_json_hasTheDocumentedFields() throws IOException {
    var fits = migctl("place", "--gpu", "a30-24gb", "2g.12gb", "1g.6gb@0", "--json");
    var fitsNot = migctl("place", "--json", "--gpu", "a30-24gb", "3g.12gb:1");
    var unknown = migctl("place", "--json", "--gpu", "rtx-pro-4500-blackwell-32gb", "1g.16gb");

    assertThat(fits.exit()).isZero();
    assertThat(fits.json()).isEqualTo(new ObjectMapper().readTree("""
            {"fits": true, "gpu": "a30-24gb", "devices": {"1g.6gb": 1, "2g.12gb": 1},
             "placements": [{"profile": "1g.6gb", "start": 0, "size": 1},
                            {"profile": "2g.12gb", "start": 2, "size": 2}],
             "violations": [],
             "confidence": "published-smi"}"""));
    assertThat(fitsNot.exit()).isEqualTo(1);
    assertThat(fitsNot.json()).isEqualTo(new ObjectMapper().readTree("""
            {"fits": false, "gpu": "a30-24gb",
             "placements": [],
             "violations": [{"code": "unknown-profile", "confidence": "published-smi", "message": "a30-24gb has no profile\
             3g.12gb (did you mean 2g.12gb?); it has 1g.6gb, 1g.6gb+me,\
             2g.12gb, 2g.12gb+me, 4g.24gb"}],
             "confidence": "published-smi"}"""));
    assertThat(unknown.exit()).isEqualTo(1);
    assertThat(unknown.json().path("fits").isMissingNode()).isTrue();
    assertThat(unknown.json().at("/violations/0/code").asText()).isEqualTo("undetermined");
    assertThat(unknown.json().get("confidence").asText()).isEqualTo("unknown");
    assertThat(unknown.err()).startsWith("not known whether it fits: the placements of 1g.16gb");
  }

  @Test
  void place_uncheckedBudgets_areNamed() {
    var run = migctl("place", "--gpu", "gb200-186gb", "1g.23gb");

    assertThat(run.out())
        .endsWith(
            "not checked, because the numbers are not published: MiB of memory, SMs, copy engines,"
                + " decoders, encoders, JPEG engines, OFA engines" + System.lineSeparator());
  }

  @Test
  void place_svg_isWritten() throws IOException {
    Path svg = folder.resolve("b200.svg");

    var run = migctl("place", "--gpu", "b200-180gb", "2g.45gb:3", "--svg", svg.toString());

    assertThat(run.exit()).isZero();
    assertThat(svg).content().startsWith("<svg ").contains("2g.45gb x3");
  }

  @ParameterizedTest
  @CsvSource({
    "723, states, ''",
    "78, states, --maximal",
    "78, multisets, ''",
    "28, multisets, --maximal",
  })
  void layouts_counts_areThePublishedOnes(int count, String kind, String maximal)
      throws IOException {
    var args = new ArrayList<>(List.of(
        "layouts",
        "--gpu",
        "a100-40gb",
        "--count",
        "--json",
        "--of",
        kind,
        "--profiles=1g.5gb,1g.10gb,2g.10gb,3g.20gb,4g.20gb,7g.40gb"));
    if (!maximal.isEmpty()) {
      args.add(maximal);
    }

    var run = migctl(args.toArray(new String[0]));

    assertThat(run.exit()).isZero();
    assertThat(run.json()).isEqualTo(new ObjectMapper().readTree("{\"count\": " + count + "}"));
  }

  @Test
  void layouts_lists_asTextAndJson() throws IOException {
    String[] args = {
      "layouts", "--gpu", "a30-24gb", "--profiles", "2g.12gb,4g.24gb", "--of", "multisets"
    };
    var text = migctl(args);
    var states = migctl("layouts", "--gpu", "a30-24gb", "--profiles", "4g.24gb", "--json");
    var multisets = migctl(
        "layouts",
        "--gpu",
        "a30-24gb",
        "--profiles",
        "2g.12gb",
        "--of",
        "multisets",
        "--json",
        "--maximal");

    assertThat(text.out())
        .isEqualToNormalizingNewlines("(empty)\n2g.12gb:1\n2g.12gb:2\n4g.24gb:1\n");
    assertThat(states.json()).isEqualTo(new ObjectMapper().readTree("""
            {"count": 2, "layouts": [
              {"placements": []},
              {"placements": [{"profile": "4g.24gb", "start": 0, "size": 4}]}]}"""));
    assertThat(multisets.json())
        .isEqualTo(new ObjectMapper()
            .readTree("{\"count\": 1, \"layouts\": [{\"devices\": {\"2g.12gb\": 2}}]}"));
    assertThat(migctl("layouts", "--gpu", "a30-24gb", "--profiles", "4g.24gb").out())
        .isEqualToNormalizingNewlines("(empty)\n4g.24gb@0:4\n");
    assertThat(migctl("layouts", "--gpu", "a30-24gb", "--count", "--maximal").out())
        .isEqualToNormalizingNewlines("17\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "l40s | | l40s (Ada Lovelace) has no MIG; share it by time-slicing or MPS instead",
        "rtx-pro-5000-blackwell-48gb | 1g.24gb | The layouts of rtx-pro-5000-blackwell-48gb cannot"
            + " be listed: the placements of 1g.24gb, 1g.24gb+me, 1g.24gb+gfx, 1g.24gb+me.all,"
            + " 1g.24gb-me, 2g.48gb, 2g.48gb+gfx are not known. Read them with 'nvidia-smi mig"
            + " -lgipp' on such a GPU",
        "a30-24gb | 1g.5gb | a30-24gb has no profile 1g.5gb (did you mean 1g.6gb?); it has 1g.6gb,"
            + " 1g.6gb+me, 2g.12gb, 2g.12gb+me, 4g.24gb",
      })
  void layouts_thatCannotBeListed_areRefused(String gpu, String profiles, String message) {
    var run = profiles == null
        ? migctl("layouts", "--gpu", gpu)
        : migctl("layouts", "--gpu", gpu, "--profiles", profiles);

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err().strip()).isEqualTo(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "place --gpu a30-24gb foo ~ Not a MIG profile: 'foo'. Expected"
            + " [<c>c.]<g>g.<gb>gb[+attribute|-attribute], e.g. '1g.5gb' or '1g.5gb+me'",
        "place --gpu h100-sxm-80gb 3g40gb ~ Not a MIG profile: '3g40gb'. Did you mean '3g.40gb'?",
        "place --gpu a30-24gb 1g.6gb:x ~ Not a device: '1g.6gb:x'; expected PROFILE, PROFILE:COUNT,"
            + " PROFILE@START or PROFILE@START:SIZE, e.g. '1g.5gb:7'",
        "place --gpu a30-24gb 2g.12gb@0:4 ~ 2g.12gb takes 2 memory slices of a30-24gb, not 4",
        "place --gpu a30-24gb 1g.6gb:0 ~ The count of 1g.6gb must be at least 1, but was 0",
        "place --gpu a30-24gb ~ Missing required parameter: 'PROFILE[:COUNT]'",
        "place 1g.6gb ~ Missing required option: '--gpus=ID'",
        "advise --gpu l4 --tenants 0 ~ tenants must be from 1 to 1000, but was 0",
        "advise --gpu l4 --tenants 2 --memory -1 ~ memoryGib must be a number from 0, but was -1.0",
        "layouts --gpu a30-24gb --profiles 1g ~ Not a MIG profile: '1g'. Expected"
            + " [<c>c.]<g>g.<gb>gb[+attribute|-attribute], e.g. '1g.5gb' or '1g.5gb+me'",
      })
  void wrongUsage_isExit2_withAHint(String line, String message) {
    var run = migctl(line.split(" "));

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .isEqualToNormalizingNewlines(
            message + "\nTry 'migctl " + line.split(" ")[0] + " --help'\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "rollout ~ Missing command: one of run, status, pause, resume, abort, forget",
        "dra ~ Missing command: one of claim, inventory",
        "model a b c ~ Unexpected argument: 'b', 'c'",
        "plan --demand 1g.6gb:1 ~ Missing required argument (specify one of these):"
            + " (--gpu=ID:COUNT[,ID:COUNT...] | --nodes=NODES[,NODES...])",
        "share node --off --mps 2 ~ --mps=N, --off are mutually exclusive (specify only one)",
        "template --gpu l40s --for x ~ Invalid value for option '--for': expected one of"
            + " cluster-autoscaler, cluster-api, karpenter, but was 'x'",
        "template --gpus l40s --mps 0 ~ The replicas of nvidia.com/gpu must be at least 2, but were"
            + " 0; leave it out for no sharing",
        "place --gpu a30-24gb 1g.6gb -o yaml --json ~ --output cannot be used with --json;"
            + " '-o json' prints the manifest in JSON",
        "plan --nodes a=a30-24gb --demand 1g.6gb:1 -o yaml --json ~ --output cannot be used with"
            + " --json; '-o json' prints the manifest in JSON",
        "demo --step 0.0s ~ Invalid value for option '--step': '0.0s' is not a positive duration",
      })
  void wrongUsage_isExplainedInPlainWords(String line, String message) {
    var run = migctl(line.split(" "));

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .isEqualToNormalizingNewlines(
            message + "\nTry 'migctl " + line.split(" ")[0] + " --help'\n");
  }

  @Test
  void help_ofAnUnknownCommand_isRefusedAsTheCommandItself() {
    assertThat(migctl("help", "foo")).isEqualTo(migctl("foo"));
    assertThat(migctl("foo").err())
        .isEqualToNormalizingNewlines("Unknown command: 'foo'\nTry 'migctl --help'\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "place --gpu b20 1g.5gb",
        "model b20",
        "layouts --gpu b20",
        "place --gpu=b20 1g.5gb --json",
        "validate no-file --gpu a30-24gb,b20",
        "explain no-file --config small --gpu b20",
        "generate --gpu b20"
      })
  void unknownGpu_isExit2(String line) {
    var run = migctl(line.split(" "));

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).startsWith("Unknown GPU 'b20'.");
  }

  @Test
  void unknownGpu_saysWhatIsNear_andWhereAllAreListed() {
    assertThat(migctl("place", "--gpu", "H100 80GB", "1g.10gb").err())
        .isEqualToNormalizingNewlines(
            "Unknown GPU 'H100 80GB'. Did you mean h100-sxm-80gb, h100-pcie-80gb?\n"
                + "'migctl models' lists all known GPUs\n");
  }

  @Test
  void unknownSubcommand_saysWhatIsNear() {
    assertThat(migctl("statsu").err())
        .isEqualToNormalizingNewlines("Unknown command: 'statsu'\n"
            + "Did you mean: migctl status or migctl layouts or migctl simulate?\n"
            + "Try 'migctl --help'\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"apply gpu-node", "preflight gpu-node", "rollout run name"})
  void configThatNoLabelCanHold_isExit2(String command) {
    var run = migctl(append(command, "no label"));

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err())
        .contains("Config name 'no label' is no label value, so no node can request it; use 1 to 63"
            + " letters, digits, '.', '_' and '-', beginning and ending with a letter or digit");
  }

  @Test
  void kubeconfigThatIsNotThere_isExit2() {
    var run = migctl("status", "--kubeconfig", "no-such-file");

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err())
        .isEqualToNormalizingNewlines(
            "Kubeconfig does not exist: no-such-file\nTry 'migctl status --help'\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "# nothing",
        "{}",
        "current-context: a",
        "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\n"
            + "clusters: [{name: b, cluster: {}}]"
      })
  void kubeconfigWithoutCluster_isExit2(String content) throws IOException {
    Path file = Files.writeString(folder.resolve("kubeconfig"), content);

    assertThat(migctl("status", "--kubeconfig", file.toString()))
        .isEqualTo(new Run(
            2, "", "Kubeconfig %s names no cluster%nTry 'migctl status --help'%n".formatted(file)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a: [     | while parsing a flow node in reader, line 1, column 5: expected the node content,"
            + " but found '<stream end>' in reader, line 1, column 5:",
        "'\t- a' | while scanning for the next token found character '\\t(TAB)' that cannot start"
            + " any token. (Do not use \\t(TAB) for indentation) in reader, line 1, column 1:",
        "[1]      | Cannot deserialize value of type `io.fabric8.kubernetes.api.model.Config` from"
            + " Array value (token `JsonToken.START_ARRAY`)",
      })
  void kubeconfigThatCannotBeRead_isExit2(String content, String reason) throws IOException {
    Path file = Files.writeString(folder.resolve("kubeconfig"), content);

    assertThat(migctl("status", "--kubeconfig", file.toString()))
        .isEqualTo(new Run(
            2,
            "",
            "Cannot read kubeconfig %s: %s%nTry 'migctl status --help'%n".formatted(file, reason)));
  }

  @Test
  void demo_writesAKubeconfig_andPrintsHowToUseIt() throws IOException {
    Path kubeconfig = folder.resolve("kubeconfig");
    var run = migctl(
        "demo",
        "--nodes",
        "a=b200-180gb,b=h100-sxm-80gb:8+l40s",
        "--for",
        "PT0.1S",
        "--write-kubeconfig",
        kubeconfig.toString());

    assertThat(run.exit()).isZero();
    assertThat(run.out().replaceAll("localhost:[0-9]+", "localhost:PORT"))
        .isEqualToNormalizingNewlines("""
            Simulating a cluster on http://localhost:PORT/
              a: 1 x b200-180gb
              b: 8 x h100-sxm-80gb, 1 x l40s
            Ctrl-C ends it. In another terminal:

              export KUBECONFIG=%s
              migctl status
            """.formatted(kubeconfig));
    assertThat(kubeconfig).content().contains("server: \"http://localhost:");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "b200-180gb;Not a node: 'b200-180gb'. Expected NAME=ID[:COUNT], e.g. 'gpu-node=b200-180gb:8'",
        "a=b200-180gb,a=l40s;Node 'a' occurs twice",
        "a=b200-180gb:0;Not GPUs: 'b200-180gb:0'. Expected ID or ID:COUNT with a count from 1 to 256"
      })
  void demo_wrongNodes_isExit2(String nodes, String message) {
    var run = migctl("demo", "--nodes", nodes);

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err()).startsWith(message);
  }

  @Test
  void role_printsWhatTheLibraryAsksFor() {
    assertThat(migctl("role", "apply").out())
        .isEqualTo(MigRole.APPLY.manifest()
            + MigRole.APPLY.bindings("gpu-operator", "gpu-operator", "mig4j-apply"));
    assertThat(migctl("role", "recover", "--namespace", "nvidia").out())
        .isEqualTo(MigRole.RECOVER.manifest("nvidia")
            + MigRole.RECOVER.bindings("nvidia", "nvidia", "mig4j-recover"));
    assertThat(migctl("role", "share", "--service-account", "platform:mig4j").out())
        .isEqualTo(
            MigRole.SHARE.manifest() + MigRole.SHARE.bindings("gpu-operator", "platform", "mig4j"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"platform:", "a:b:c", "Platform:mig4j"})
  void role_accountThatKubernetesDoesNotAccept_isRefused(String account) {
    Run run = migctl("role", "share", "--service-account", account);

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err())
        .startsWith(
            "--service-account is NAMESPACE:NAME, e.g. platform:mig4j: the namespace and the"
                + " name of an account have lower-case letters, digits and hyphens, but were '");
  }

  @Test
  void role_accountWithoutNamespace_isRefused() {
    assertThat(migctl("role", "share", "--service-account", "mig4j").err())
        .isEqualToNormalizingNewlines(
            "--service-account is NAMESPACE:NAME, e.g. platform:mig4j, but was 'mig4j'\n"
                + "Try 'migctl role --help'\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"read-only", "read_only", "Read-Only", "READ_ONLY"})
  void role_isSpeltInAnyWay(String use) {
    assertThat(migctl("role", use)).isEqualTo(migctl("role", "read-only"));
    assertThat(migctl("role", use).exit()).isZero();
  }

  @Test
  void role_uses_areListedInHelpAndPage_asOneMayWriteThem() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "migctl.md"));
    List<String> uses = List.of(
        "read-only",
        "apply",
        "drain",
        "rollout",
        "recover",
        "setup",
        "share",
        "claim",
        "pending",
        "events");

    assertThat(MigRole.values()).hasSameSizeAs(uses);
    assertThat(migctl("role", "--help").out().replaceAll("\\s+", " "))
        .contains("One of: " + String.join(", ", uses) + ".");
    assertThat(page).contains("RBAC manifest for a use: `" + String.join("`, `", uses) + "`");
    assertThat(migctl("role", "write").err())
        .startsWith(
            "Invalid value for positional parameter at index 0 (USE): 'write' is not one of "
                + String.join(", ", uses));
  }

  @Test
  void help_ofACommand_isTheSameAsItsOption() {
    assertThat(migctl("help", "place")).isEqualTo(migctl("place", "--help"));
    assertThat(migctl("help")).isEqualTo(migctl("--help"));
  }

  @Test
  void model_ofTwoBoards_namesThem() {
    var run = migctl("model", "NVIDIA-GB200");

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err().strip())
        .isEqualTo("GPU name 'NVIDIA-GB200' is shared by gb200-186gb, gb200-189gb; use the id of"
            + " one");
  }

  @Test
  void model_json_hasEveryField_butNoneWhereNothingIsKnown() throws IOException {
    var json = migctl("model", "NVIDIA-B200-MIG-1g.23gb", "--json").json();
    var bare = migctl("model", "l40s", "--json").json();

    assertThat(json.fieldNames())
        .toIterable()
        .containsExactly(
            "id",
            "architecture",
            "chip",
            "computeCapability",
            "mig",
            "computeSlices",
            "memorySlices",
            "slicesProvenance",
            "memoryMib",
            "memoryProvenance",
            "minimumDriver",
            "driverProvenance",
            "sharedEngines",
            "confidence",
            "products",
            "boards",
            "profiles");
    assertThat(json.at("/id").asText()).isEqualTo("b200-180gb");
    assertThat(json.at("/memorySlices").asInt()).isEqualTo(8);
    ObjectNode profile = (ObjectNode) json.at("/profiles/0");
    assertThat(profile.remove("fieldProvenance").at("/size/confidence").asText())
        .isEqualTo("published-nvml");
    assertThat(profile).isEqualTo(new ObjectMapper().readTree("""
            {"name": "1g.23gb", "id": 19, "size": 1, "starts": [0, 1, 2, 3, 4, 5, 6],
             "maxInstances": 7, "memoryMib": 20992, "sms": 18, "copyEngines": 2, "decoders": 1,
             "encoders": 0, "jpegEngines": 1, "ofaEngines": 0,
             "resource": "nvidia.com/mig-1g.23gb",
             "source": "%s", "confidence": "published-smi"}""".formatted(
                json.at("/profiles/0/source").asText())));
    assertThat(bare.at("/mig").asBoolean()).isFalse();
    assertThat(bare.at("/memorySlices").isMissingNode()).isTrue();
    assertThat(bare.at("/profiles")).isEmpty();
  }

  @Test
  void model_text_saysWhatIsNotKnown() {
    assertThat(migctl("model", "rtx-pro-4500-blackwell-32gb").out())
        .contains("memory slices:  ?")
        .contains("1g.16gb             ?      ? ?                   2        ?    ?   1    1    1"
            + "     1    0  mig-user-guide")
        .contains("source: mig-user-guide (NVIDIA MIG user guide, supported MIG profiles)");
    assertThat(migctl("model", "l40s").out())
        .contains("MIG:            no; share it by time-slicing");
    assertThat(migctl("model", "h100-sxm-64gb").out()).contains("products:       not known");
  }

  @Test
  void models_listsEveryOne() throws IOException {
    var text = migctl("models");
    var json = migctl("models", "--json").json();

    assertThat(text.out().lines()).hasSize(39);
    assertThat(text.out())
        .contains(
            "h100-sxm-80gb                Hopper          yes        7       8    81559  hardware")
        .contains(
            "l40s                         Ada Lovelace    no         -       -    46068  mig-user-guide");
    assertThat(json).hasSize(38);
    assertThat(json.at("/0/id").asText()).isEqualTo("a30-24gb");
  }

  @Test
  void advise_json_hasTheDocumentedFields() throws IOException {
    var run = migctl(
        "advise",
        "--gpu",
        "l4",
        "--tenants",
        "2",
        "--memory",
        "10",
        "--isolation",
        "memory",
        "--json");

    assertThat(run.exit()).isZero();
    assertThat(run.json().get("best").asText()).isEqualTo("mps");
    assertThat(run.json().get("sharing")).isEqualTo(new ObjectMapper().readTree("""
        {"mps": {"resources": [{"name": "nvidia.com/gpu", "replicas": 2}]}}"""));
    assertThat(run.json().at("/options/0/method").asText()).isEqualTo("mps");
    assertThat(run.json().at("/options/0/reasons/1")).isEqualTo(new ObjectMapper().readTree("""
            {"topic": "memory-isolation", "verdict": "suits",
             "message": "each tenant is limited to an equal part of the memory"}"""));
    assertThat(run.json().at("/options/2/method").asText()).isEqualTo("mig");
    assertThat(run.json().at("/options/2/verdict").asText()).isEqualTo("suits-not");
    assertThat(run.json().at("/options/2/profile").isMissingNode()).isTrue();
  }

  @Test
  void advise_whereNothingSuits_isExit1_withEveryReason() {
    var run = migctl("advise", "--gpu", "l4", "--tenants", "2", "--isolation", "fault");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .contains("time-slicing does not suit")
        .contains("  - fault-isolation: no isolation of faults is promised")
        .contains("  - support: l4 has no MIG")
        .doesNotContain("configuration:");
  }

  @Test
  void import_readsBothListings() throws IOException {
    Path lgip = Files.writeString(folder.resolve("lgip.txt"), LGIP);
    Path lgipp = Files.writeString(folder.resolve("lgipp.txt"), LGIPP);

    var json = migctl(
            "import",
            "--lgip",
            lgip.toString(),
            "--lgipp",
            lgipp.toString(),
            "--product",
            "NVIDIA X1",
            "--json")
        .json();
    var text = migctl("import", "--lgip", lgip.toString());

    assertThat(json.at("/gpus")).hasSize(1);
    assertThat(json.at("/gpus/0/index").asInt()).isZero();
    assertThat(json.at("/gpus/0/id").asText()).isEqualTo("nvidia-x1");
    assertThat(json.at("/gpus/0/free/1g.8gb").asInt()).isEqualTo(1);
    assertThat(json.at("/gpus/0/profiles/0/starts")).hasSize(2);
    assertThat(json.at("/gpus/0/confidence").asText()).isEqualTo("hardware");
    assertThat(text.exit()).isZero();
    assertThat(json.at("/listings").toString()).isEqualTo("[\"-lgip\",\"-lgipp\"]");
    assertThat(json.at("/findings")).isEmpty();
    assertThat(text.out())
        .startsWith("read: -lgip (GPU instance profiles)\n\ngpu-0 (unknown)")
        .contains("memory slices:  ?")
        .contains("source: hardware (nvidia-smi mig -lgip on the GPU itself)");
  }

  @Test
  void import_whatRuns_isNamedAndListed_withWhatWasNotUnderstood() throws IOException {
    Path lgi = Files.writeString(folder.resolve("lgi.txt"), "is it this?\n" + LGI + LCI);

    var text = migctl("import", lgi.toString());
    var json = migctl("import", lgi.toString(), "--json").json();

    assertThat(text)
        .isEqualTo(new Run(
            0,
            """
            read: -lgi (GPU instances), -lci (compute instances)

            GPU 0 runs 1g.10gb@0:1 1g.10gb@1:1 1g.10gb@5:1
            GPU 2 runs 3g.40gb@4:4

            GPU 2, GPU instance 1 runs 1c.3g.40gb
            GPU 2, GPU instance 1 runs 1c.3g.40gb
            """,
            lgi + ":1:1: note: 'is it this?' is not part of a listing and is ignored"
                + " [text-ignored]\n"));
    assertThat(json.at("/running/1/devices").toString()).isEqualTo("{\"1c.3g.40gb\":2}");
    assertThat(json.at("/findings/0/line").asInt()).isEqualTo(1);
  }

  @Test
  void import_placementsAlone_orComputeProfiles_areListed() throws IOException {
    Path lgipp = Files.writeString(folder.resolve("lgipp.txt"), LGIPP);
    Path lcip = Files.writeString(
        folder.resolve("lcip.txt"),
        "|   0      1       MIG 2c.3g.20gb       1      0/1           28        2     0     0   |");

    assertThat(migctl("import", "--lgipp", lgipp.toString())).isEqualTo(new Run(0, """
            read: -lgipp (possible placements of GPU instances)

            GPU 0: profile ID 19 covers 1 memory slices from [0, 1]
            """, ""));
    assertThat(migctl("import", lcip.toString()))
        .isEqualTo(new Run(
            0,
            """
            read: -lcip (compute instance profiles)

            GPU 0, GPU instance 1: 2c.3g.20gb, 0 of 1 free
            """,
            lcip + ":1:1: warning: the heading above the row of 2c.3g.20gb is missing, and more"
                + " may be missing; paste the whole output of 'nvidia-smi mig'"
                + " [rows-missing]\n"));
    assertThat(migctl("import").err())
        .startsWith("Missing a file with the output of 'nvidia-smi mig'");
  }

  @Test
  void placeBeside_answersForEachGpu_orForTheChosenOne() throws IOException {
    Path lgi = Files.writeString(folder.resolve("lgi.txt"), LGI);
    String command = "place --gpu h100-sxm-80gb --beside " + lgi + " ";

    var each = migctl((command + "3g.40gb").split(" "));
    var second = migctl((command + "3g.40gb --gpu-index 2").split(" "));
    var first = migctl((command + "3g.40gb --gpu-index 0").split(" "));

    assertThat(each.exit()).isZero();
    assertThat(each.out()).isEqualTo(second.out()).startsWith("GPU 2 runs 3g.40gb@4\nfits\n");
    assertThat(each.err()).isEqualTo(first.err());
    assertThat(first).isEqualTo(new Run(1, "", """
            GPU 0 runs 1g.10gb@0 1g.10gb@1 1g.10gb@5
            does not fit:
              h100-sxm-80gb cannot place {3g.40gb=1} beside [1g.10gb@0:1, 1g.10gb@1:1,\
             1g.10gb@5:1] without overlap: 3g.40gb covers 4 memory slices from 0 or 4; the GPU\
             has 8 memory slices
            what would fit beside the running instances:
              2g.20gb@2
              1g.20gb@2
              1g.10gb@2
            it would all fit if running instances could move: 3g.40gb@0 1g.10gb@4 1g.10gb@5 1g.10gb@6
            """));
    assertThat(migctl((command + "3g.40gb --json").split(" ")).json().findValuesAsText("fits"))
        .containsExactly("false", "true");
  }

  @Test
  void placeBeside_ofAnIncompleteListing_isNeverYes() throws IOException {
    Path cut = Files.writeString(folder.resolve("lgi.txt"), LGI.substring(0, LGI.length() - 80));

    var run = migctl("place", "--gpu", "h100-sxm-80gb", "--beside", cut.toString(), "2g.20gb");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .contains("warning: the row of 3g.40gb is cut off and is not used, and more may be missing;"
            + " paste the whole output of 'nvidia-smi mig -lgi'")
        .endsWith(
            "GPU 0 runs 1g.10gb@0 1g.10gb@1 1g.10gb@5\n"
                + "not known whether it fits: it fits beside what was read, but other instances may run\n");
  }

  @Test
  void placeBeside_nothing_isAnEmptyGpu() throws IOException {
    Path none = Files.writeString(folder.resolve("none.txt"), "No GPU instances found: Not Found");

    var run = migctl("place", "--gpu", "a30-24gb", "--beside", none.toString(), "4g.24gb");

    assertThat(run.exit()).isZero();
    assertThat(run.out()).startsWith("nothing runs on the GPU\nfits\n");
  }

  @Test
  void placeBeside_wrongInput_isExit2() throws IOException {
    Path lgi = Files.writeString(folder.resolve("lgi.txt"), LGI);
    Path lgip = Files.writeString(folder.resolve("lgip.txt"), LGIP);
    String command = "place --gpu h100-sxm-80gb 1g.10gb --beside ";

    var otherListing = migctl((command + lgip).split(" "));
    var otherGpu = migctl((command + lgi + " --gpu-index 1").split(" "));
    var picture = migctl((command + lgi + " --svg x.svg").split(" "));
    var indexAlone = migctl("place", "--gpu", "a30-24gb", "4g.24gb", "--gpu-index", "0");

    assertThat(otherListing)
        .isEqualTo(
            new Run(
                2,
                "",
                lgip
                    + " is a listing of -lgip, which does not say what runs; use the output of 'nvidia-smi mig -lgi'\n"));
    assertThat(otherGpu)
        .isEqualTo(
            new Run(
                2,
                "",
                lgi
                    + " lists no instance of GPU 1, only of GPU 0, GPU 2; for an empty GPU remove --beside\n"));
    assertThat(picture.exit()).isEqualTo(2);
    assertThat(picture.err())
        .startsWith("--svg draws one GPU, but 2 are listed; choose one with --gpu-index\n");
    assertThat(indexAlone.exit()).isEqualTo(2);
    assertThat(indexAlone.err())
        .startsWith("--gpu-index names a GPU of --beside FILE, which is missing\n");
  }

  @Test
  void place_suggestions_keepStarts_orSayThatTheyMoveThem() {
    var kept = migctl("place", "--gpu", "h100-sxm-80gb", "3g.40gb@0", "4g.40gb");
    var moved = migctl("place", "--gpu", "h100-sxm-80gb", "3g.40gb@0", "3g.40gb@0");

    assertThat(kept.err()).isEqualToNormalizingNewlines("""
            does not fit:
              h100-sxm-80gb cannot place {4g.40gb=1} beside [3g.40gb@0:4] without overlap: 4g.40gb\
             covers 4 memory slices from 0; the GPU has 8 memory slices
            what would fit:
              3g.40gb@0 3g.40gb:1
              3g.40gb@0 2g.20gb:1
              3g.40gb@0 1g.20gb:1
            it would all fit if the chosen starts could move: 4g.40gb@0 3g.40gb@4
            """);
    assertThat(moved.err()).isEqualToNormalizingNewlines("""
            does not fit:
              h100-sxm-80gb: 3g.40gb@0:4 and 3g.40gb@0:4 overlap from memory slice 0 to 3
            what would fit:
              3g.40gb@0 3g.40gb:1 (moves 3g.40gb@0 to 4)
              3g.40gb:1 4g.40gb:1 (moves 3g.40gb@0 to 4, without 3g.40gb@0)
              3g.40gb@0 2g.20gb:1 (without 3g.40gb@0)
            it would all fit if the chosen starts could move: 3g.40gb@0 3g.40gb@4
            """);
  }

  @Test
  void import_unreadableInput_isExit2() throws IOException {
    Path garbage = Files.writeString(folder.resolve("garbage.txt"), "\nhello\n");

    var refused = migctl("import", "--lgip", garbage.toString());
    var missing = migctl("import", "--lgip", folder.resolve("nothing").toString());
    var directory = migctl("import", "--lgip", folder.toString());

    assertThat(refused.exit()).isEqualTo(2);
    assertThat(refused.err().strip())
        .isEqualTo(garbage
            + ": Not a listing of 'nvidia-smi mig': line 2: 'hello' is not part of a listing;"
            + " expected what 'nvidia-smi mig -lgip', '-lgipp', '-lgi', '-lcip' or '-lci' prints");
    assertThat(missing.exit()).isEqualTo(2);
    assertThat(missing.err().strip())
        .isEqualTo("File does not exist: " + folder.resolve("nothing"));
    assertThat(directory.exit()).isEqualTo(2);
    assertThat(directory.err().strip()).isEqualTo(folder + " is a directory; name a file in it");
  }

  private Path guideWith(String text, String replacement) throws IOException {
    String guide = Files.readString(GUIDE);
    assertThat(guide).contains(text);
    return Files.writeString(folder.resolve("broken.yaml"), guide.replace(text, replacement));
  }

  private Path guideWithoutDevices() throws IOException {
    return guideWith("- devices: all\n        mig-enabled: false", "- mig-enabled: false");
  }

  private static String[] append(String line, String... arguments) {
    return Stream.concat(Stream.of(line.split(" ")), Stream.of(arguments)).toArray(String[]::new);
  }

  @Test
  void validate_theGuidesManifest_hasNothingToSay() {
    assertThat(migctl("validate", GUIDE.toString())).isEqualTo(new Run(0, "", ""));
    assertThat(migctl("validate", GUIDE.toString(), "--gpu", "b200-180gb"))
        .isEqualTo(new Run(0, "", ""));
  }

  @Test
  void validate_brokenManifest_saysWhatAndWhere_inTheManifest() throws IOException {
    Path file = guideWithoutDevices();

    var text = migctl("validate", file.toString());
    var json = migctl("validate", file.toString(), "--json");

    assertThat(text.exit()).isEqualTo(1);
    assertThat(text.err()).isEmpty();
    assertThat(text.out().strip())
        .isEqualTo(file + ":12:9: error: devices is missing; add 'devices: all' [missing-field]");
    assertThat(json.exit()).isEqualTo(1);
    assertThat(json.json()).isEqualTo(new ObjectMapper().readTree("""
            {"file": "%s", "valid": false, "findings": [
              {"severity": "error", "code": "missing-field",
               "subject": "config 'all-disabled'", "message": "devices is missing",
               "remedy": "add 'devices: all'",
               "line": 12, "column": 9, "path": "mig-configs.all-disabled[0]",
               "config": "all-disabled"}]}""".formatted(file)));
  }

  @Test
  void validate_forANode_saysWhatDoesNotFit_asErrorForTheSelectedConfigOnly() throws IOException {
    Path file = guideWith("\"2g.45gb\": 3", "\"2g.45gb\": 4");
    String line = "validate --gpu b200-180gb,NVIDIA-B200 --config ";

    var selected = migctl(append(line + "b200-split-medium", file.toString()));
    var other = migctl(append(line + "all-disabled", file.toString()));
    var all = migctl(append(line + "all-disabled --all", file.toString()));

    assertThat(selected.exit()).isEqualTo(1);
    assertThat(selected.out())
        .contains(file
            + ":22:9: error: GPUs 0, 1 (b200-180gb) cannot hold {2g.45gb=4}: b200-180gb holds at"
            + " most 3 of 2g.45gb, but the request takes 4; b200-180gb has 7 compute slices,"
            + " but the request takes 8 (2g.45gb: 8); and 2 more; mig-parted would destroy all"
            + " devices and fail; lower the counts [not-placeable]");
    assertThat(other.exit()).isZero();
    assertThat(other.out()).doesNotContain("cannot hold");
    assertThat(other.err().strip())
        .isEqualTo(
            file + ": 1 finding about 1 other configuration is not printed; --all prints it");
    assertThat(all.out()).contains(file + ":22:9: note: GPUs 0, 1 (b200-180gb) cannot hold");
  }

  @Test
  void validate_forANode_withoutConfig_namesThoseThatCannotWork_andRefusesIfNoneCan()
      throws IOException {
    Path file = guideWith("\"2g.45gb\": 3", "\"2g.45gb\": 4");
    Path hopeless = Files.writeString(folder.resolve("hopeless.yaml"), """
        version: v1
        mig-configs:
          small: [{devices: all, mig-enabled: true, mig-devices: {1g.23gb: 8}}]
          large: [{devices: all, mig-enabled: true, mig-devices: {7g.180gb: 2}}]
        """);

    var some = migctl("validate", file.toString(), "--gpu", "b200-180gb");
    var none = migctl("validate", hopeless.toString(), "--gpu", "b200-180gb", "--json");
    var chosen =
        migctl("validate", hopeless.toString(), "--gpu", "b200-180gb", "--config", "small");

    assertThat(some.err().strip())
        .isEqualTo("1 of 3 configurations cannot work on these GPUs ('b200-split-medium');"
            + " --config NAME makes that an error");
    assertThat(some.exit()).isZero();
    assertThat(none.err().strip())
        .isEqualTo("2 of 2 configurations cannot work on these GPUs ('small', 'large');"
            + " --config NAME makes that an error"
            + System.lineSeparator()
            + "No configuration with devices can work on these GPUs");
    assertThat(none.json().get("valid").asBoolean()).isFalse();
    assertThat(none.exit()).isEqualTo(1);
    assertThat(chosen.err().strip())
        .isEqualTo(
            hopeless + ": 1 finding about 1 other configuration is not printed; --all prints it");
  }

  @Test
  void gpus_mayBeCounted_andHaveBlanksBetween() {
    String file = GUIDE.toString();
    var repeated = migctl("validate", file, "--gpu", "b200-180gb,b200-180gb,a30-24gb");

    assertThat(migctl("validate", file, "--gpu", "b200-180gb:2, a30-24gb ")).isEqualTo(repeated);
    assertThat(repeated.out()).contains("GPU 2 (a30-24gb)");
    assertThat(migctl("generate", "--gpu", "a30-24gb:2 , b200-180gb"))
        .isEqualTo(migctl("generate", "--gpu", "a30-24gb,a30-24gb,b200-180gb"));
    assertThat(migctl("plan", "--gpus", "a30-24gb:2, b200-180gb: 1", "--demand", " 2g.12gb :3"))
        .isEqualTo(migctl("plan", "--gpus", "a30-24gb:2,b200-180gb:1", "--demand", "2g.12gb:3"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a30-24gb:0", "a30-24gb:257"})
  void gpus_countThatNoNodeHas_isExit2(String gpus) {
    assertThat(migctl("validate", GUIDE.toString(), "--gpu", gpus))
        .isEqualTo(new Run(
            2,
            "",
            "Not GPUs: '%s'. Expected ID or ID:COUNT with a count from 1 to 256%nTry 'migctl validate --help'%n"
                .formatted(gpus)));
  }

  @Test
  void fileThatCannotBeWritten_isExit2_afterTheAnswer() throws IOException {
    Path nowhere = folder.resolve("nowhere");
    Path broken = guideWithoutDevices();

    var placed = migctl(append("place --gpu a30-24gb 4g.24gb --svg", nowhere + "/x.svg"));
    var validated = migctl("validate", broken.toString(), "--sarif", folder.toString());

    assertThat(placed)
        .isEqualTo(new Run(
            2,
            migctl("place", "--gpu", "a30-24gb", "4g.24gb").out(),
            "Cannot write %s/x.svg: directory %s does not exist%n".formatted(nowhere, nowhere)));
    assertThat(validated)
        .isEqualTo(new Run(
            2,
            migctl("validate", broken.toString()).out(),
            "Cannot write %s: it is a directory%n".formatted(folder)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"fmt", "import --lgip", "explain --config a --gpu l4"})
  void directoryInPlaceOfAFile_isExit2(String command) {
    assertThat(migctl(append(command, ".")))
        .isEqualTo(new Run(2, "", ". is a directory; name a file in it\n"));
  }

  @ParameterizedTest
  @CsvSource({"none, true", "mixed, false"})
  void validate_strategy_isHeeded(String strategy, boolean found) {
    var run = migctl(append(
        "validate --gpu b200-180gb --config b200-split-small --strategy",
        strategy,
        GUIDE.toString()));

    assertThat(run.out().contains("[mig-under-none]")).isEqualTo(found);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"validate --config nothing", "validate --config nothing --gpu b200-180gb"})
  void validate_configThatIsNotThere_isAnErrorThatNamesThoseThatAre(String line) {
    var run = migctl(append(line, GUIDE.toString()));

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.out().strip())
        .isEqualTo(GUIDE + ":1:1: error: The file has no config 'nothing'; it has 'all-disabled',"
            + " 'b200-split-small', 'b200-split-medium' [config-not-present]");
  }

  @Test
  void validate_sarif_hasARuleForEachCode_andARegionForEachFinding() throws IOException {
    Path file = guideWithoutDevices();
    Path sarif = folder.resolve("migctl.sarif");

    var run = migctl("validate", file.toString(), "--sarif", sarif.toString());

    assertThat(run.exit()).isEqualTo(1);
    var log = new ObjectMapper().readTree(sarif.toFile());
    var help = (ObjectNode) log.at("/runs/0/tool/driver/rules/0/help");
    assertThat(help.remove("markdown").asText())
        .startsWith("`mig-devices` may be absent only where `mig-enabled` is false.\n```yaml\n");
    assertThat(log).isEqualTo(new ObjectMapper().readTree("""
            {"$schema": "https://json.schemastore.org/sarif-2.1.0.json",
             "version": "2.1.0",
             "runs": [{
               "tool": {"driver": {"name": "migctl", "version": "%s",
                 "rules": [
                 {"id": "missing-field", "shortDescription": {"text": "missing field"},
                  "help": {"text": "`mig-devices` may be absent only where `mig-enabled` is false. 'migctl lint-code missing-field' explains it"}}]}},
               "columnKind": "unicodeCodePoints",
               "results": [
                 {"ruleId": "missing-field", "ruleIndex": 0, "level": "error",
                  "message": {"text": "devices is missing; add 'devices: all'"},
                  "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": "%s"},
                    "region": {"startLine": 12, "startColumn": 9}}}]}]}]}""".formatted(
                Output.version(), file.toUri().toASCIIString())));
  }

  @Test
  void validate_sarifToStdout_printsNothingElseThere() throws IOException {
    var run = migctl("validate", GUIDE.toString(), "--config", "nothing", "--sarif", "-");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.json().path("runs").path(0).path("results")).hasSize(1);
    assertThat(folder.resolve("-")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"validate FILE", "fmt FILE", "import FILE", "publish FILE"})
  void anyFile_thatIsEmpty_isRefused(String line) throws IOException {
    Path empty = Files.writeString(folder.resolve("empty.yaml"), " \r\n\t\n");

    var run = migctl(line.replace("FILE", empty.toString()).split(" "));

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .isEqualToNormalizingNewlines(
            empty + " is empty; check the command or the editor that writes it\n");
  }

  @Test
  void explain_equalGpusInARow_areDrawnOnce() {
    var run = migctl(
        "explain",
        GUIDE.toString(),
        "--config",
        "b200-split-small",
        "--gpu",
        "b200-180gb:2",
        "--gpus",
        "b200-180gb");

    assertThat(run.out()).containsOnlyOnce("b200-180gb: 1g").contains("GPU 0", "GPU 1", "GPU 2");
  }

  @Test
  void advise_withoutMemory_saysWhatEachGets() {
    var run = migctl("advise", "--gpu", "h100-sxm-80gb", "--tenants", "4");

    assertThat(run.out())
        .contains("capacity: no memory is asked for; an equal part of the GPU's is 19.9 GiB")
        .doesNotContain("x 0 GiB");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "layouts --gpu l40s",
        "layouts --gpu l40s --count",
        "place --gpu l40s 1g.10gb",
        "place --gpu NVIDIA-L40S nvidia.com/mig-1g.10gb",
        "plan --gpus l40s:2 --demand 1g.10gb:1",
        "generate --gpu l40s,l4",
        "template --gpu l40s:2 --layout 1g.10gb:1",
        "dra claim --gpu l40s",
        "dra claim --gpu l40s --profile 1g.10gb",
        "dra claim --gpu l40s --memory 10",
        "dra claim --gpu l40s --profile 1g.10gb --kind class",
      })
  void anyCommand_ofAGpuWithoutMig_saysSo_andWhatToDoInstead(String line) {
    var run = migctl(line.split(" "));

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.err())
        .contains("l40s")
        .contains("has no MIG; share it by time-slicing or MPS instead")
        .doesNotContain("it has ");
  }

  @Test
  void place_profileLikeNone_suggestsNothing() {
    var run = migctl("place", "--gpu", "h100-sxm-80gb", "5g.50gb");

    assertThat(run.err()).isEqualToNormalizingNewlines("""
            does not fit:
              h100-sxm-80gb has no profile 5g.50gb; it has 1g.10gb, 1g.10gb+me, 1g.20gb, 2g.20gb, 3g.40gb, 4g.40gb, 7g.80gb
            """);
  }

  @Test
  void validate_sarifOfARelativePath_staysRelative() throws IOException {
    Path sarif = folder.resolve("migctl.sarif");

    migctl("validate", "./" + GUIDE, "--config", "nothing", "--sarif", sarif.toString());

    assertThat(new ObjectMapper()
            .readTree(sarif.toFile())
            .at("/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri")
            .asText())
        .isEqualTo("src/main/resources/io/github/mig4j/examples/guide-mig-config.yaml");
  }

  @Test
  void validate_fileThatCannotBeRead_isExit2_butOneThatIsNoTextIsAFinding() throws IOException {
    Path binary = Files.write(folder.resolve("binary"), new byte[] {'a', (byte) 0xff});

    var missing = migctl("validate", folder.resolve("nothing").toString());
    var broken = migctl("validate", binary.toString());

    assertThat(missing.exit()).isEqualTo(2);
    assertThat(missing.err().strip())
        .isEqualTo("File does not exist: " + folder.resolve("nothing"));
    assertThat(broken.exit()).isEqualTo(1);
    assertThat(broken.out().strip())
        .isEqualTo(binary + ":1:2: error: Not UTF-8: byte 0xFF at offset 1; save the file as UTF-8"
            + " [invalid-utf8]");
  }

  @Test
  void plan_json_hasTheDocumentedFields() throws IOException {
    var run = migctl(
        "plan", "--json", "--gpus", "a30-24gb:2,NVIDIA-A30:1", "--demand", "2g.12gb:5,3g.20gb:2");

    assertThat(run.exit()).isEqualTo(1);
    ObjectNode plan = (ObjectNode) run.json();
    assertThat(new ObjectMapper().treeToValue(plan, FleetPlan.class).layouts("a30-24gb"))
        .hasSize(3);
    assertThat(plan.remove("nodes").at("/0/cut/2/first").asInt()).isEqualTo(2);
    assertThat(plan).isEqualTo(new ObjectMapper().readTree("""
            {"gpus": 3, "lowerBound": 3, "gap": 0,
             "unmetCount": 2, "unmetLowerBound": 2, "optimal": true, "stopped": false,
             "layouts": [{"count": 2, "layout": {"gpu": "a30-24gb", "devices": {"2g.12gb": 2},
                          "confidence": "published-smi",
                          "placements": [{"profile": "2g.12gb", "start": 0, "size": 2},
                                         {"profile": "2g.12gb", "start": 2, "size": 2}]}},
                         {"count": 1, "layout": {"gpu": "a30-24gb", "devices": {"2g.12gb": 1},
                          "confidence": "published-smi",
                          "placements": [{"profile": "2g.12gb", "start": 0, "size": 2}]}}],
             "met": [{"count": 5, "item": {"profile": "2g.12gb", "count": 5}},
                     {"count": 0, "item": {"profile": "3g.20gb", "count": 2}}],
             "unmet": [{"item": {"profile": "3g.20gb", "count": 2}, "count": 2,
                        "reason": {"code": "no-profile", "models": ["a30-24gb"], "suggestions": ["4g.24gb"],
                         "message": "it is not offered by a30-24gb; did you mean 4g.24gb?"},
                        "message": "2 of 2 x 3g.20gb unmet: it is not offered by a30-24gb;\
             did you mean 4g.24gb?"}]}"""));
    assertThat(run.err().strip())
        .isEqualTo("2 of 2 x 3g.20gb unmet: it is not offered by a30-24gb; did you mean 4g.24gb?");
  }

  @Test
  void plan_ofAMillion_isPlanned() throws IOException {
    var run = migctl(
        "plan", "--json", "--gpus", "a100-40gb:200000", "--demand", "1g.5gb:700000,2g.10gb:300000");

    assertThat(run.exit()).isZero();
    assertThat(run.json().get("gpus").asInt()).isEqualTo(185_715);
    assertThat(run.json().get("gap").asInt()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a30-24gb   | 1g.6gb:1 | Not GPUs: 'a30-24gb'. Expected ID:COUNT, e.g. 'b200-180gb:8' with a"
            + " count of at least 1",
        "a30-24gb:1 | 1g.6gb:0 | Not demand: '1g.6gb:0'. Expected PROFILE:COUNT, e.g. '1g.23gb:50'"
            + " with a count of at least 1",
        "a30-24gb:1 | 1c.2g.12gb:1 | Only whole GPU instances can be planned, but 1c.2g.12gb shares"
            + " one; request 2g.12gb",
        "a31:1      | 1g.6gb:1 | Unknown GPU 'a31'. Did you mean a10, a16, a40?",
      })
  void plan_wrongUsage_isExit2(String gpus, String demand, String message) {
    var run = migctl("plan", "--gpus", gpus, "--demand", demand);

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err().lines().findFirst()).contains(message);
  }

  @Test
  void plan_ofNodes_isPrintedAsAConfigMap_andCommandsThatApplyIt() {
    var run = migctl(
        "plan",
        "--nodes",
        "a=l40s:2+a100-40gb,2xa100-40gb:2",
        "--demand",
        "3g.20gb:8",
        "-o",
        "kubectl");

    assertThat(run.exit()).isZero();
    assertThat(run.out()).isEqualToNormalizingNewlines("""
        # This replaces the whole ConfigMap. 'migctl publish' keeps its other configurations.
        kubectl apply -f - <<'EOF'
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: mig-config
          namespace: gpu-operator
        data:
          config.yaml: |
            version: v1
            mig-configs:
              all-disabled:
                - devices: all
                  mig-enabled: false
              planned-b525038f:
                - devices: [0, 1]
                  mig-enabled: false
                - devices: [2]
                  mig-enabled: true
                  mig-devices:
                    3g.20gb: 2
              planned-47d9e63b:
                - devices: all
                  mig-enabled: true
                  mig-devices:
                    3g.20gb: 2
              planned-1c20eb2b:
                - devices: [0]
                  mig-enabled: true
                  mig-devices:
                    3g.20gb: 2
                - devices: [1]
                  mig-enabled: false
        EOF
        kubectl label node a nvidia.com/mig.config=planned-b525038f --overwrite
        kubectl label node a100-40gb-1 nvidia.com/mig.config=planned-47d9e63b --overwrite
        kubectl label node a100-40gb-2 nvidia.com/mig.config=planned-1c20eb2b --overwrite
        """);
  }

  /** Every configuration of a plan is one that the node's GPUs can have. */
  @Test
  void plan_ofNodes_isAFileWithoutFindings() throws IOException {
    var run = migctl(
        "plan",
        "--nodes",
        "n=h100-sxm-80gb:4",
        "--demand",
        "1g.10gb:9,3g.40gb:3",
        "-o",
        "configmap");
    Path file = Files.writeString(folder.resolve("planned.yaml"), run.out());

    assertThat(run.out()).startsWith("# n: planned-");
    String config = run.out().lines().findFirst().orElseThrow().substring("# n: ".length());
    var valid = migctl("validate", file.toString(), "--gpu", "h100-sxm-80gb:4", "--config", config);
    assertThat(valid.exit()).as(valid.out()).isZero();
  }

  @Test
  void plan_wholeGpus_areThoseThatAreNotCut() {
    var enough = migctl("plan", "--gpus", "a100-40gb:4", "--demand", "3g.20gb:4,nvidia.com/gpu:2");
    var tooFew = migctl("plan", "--gpus", "a100-40gb:4", "--demand", "3g.20gb:4,nvidia.com/gpu:5");

    assertThat(enough.exit()).isZero();
    assertThat(enough.out()).contains("whole GPUs: 2, needed 2");
    assertThat(tooFew.exit()).isEqualTo(1);
    assertThat(tooFew.err())
        .isEqualToNormalizingNewlines(
            "3 of 5 x nvidia.com/gpu unmet: the plan leaves 2 whole GPUs; add 3\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--gpus a100-40gb:4 --demand 3g.20gb:4 -o yaml;--output needs --nodes, because a configuration is for the GPUs of one node",
        "--nodes a100-40gb:4 --demand 3g.20gb:4;Not a node: 'a100-40gb:4'. Expected NAME=ID[:COUNT], e.g. 'gpu-node=b200-180gb:8'"
      })
  void plan_withoutNodes_hasNoConfiguration(String line, String message) {
    List<String> args = new ArrayList<>(List.of("plan"));
    args.addAll(List.of(line.split(" ")));

    var run = migctl(args.toArray(String[]::new));

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err()).startsWith(message);
  }

  @Test
  void place_asAConfiguration_isAFile_andBesideALayout_keepsIt() {
    var config = migctl("place", "--gpu", "h100-sxm-80gb", "1g.10gb:7", "-o", "yaml");
    var beside =
        migctl("place", "--gpu", "h100-sxm-80gb", "--beside", "3g.40gb@4,1g.10gb@0", "1g.10gb:3");
    var impossible =
        migctl("place", "--gpu", "h100-sxm-80gb", "--beside", "3g.40gb@3", "1g.10gb:3");

    assertThat(config.out()).isEqualToNormalizingNewlines("""
        version: v1
        mig-configs:
          h100-sxm-80gb-6097da39:
            - devices: all
              mig-enabled: true
              mig-devices:
                1g.10gb: 7
        """);
    assertThat(beside.exit()).isZero();
    assertThat(beside.out()).startsWith("GPU 0 runs 1g.10gb@0 3g.40gb@4");
    assertThat(impossible.err())
        .startsWith("The layout '3g.40gb@3' is not possible: h100-sxm-80gb: 3g.40gb cannot start at"
            + " memory slice 3, only at 0 or 4");
    assertThat(impossible.exit()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plan --gpus a100-40gb:4 --demand 3g.20gb:4",
        "layouts --gpu a100-40gb --maximal",
        "explain src/main/resources/io/github/mig4j/examples/guide-mig-config.yaml --config b200-split-small --gpu b200-180gb"
      })
  void svg_ofEveryDrawing_isWritten(String line) {
    Path svg = folder.resolve("picture.svg");
    List<String> args = new ArrayList<>(List.of(line.split(" ")));
    args.addAll(List.of("--svg", svg.toString()));

    var run = migctl(args.toArray(String[]::new));

    assertThat(run.err()).isEmpty();
    assertThat(svg).content().startsWith("<svg").contains("gb");
  }

  /** GPUs on which MIG is off are in the picture, and equal neighbours are one drawing. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      explain %s --config b200-split-small --gpu b200-180gb:3,l40s:2 | GPU 0-2, b200-180gb: 1g.23gb x7 | GPU 3-4, l40s: whole GPU
      explain %s --config all-disabled --gpu a100-40gb:8             | GPU 0-7, a100-40gb: whole GPU   | MIG layouts of a node with 8 GPUs
      plan --gpus a100-40gb:4,l40s:2 --demand 3g.20gb:4              | 2 x a100-40gb: 3g.20gb x2       | 2 x l40s: whole GPU
      plan --gpus a100-40gb:4 --demand nvidia.com/gpu:2              | 4 x a100-40gb: whole GPU        | MIG layout of 4 x
      """)
  void svg_ofWholeGpus_hasThem(String line, String first, String second) {
    Path svg = folder.resolve("picture.svg");
    String file = "src/main/resources/io/github/mig4j/examples/guide-mig-config.yaml";

    migctl((line.formatted(file) + " --svg " + svg).split(" "));

    assertThat(svg).content().contains(first, second);
  }

  @Test
  void generate_printsACanonicalFileWithoutFindings() throws IOException {
    var run = migctl("generate", "--gpu", "a30-24gb,h100-sxm-80gb");
    Path file = Files.writeString(folder.resolve("config.yaml"), run.out());

    assertThat(run.exit()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .startsWith("version: v1\nmig-configs:\n  all-1g.10gb:\n    - device-filter: [");
    assertThat(migctl("validate", file.toString())).isEqualTo(new Run(0, "", ""));
    assertThat(migctl("fmt", file.toString())).isEqualTo(run);
  }

  @Test
  void explain_whatIsInForce_changesNothing() {
    var run = migctl(append(
        "explain --from all-disabled --config all-disabled --gpu b200-180gb,a30-24gb",
        GUIDE.toString()));

    assertThat(run.exit()).isZero();
    assertThat(run.out()).isEqualToNormalizingNewlines("""
            GPU 0 (b200-180gb): from MIG off to MIG off; nothing changes
            GPU 1 (a30-24gb): from MIG off to MIG off; nothing changes
            node: already in force, nothing is done
            """);
  }

  @Test
  void explain_whatFails_saysWhere_andWhy() throws IOException {
    Path file = guideWith("\"2g.45gb\": 3", "\"2g.45gb\": 4");

    var run = migctl(append(
        "explain --from b200-split-small --config b200-split-medium --gpu b200-180gb",
        file.toString()));

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.out()).isEqualToNormalizingNewlines("""
            GPU 0 (b200-180gb): from 1g.23gb:7 to MIG on without devices; the MIG manager fails\
             here, after it has destroyed all devices
            node: the device plugin and other clients of all its GPUs are stopped during the change
            """);
    assertThat(run.err())
        .startsWith(file + ":22:9: error: GPU 0 (b200-180gb) cannot hold {2g.45gb=4}:");
  }

  @Test
  void explain_gpuThatNoEntrySelects_keepsItsDevicesUnlessAllAreReset() throws IOException {
    Path file = guideWith("devices: all", "devices: [0]");

    var run =
        migctl(append("explain --config b200-split-small --gpu b200-180gb:2", file.toString()));

    assertThat(run.out())
        .contains(
            "GPU 1 (b200-180gb): not changed; its devices stay unless a change of MIG mode resets all GPUs; --from shows that");
  }

  @Test
  void explain_json_hasTheDocumentedFields() throws IOException {
    var run = migctl(append(
        "explain --json --from all-disabled --config b200-split-medium --gpu b200-180gb",
        GUIDE.toString()));

    assertThat(run.exit()).isZero();
    assertThat(run.json()).isEqualTo(new ObjectMapper().readTree("""
            {"config": "b200-split-medium",
             "gpus": [{"index": 0, "model": "b200-180gb", "change": "rebuilt",
                       "before": {"mig": false, "devices": {}},
                       "after": {"mig": true, "devices": {"2g.45gb": 3}},
                       "placements": [{"profile": "2g.45gb", "start": 0, "size": 2},
                                      {"profile": "2g.45gb", "start": 2, "size": 2},
                                      {"profile": "2g.45gb", "start": 4, "size": 2}]}],
             "modeChange": "without-reset", "applied": false, "pausesNode": true}"""));
  }

  @Test
  void explain_configThatIsNotThere_isRefused() {
    var run = migctl("explain", GUIDE.toString(), "--config", "nothing", "--gpu", "b200-180gb");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err().strip())
        .isEqualTo("The file has no config 'nothing'; it has 'all-disabled', 'b200-split-small',"
            + " 'b200-split-medium'");
  }

  @Test
  void fmt_namesOnStderrWhatItCannotKeep() throws IOException {
    Path file = Files.writeString(folder.resolve("config.yaml"), """
        version: v1
        mig-configs:
          all-disabled:     # the way back
          - {mig-enabled: no, devices: all}
        """);

    var run = migctl("fmt", file.toString());

    assertThat(run.exit()).isZero();
    assertThat(run.out()).isEqualTo("""
        version: v1
        mig-configs:
          all-disabled:
            - devices: all
              mig-enabled: false
        """);
    assertThat(run.err().strip()).isEqualTo("not kept: the comment '# the way back' on line 3");
  }

  @ParameterizedTest
  @ValueSource(strings = {"fmt", "explain --config all-disabled --gpu b200-180gb"})
  void fileWithErrors_isRefusedWithAllOfThem(String command) throws IOException {
    Path file = guideWithoutDevices();

    var run = migctl(append(command, file.toString()));

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err().strip())
        .isEqualTo(file + ":12:9: error: devices is missing; add 'devices: all' [missing-field]");
  }

  @Test
  void examplesOfTheDocumentation_printWhatItShows() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "migctl.md"));
    String name = String.valueOf(GUIDE.getFileName());
    var example =
        Pattern.compile("```\n\\$ migctl ([^\n]*)\n(.*?)```", Pattern.DOTALL).matcher(page);
    int examples = 0;
    while (example.find()) {
      var run = migctl(example.group(1).replace(name, GUIDE.toString()).split(" "));

      assertThat((run.out() + run.err()).replace(GUIDE.toString(), name))
          .isEqualToNormalizingNewlines(example.group(2));
      examples++;
    }
    assertThat(examples).isEqualTo(5);
  }

  @Test
  void diagnose_logOfADevicePlugin_namesItAndTheRemedy_withoutACluster() throws IOException {
    Path log = Files.writeString(
        folder.resolve("plugin.log"),
        "E0120 07:09:15.605081       1 main.go:132] error starting plugins: unable to load config:"
            + " unable to validate flags: using MPS requires --mps-root to be specified\n");

    var run = migctl("diagnose", "--file", log.toString(), "l40s-node");
    var json = migctl("diagnose", "--file", log.toString(), "--json");

    assertThat(run.exit()).isZero();
    assertThat(run.out())
        .startsWith("mps-root-missing: The device plugin of node l40s-node does not start,")
        .contains("Set mps.root (MPS_ROOT)");
    assertThat(json.out()).contains("\"component\" : \"device-plugin\"");
  }

  @Test
  void diagnose_describedNode_saysThatNothingIsWrong_orWhatDiffers() throws IOException {
    Path node = folder.resolve("node.txt");
    String described = """
        Name:               gpu-node
        Labels:             nvidia.com/gpu.count=1
                            nvidia.com/gpu.product=NVIDIA-H100-80GB-HBM3
                            nvidia.com/gpu.replicas=0
                            nvidia.com/mig-1g.10gb.count=7
                            nvidia.com/mig.config=small
                            nvidia.com/mig.config.state=success
                            nvidia.com/mig.strategy=mixed
        Annotations:        <none>
        Capacity:
          cpu:                     8
          nvidia.com/gpu:          0
          nvidia.com/mig-1g.10gb:  7
        Allocatable:
          cpu:                     8
          nvidia.com/gpu:          0
          nvidia.com/mig-1g.10gb:  7
        """;

    Files.writeString(node, described);
    var healthy = migctl("diagnose", "--file", node.toString());
    Files.writeString(node, described.replaceFirst("(?s)7\\n$", "3\n"));
    var ill = migctl("diagnose", "--file", node.toString());

    assertThat(healthy.out())
        .isEqualToNormalizingNewlines(
            "nothing-wrong: Nothing is wrong on node gpu-node: it offers {nvidia.com/mig-1g.10gb=7}, as its labels say; the content of its configuration 'small' was not compared. No action is needed\n");
    assertThat(ill.out())
        .startsWith("resources-differ: ")
        .contains("nvidia.com/mig-1g.10gb is 3 instead of 7");
  }

  @Test
  void diagnose_withoutNodeAndFile_orOfAnEmptyFile_isRefused() throws IOException {
    Path empty = Files.writeString(folder.resolve("empty.log"), " \n");

    assertThat(migctl("diagnose").err())
        .startsWith("Missing NODE. Expected a node, or --file with a log");
    assertThat(migctl("diagnose", "--file", empty.toString()).err())
        .isEqualToNormalizingNewlines(
            empty + " is empty; check the command or the editor that writes it\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "models",
        "model",
        "layouts",
        "place",
        "plan",
        "advise",
        "import",
        "validate",
        "explain",
        "generate",
        "fmt",
        "status",
        "diagnose",
        "publish",
        "preflight",
        "apply",
        "rollback",
        "recover",
        "disable",
        "rollout",
        "role",
        "simulate",
        "demo"
      })
  void help_teachesWithExamples(String command) {
    var run = command.isEmpty() ? migctl() : migctl(command, "--help");

    assertThat(run.exit()).isZero();
    assertThat(run.out()).contains("Example").contains("  migctl ");
    assertThat(run.out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(90));
  }

  /** Picocli wraps longer lines, which tears examples and sentences apart. */
  @Test
  void help_hasNoFooterLineThatWraps() {
    assertThat(footerLines(Migctl.commandLine()))
        .hasSizeGreaterThan(100)
        .allSatisfy(line -> assertThat(line).hasSizeLessThan(80));
  }

  private static Stream<String> footerLines(CommandLine command) {
    return Stream.concat(
        Arrays.stream(command.getCommandSpec().usageMessage().footer()),
        command.getSubcommands().values().stream().flatMap(MigctlTest::footerLines));
  }

  @Test
  void completion_isGenerated() {
    var run = migctl("generate-completion");

    assertThat(run.exit()).isZero();
    assertThat(run.out()).startsWith("#!/usr/bin/env bash").contains("_complete_migctl");
  }

  @Test
  void output_thatIsNoTerminal_hasNoColours() {
    var run = migctl("place", "--gpu", "a30-24gb", "4g.24gb");

    assertThat(run.out() + run.err()).doesNotContain("\u001B");
  }
}
