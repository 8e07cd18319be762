package io.github.mig4j.examples.migctl;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands recognise what a file is, wherever its configuration is in it. */
class MigctlFilesTest {

  private static final String VALUES = """
      gpu-operator:
        mig: {strategy: single}
        migManager:
          config:
            default: ""
            data:
              config.yaml: |
                version: v1
                mig-configs:
                  pair:
                    - devices: all
                      mig-enabled: true
                      mig-devices: {"3g.40gb": 1, "1g.10gb": 1}
        devicePlugin:
          config:
            data:
              four: |
                version: v1
                sharing:
                  timeSlicing:
                    failRequestsGreaterThanOne: true
                    resources:
                      - {name: nvidia.com/gpu, replicas: 4}
      """;

  @TempDir
  private Path folder;

  private record Lines(int exit, List<String> out, List<String> err) {}

  private static Lines migctl(String... args) {
    var run = Run.migctl(args);
    return new Lines(run.exit(), run.out().lines().toList(), run.err().lines().toList());
  }

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("file.yaml"), text);
  }

  @Test
  void validate_values_checksBothConfigurations_andTakesTheirStrategy() throws IOException {
    Path valid = write(VALUES);
    Lines clean = migctl("validate", valid.toString());
    Lines forNode = migctl("validate", valid.toString(), "--gpu", "h100-sxm-80gb");
    Lines explained =
        migctl("explain", valid.toString(), "--config", "pair", "--gpu", "h100-sxm-80gb");
    Path bad = write(VALUES.replace("replicas: 4", "replicas: 1"));
    Lines damaged = migctl("validate", bad.toString());

    assertThat(clean).isEqualTo(new Lines(0, List.of(), List.of()));
    assertThat(forNode.exit).isEqualTo(1);
    assertThat(forNode.out)
        .singleElement()
        .asString()
        .startsWith(valid + ":10:13: note: With strategy single all GPUs must have one profile")
        .endsWith("[not-uniform-under-single]");
    assertThat(explained.exit).isEqualTo(1);
    assertThat(explained.err)
        .singleElement()
        .asString()
        .startsWith(valid + ":10:13: error: With strategy single all GPUs must have one profile")
        .endsWith("[not-uniform-under-single]");
    assertThat(damaged)
        .isEqualTo(new Lines(
            1,
            List.of(bad + ":23:52: error: nvidia.com/gpu has replicas: 1, but the device plugin"
                + " requires at least 2; for no sharing remove the entry, or the whole section if"
                + " it is the only one [too-few-replicas]"),
            List.of()));
  }

  @Test
  void validate_fileOfTheDevicePlugin_isCheckedAsOne() throws IOException {
    Path file = write("version: v1\nflags:\n  plugin: {keyOfTomorrow: 7}\n");

    Lines run = migctl("validate", file.toString());

    assertThat(run.exit).isZero();
    assertThat(run.out)
        .singleElement()
        .asString()
        .startsWith(file + ":3:12: warning: The device plugin up to v0.20.0 does not know"
            + " 'keyOfTomorrow' here and ignores it");
  }

  @Test
  void validate_partOfAFile_isOneFinding() throws IOException {
    Path part = write("mps: {resources: [{name: nvidia.com/gpu, replicas: 4}]}\n");

    assertThat(migctl("validate", part.toString()))
        .isEqualTo(new Lines(
            1,
            List.of(part + ":1:1: error: This is the inside of a sharing section, without the head"
                + " of the file; put 'version: v1' and 'sharing:' above, and indent it [fragment]"),
            List.of()));
  }

  @Test
  void validate_kustomization_checksWhatIsThere_andNotesWhatIsElsewhere() throws IOException {
    Path file = write("""
        configMapGenerator:
        - name: mig
          files: [config.yaml=mig.yaml]
        - name: share
          literals: ["four=version: v1"]
        """);

    assertThat(migctl("validate", file.toString()))
        .isEqualTo(new Lines(
            0,
            List.of(file + ":3:11: note: More is in the file 'mig.yaml', which is not part of this"
                + " text; check that one [content-elsewhere]"),
            List.of()));
  }

  @Test
  void validate_wrongKeyOfAMap_checksTheInsideAllTheSame() throws IOException {
    Path file = write("""
        kind: ConfigMap
        metadata: {name: team}
        data:
          mig.yaml: |
            version: v1
            mig-configs:
              big:
                - devices: all
                  mig-enabled: true
                  mig-devices: {"3g.40gb": 2, "1g.10gb": 1}
        """);

    Lines run = migctl("validate", file.toString(), "--gpu", "h100-sxm-80gb");

    assertThat(run.exit).isEqualTo(1);
    assertThat(run.out)
        .satisfiesExactly(
            outside -> assertThat(outside)
                .isEqualTo(file + ":4:3: error: ConfigMap 'team' has its configuration under"
                    + " 'mig.yaml', which the MIG manager does not read; name the key"
                    + " 'config.yaml' [configmap-key]"),
            inside -> assertThat(inside)
                .startsWith(file + ":10:11: note: GPU 0 (h100-sxm-80gb) cannot hold"));
  }

  @Test
  void inventory_ofAListWithoutKind_isRead() throws IOException {
    Path file = write("""
        items:
        - spec:
            driver: gpu.nvidia.com
            nodeName: gpu-node
            pool: {name: gpu-node, generation: 1, resourceSliceCount: 1}
            devices:
            - name: gpu-0
              attributes:
                type: {string: gpu}
                productName: {string: NVIDIA H100 80GB HBM3}
        """);

    Lines run = migctl("dra", "inventory", "--file", file.toString());

    assertThat(run.exit).isZero();
    assertThat(run.out).hasSize(2);
    assertThat(run.out.get(1)).matches("gpu-node +h100-sxm-80gb +static +- +whole");
  }

  @ParameterizedTest
  @CsvSource({
    "place --gpu h100-sxm-80gb 0g.10gb, 0g.10gb, place",
    "place --gpu h100-sxm-80gb mig-1g.0gb:2, mig-1g.0gb, place",
    "place --gpu h100-sxm-80gb 0c.1g.10gb, 0c.1g.10gb, place",
    "plan --gpus h100-sxm-80gb:2 --demand 0g.10gb:1, 0g.10gb, plan",
    "layouts --gpu h100-sxm-80gb --profiles 0g.10gb, 0g.10gb, layouts",
    "dra claim --profile 0g.10gb, 0g.10gb, dra claim"
  })
  void profileWithoutSlicesOrMemory_isRefused(String line, String profile, String command) {
    assertThat(migctl(line.split(" ")))
        .isEqualTo(new Lines(
            2,
            List.of(),
            List.of(
                "Not a profile of any GPU: '%s'. A MIG device has at least 1 compute slice and 1 GB, e.g. '1g.10gb'"
                    .formatted(profile),
                "Try 'migctl %s --help'".formatted(command))));
  }

  @Test
  void reconcile_check_printsTheFindingsOfThePolicies() throws IOException {
    Path wrong = write(
        "policies: [{name: p, nodes: {names: [gpu-1]}, gpus: {b200-180gb: {layout: {1g.12gb: 7}}}}]");
    Lines refused = migctl("reconcile", "--check", "--policy", wrong.toString());
    Path right = write(
        "policies: [{name: p, nodes: {names: [gpu-1]}, gpus: {b200-180gb: {layout: {1g.23gb: 7}}}}]");
    Lines valid = migctl("reconcile", "--check", "--policy", right.toString(), "--json");

    assertThat(refused.exit()).isEqualTo(1);
    assertThat(refused.out())
        .containsExactly(
            wrong
                + ":1:75: error: b200-180gb has no profile 1g.12gb (did you mean 1g.23gb or 1g.45gb?); it has 1g.23gb, 1g.23gb+me, 1g.45gb, 2g.45gb, 3g.90gb, 4g.90gb, 7g.180gb [unknown-profile]");
    assertThat(valid.exit()).isZero();
    assertThat(valid.out()).contains("  \"valid\" : true,");
  }

  @Test
  void template_printsWhatAnAutoscalerHasToKnow() {
    Lines tags = migctl(
        "template",
        "--gpu",
        "b200-180gb:8",
        "--layout",
        "1g.23gb:7",
        "--for",
        "cluster-autoscaler");
    Lines plain = migctl("template", "--gpu", "l40s:2", "--time-slicing", "4");
    Lines parallel = migctl("template", "--gpus", "l40s:2", "--mps", "4");
    Lines both = migctl("template", "--gpu", "l40s:2", "--time-slicing", "4", "--mps", "4");
    Lines unfit = migctl("template", "--gpu", "b200-180gb", "--layout", "1g.23gb:8");

    assertThat(tags.out())
        .contains(
            "k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/mig-1g.23gb: \"56\"");
    assertThat(plain.out()).contains("nvidia.com/gpu: \"8\"");
    assertThat(parallel.out())
        .contains("nvidia.com/gpu: \"8\"", "nvidia.com/mig.strategy: \"single\"");
    assertThat(both.exit()).isEqualTo(2);
    assertThat(both.err()).contains("Choose one of --layout, --time-slicing and --mps");
    assertThat(unfit.exit()).isEqualTo(1);
  }

  /** Each command with each option that names a file which is read; FILE is the file. */
  static Stream<String> readers() {
    return Stream.of(
        "validate FILE",
        "explain FILE --config small --gpu b200-180gb",
        "explain FILE --config small --from large --gpu b200-180gb",
        "fmt FILE",
        "publish FILE",
        "publish FILE --dry-run",
        "diagnose --file FILE",
        "reconcile --policy FILE",
        "reconcile --check --policy FILE",
        "dra inventory --file FILE",
        "import FILE",
        "place --gpu b200-180gb 1g.23gb --beside FILE");
  }

  /** The text of a kubeconfig is read by every command that uses a cluster. */
  static Stream<String> clusterCommands() {
    return Stream.of(
            "status",
            "fleet",
            "diagnose n",
            "publish src/main/resources/io/github/mig4j/examples/guide-mig-config.yaml",
            "preflight n small",
            "apply n small",
            "rollback n",
            "recover n",
            "disable n",
            "rollout status r",
            "rollout pause r",
            "rollout run r small --nodes n",
            "pending",
            "share n --off",
            "simulate",
            "dra inventory")
        .map(command -> command + " --kubeconfig FILE");
  }

  private Path bytes(int... bytes) throws IOException {
    byte[] content = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      content[i] = (byte) bytes[i];
    }
    return Files.write(folder.resolve("bytes"), content);
  }

  private static void assertRefused(String command, Path file, String message) {
    boolean isKubeconfig = command.contains("--kubeconfig");

    Lines run = migctl(command.replace("FILE", file.toString()).split(" "));

    assertThat(run.out()).isEmpty();
    assertThat(run.err().get(0))
        .isEqualTo((isKubeconfig ? "Cannot read the kubeconfig: " : "") + message);
    assertThat(run.err()).hasSize(isKubeconfig ? 2 : 1);
    assertThat(run.exit()).isEqualTo(2);
  }

  @ParameterizedTest
  @MethodSource({"readers", "clusterCommands"})
  void fileThatIsNoText_isExit2_withItsNameAndARemedy(String command) throws IOException {
    Path empty = Files.writeString(folder.resolve("empty"), " \n");

    assertRefused(
        command, empty, empty + " is empty; check the command or the editor that writes it");
    Path file = bytes(0xFF, 0xFE, 'a', 0);
    assertRefused(command, file, file + " is text in UTF-16; save it as UTF-8");
    assertRefused(
        command, bytes(0xFE, 0xFF, 0, 'a'), file + " is text in UTF-16; save it as UTF-8");
    assertRefused(command, bytes(0x1F, 0x8B, 8), file + " is compressed; unpack it first");
    assertRefused(command, bytes('P', 'K', 3, 4), file + " is compressed; unpack it first");
    assertRefused(
        command,
        bytes(0x7F, 'E', 'L', 'F', 0),
        file + " is not a text: its byte 4 is zero; name a file of text in UTF-8");
    if (!command.startsWith("validate")) {
      assertRefused(command, folder, folder + " is a directory; name a file in it");
    }
    if (Files.exists(Path.of("/dev/null")) && !command.contains("--kubeconfig")) {
      assertRefused(
          command,
          Path.of("/dev/null"),
          "/dev/null is empty; check the command or the editor that writes it");
    }
  }

  @ParameterizedTest
  @MethodSource("readers")
  void fileThatDoesNotExist_isExit2(String command) {
    assertRefused(command, Path.of("no-such.yaml"), "File does not exist: no-such.yaml");
  }

  @ParameterizedTest
  @MethodSource({"readers", "clusterCommands"})
  void fileThatIsForbidden_isExit2(String command) throws IOException {
    Path file = write("a: b");
    assumeTrue(file.toFile().setReadable(false) && !Files.isReadable(file));

    assertRefused(
        command,
        file,
        "Cannot read %s: permission denied; allow this user to read it".formatted(file));
  }

  @Test
  void fileThatIsHuge_isExit2() throws IOException {
    Path huge =
        Files.write(folder.resolve("huge"), "# text\n".repeat(10_000_000).getBytes(UTF_8));

    List<String> commands =
        Stream.concat(readers(), Stream.of("status --kubeconfig FILE")).toList();

    assertThat(commands)
        .allSatisfy(
            command -> assertRefused(
                command,
                huge,
                huge
                    + " has more than 64 MiB, which is too much to read; name the right file, or a part of it"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "reconcile --policy FILE",
        "reconcile --check --policy FILE",
        "dra inventory --file FILE",
        "status --kubeconfig FILE"
      })
  void fileInAnotherEncoding_isExit2_withThePlace(String command) throws IOException {
    Path file = bytes('a', ':', '\n', 'b', ':', ' ', 0xDC);

    assertRefused(
        command, file, file + " is not UTF-8: byte 0xDC in line 2, column 4; save it as UTF-8");
  }

  /** The rules for configurations report the place, also in SARIF; a log may have such bytes. */
  @Test
  void configurationInAnotherEncoding_isAFinding() throws IOException {
    Path file = bytes('a', ':', '\n', 'b', ':', ' ', 0xDC);

    assertThat(migctl("validate", file.toString()))
        .isEqualTo(new Lines(
            1,
            List.of(
                file
                    + ":2:4: error: Not UTF-8: byte 0xDC at offset 6; save the file as UTF-8 [invalid-utf8]"),
            List.of()));
    assertThat(migctl("diagnose", "--file", file.toString()).exit()).isZero();
  }

  @Test
  void listingThatIsNone_isNamed() throws IOException {
    Path file = write("a: b");

    assertThat(migctl("import", file.toString()).err())
        .singleElement()
        .asString()
        .startsWith(file + ": Not a listing of 'nvidia-smi mig': line 1: 'a: b' is not part of");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      demo --nodes A_b=l40s                            | A_b   | A_b=l40s
      demo --nodes =l40s                               | ''    | =l40s
      demo --nodes n.=l40s                             | n.    | n.=l40s
      plan --nodes Nö=a30-24gb:2 --demand 1g.6gb:1     | Nö    | Nö=a30-24gb:2
      validate x.yaml --nodes pool_a=a30-24gb          | pool_a| pool_a=a30-24gb
      """)
  void nameOfANode_thatKubernetesRefuses_isNamed(String command, String name, String text) {
    Lines run = migctl(command.split(" "));

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err())
        .containsExactly(
            "Not the name of a node: '%s' in '%s'. Expected 1 to 253 lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit"
                .formatted(name, text),
            "Try 'migctl %s --help'".formatted(command.substring(0, command.indexOf(' '))));
  }

  /** The announcement of a server would be on stdout. */
  @Test
  void demo_kubeconfigThatCannotBeWritten_startsNothing() {
    Path nowhere = folder.resolve("nowhere");

    assertThat(migctl("demo", "--for", "1s", "--write-kubeconfig", nowhere + "/kubeconfig"))
        .isEqualTo(new Lines(
            2,
            List.of(),
            List.of("Cannot write %s/kubeconfig: directory %s does not exist"
                .formatted(nowhere, nowhere))));
    assertThat(migctl("demo", "--for", "1s", "--write-kubeconfig", folder.toString()))
        .isEqualTo(new Lines(
            2, List.of(), List.of("Cannot write %s: it is a directory".formatted(folder))));
    assertThat(migctl("demo", "--for", "1s", "--write-kubeconfig", "-"))
        .isEqualTo(new Lines(
            2,
            List.of(),
            List.of(
                "--write-kubeconfig needs the name of a file, because other terminals read it, not '-'",
                "Try 'migctl demo --help'")));
  }

  /** Nothing listens at port 1, and no host has a name in the domain 'invalid'. */
  @ParameterizedTest
  @MethodSource("clusterCommands")
  void clusterThatIsNotThere_isExit3_inOneLine(String command) throws IOException {
    for (String server : List.of("https://127.0.0.1:1/", "https://no-such-host.invalid:6443/")) {
      Path kubeconfig = write("""
          apiVersion: v1
          kind: Config
          current-context: a
          contexts: [{name: a, context: {cluster: b, user: u}}]
          clusters: [{name: b, cluster: {server: "%s"}}]
          users: [{name: u, user: {token: t}}]
          """.formatted(server));

      Lines run = migctl(command.replace("FILE", kubeconfig.toString()).split(" "));

      assertThat(run.exit()).isEqualTo(3);
      assertThat(run.out()).isEmpty();
      // A slow machine is told that it has to wait.
      assertThat(run.err().stream().filter(line -> !line.endsWith(" yet")))
          .singleElement()
          .asString()
          .contains(server)
          // Resolvers word it differently, but each names the host.
          .containsPattern(
              "Connection refused|(UnknownHostException: |unknown host )[^()]*no-such-host\\.invalid");
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      --gpus b200-180gb:999999999 | Too many GPUs: 'b200-180gb:999999999'. Expected at most 1000000 in all
      --gpus a30-24gb:9,b200-180gb:999992 | Too many GPUs: 'b200-180gb:999992'. Expected at most 1000000 in all
      --nodes 99999xb200-180gb:256 | Not nodes: '99999xb200-180gb:256'. Expected NODESxID[:COUNT] with at least 1 node, and at most 1000000 GPUs in all
      --nodes 0xb200-180gb | Not nodes: '0xb200-180gb'. Expected NODESxID[:COUNT] with at least 1 node, and at most 1000000 GPUs in all
      """)
  void plan_absurdNumberOfGpus_isExit2(String offered, String message) {
    Lines run = migctl(("plan " + offered + " --demand 1g.6gb:1").split(" "));

    assertThat(run)
        .isEqualTo(new Lines(2, List.of(), List.of(message, "Try 'migctl plan --help'")));
  }

  @Test
  void wholeGpus_moreThanAnIntegerHolds_areUnmet() {
    Lines run = migctl(
        "plan",
        "--gpus",
        "b200-180gb:2",
        "--demand",
        "nvidia.com/gpu:999999999,nvidia.com/gpu:999999999,nvidia.com/gpu:999999999");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.err())
        .containsExactly(
            "2999999995 of 2999999997 x nvidia.com/gpu unmet: the plan leaves 2 whole GPUs; add 2999999995");
  }

  @Test
  void optionWithATypingMistake_isNamed_alsoIfItIsRequired() {
    Lines run = migctl("place", "--gp=b200-180gb", "1g.23gb");

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err())
        .containsExactly(
            "Unknown option: '--gp'",
            "Possible solutions: --gpu, --gpus, --gpu-index",
            "Missing required option: '--gpus=ID'",
            "Try 'migctl place --help'");
  }
}
