package io.github.mig4j.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.reconcile.MigPolicy.OnDrift;
import io.github.mig4j.k8s.rollout.Amount;
import io.github.mig4j.k8s.rollout.Canary;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.sharing.SharingKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MigPolicyFileTest {

  static final String FULL = """
      policies:
      - name: inference
        nodes: {labels: {pool: inference}, names: [gpu-7]}
        gpus:
          b200-180gb: {layout: {1g.23gb: 7}}
          h100-sxm-80gb: {config: h100-small}
          l40s: {timeSlicing: 4}
          l4: {sharing: four}
          a30-24gb: {whole: true}
          a100-40gb: {demand: {stock: {1g.5gb: 14, 3g.20gb: 2}, servePods: false, maxGpus: 8}}
          t4: {mps: 8}
        pace:
          maxUnavailable: 10%
          canary: {nodes: 2, pause: 30m}
          windows: [{days: [Sat, Sun], from: "22:00", to: "04:00", zone: Europe/Berlin}]
          coolDown: 1h30m
        disruption: ignore-pods
        onDrift: restore
        gated: true
        held: true
      """;

  private static final MigPolicy POLICY = MigPolicy.builder()
      .name("inference")
      .nodes(new PolicyNodes(new TreeMap<>(Map.of("pool", "inference")), List.of("gpu-7")))
      .putGpus("b200-180gb", new PolicyTarget.Layout(new TreeMap<>(Map.of(profile("1g.23gb"), 7))))
      .putGpus("h100-sxm-80gb", new PolicyTarget.Config("h100-small"))
      .putGpus("l40s", new PolicyTarget.Shared(SharingKind.TIME_SLICING, 4))
      .putGpus("l4", new PolicyTarget.SharingConfig("four"))
      .putGpus("a30-24gb", PolicyTarget.Whole.WHOLE)
      .putGpus(
          "a100-40gb",
          new PolicyTarget.ForDemand(
              new TreeMap<>(Map.of(profile("1g.5gb"), 14, profile("3g.20gb"), 2)),
              PolicyTarget.ForDemand.Pods.IGNORED,
              OptionalInt.of(8)))
      .putGpus("t4", new PolicyTarget.Shared(SharingKind.MPS, 8))
      .pace(Pace.builder()
          .maxUnavailable(Amount.percent(10))
          .canaryNodes(2)
          .canary(Canary.pause(Duration.ofMinutes(30)))
          .addWindows(new MaintenanceWindow(
              Set.of(DayOfWeek.SATURDAY, DayOfWeek.SUNDAY),
              LocalTime.of(22, 0),
              LocalTime.of(4, 0),
              ZoneId.of("Europe/Berlin")))
          .coolDown(Duration.ofMinutes(90))
          .build())
      .disruption(Disruption.IGNORE_PODS)
      .onDrift(OnDrift.RESTORE)
      .gated(true)
      .held(true)
      .build();

  private static MigProfile profile(String name) {
    return MigProfile.parse(name);
  }

  private static List<String> findings(String text) {
    return MigPolicyFile.read(text).findings().stream().map(Finding::toString).toList();
  }

  static String with(String target) {
    return """
        policies:
        - name: p
          nodes: {labels: {a: b}}
          gpus: %s
        """.formatted(target);
  }

  @Test
  void read_everyKey_isThePolicy() {
    MigPolicyFile file = MigPolicyFile.read(FULL);

    assertThat(file.findings()).isEmpty();
    assertThat(file.policies()).containsExactly(POLICY);
    assertThat(file).hasToString("policy file with 1 policies and 0 findings");
  }

  @Test
  void page_showsAFileWithoutFindings_andEveryCode() throws IOException {
    String page = Files.readString(Path.of("../docs/reconcile.md"));
    String file = page.substring(page.indexOf("```yaml") + 7, page.indexOf("```\n\n"));

    assertThat(findings(file)).isEmpty();
    for (PolicyCode code : PolicyCode.values()) {
      assertThat(page).contains("| `%s` |".formatted(code));
    }
  }

  @Test
  void yamlAndJson_areReadAsTheSamePolicies() {
    List<MigPolicy> policies = List.of(
        POLICY,
        MigPolicy.builder()
            .name("small")
            .nodes(PolicyNodes.named("n"))
            .putGpus("b200-180gb", PolicyTarget.Whole.WHOLE)
            .build());

    assertThat(MigPolicyFile.read(MigPolicyFile.yaml(policies)).policies()).isEqualTo(policies);
    assertThat(MigPolicyFile.read(MigPolicyFile.json(policies)).policies()).isEqualTo(policies);
  }

  @Test
  void read_unknownKey_isReported_andThePolicyIsNotRead() {
    String text = """
        policies:
        - name: p
          nodes: {labels: {a: b}}
          gpus: {NVIDIA-B200: {whole: true}}
          onDrifts: yield
        - name: q
          nodes: {labels: {a: c}}
          gpus: {NVIDIA-B200: {whole: true}}
        """;

    assertThat(findings(text))
        .containsExactly(
            "5:3: error: A policy file does not have the key 'onDrifts' here; did you mean onDrift? [unknown-key]");
    assertThat(MigPolicyFile.read(text).policies())
        .extracting(MigPolicy::name)
        .containsExactly("q");
  }

  @Test
  void read_valueThatYamlReadsAsABoolean_isToBeQuoted() {
    assertThat(findings(with("{b200-180gb: {config: yes}}")))
        .containsExactly(
            "4:31: error: policies[0].gpus.b200-180gb.config must be a text, but was the boolean true; quote it [invalid-value]");
  }

  @Test
  void read_withoutKeys_namesEachWithAnExample() {
    assertThat(findings("policies: [{}]"))
        .containsExactly(
            "1:12: error: policies[0] has no name; add it, e.g. 'name: inference' [missing-key]",
            "1:12: error: policies[0] has no nodes; add it, e.g. 'nodes: {labels: {pool: inference}}' [missing-key]",
            "1:12: error: policies[0] has no gpus; add it, e.g. 'gpus: {b200-180gb: {layout: {1g.23gb: 7}}}' [missing-key]");
    assertThat(findings(""))
        .containsExactly("1:1: error: The file is empty; begin with 'policies:' [missing-key]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{b200-180gb: {layout: {1g.12gb: 7}}}|unknown-profile",
        "{b200-180gb: {layout: {1g.23gb: 8}}}|layout-does-not-fit",
        "{b200-181gb: {whole: true}}|unknown-model",
        "{l40s: {layout: {1g.12gb: 1}}}|no-mig",
        "{l40s: {config: small}}|no-mig",
        "{b200-180gb: {demand: {stock: {1g.23gb: 15}, maxGpus: 2}}}|stock-does-not-fit",
        "{b200-180gb: {demand: {stock: {1g.24gb: 15}}}}|unknown-profile",
        "{b200-180gb: {whole: false}}|invalid-value",
        "{b200-180gb: {whole: true, config: small}}|invalid-value",
        "{b200-180gb: {timeSlicing: 1}}|invalid-value",
        "{b200-180gb: {mps: 49}}|invalid-value",
        "{b200-180gb: {layout: {}}}|invalid-value",
        "{b200-180gb: {demand: {servePods: false}}}|invalid-value",
        "{b200-180gb: {config: a b}}|invalid-value",
        "{b200-180gb: {whole: true}, NVIDIA-B200: {whole: true}}|invalid-value",
        "[]|invalid-value",
      })
  void read_targetThatCannotBe_hasOneFinding_andNoPolicy(String gpus, String code) {
    MigPolicyFile file = MigPolicyFile.read(with(gpus));

    assertThat(file.findings()).extracting(f -> f.code().toString()).containsOnly(code);
    assertThat(file.policies()).isEmpty();
  }

  @Test
  void read_stockAboveTheBound_saysHowManyGpusItNeeds() {
    assertThat(findings(with("{b200-180gb: {demand: {stock: {1g.23gb: 15}, maxGpus: 2}}}")))
        .containsExactly(
            "4:31: error: The stock needs at least 3 GPUs, but maxGpus is 2; reduce the stock or raise maxGpus [stock-does-not-fit]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{maxUnavailable: 0}",
        "{maxUnavailable: many}",
        "{canary: {nodes: 0}}",
        "{canary: {pause: soon}}",
        "{coolDown: -1m}",
        "{windows: [{from: '22:00', to: '25:00'}]}",
        "{windows: [{days: [Foo], from: '22:00', to: '23:00'}]}",
        "{windows: [{days: [], from: '22:00', to: '23:00'}]}",
        "{windows: [{from: '22:00', to: '23:00', zone: Mars}]}",
      })
  void read_paceThatCannotBe_isAnError(String pace) {
    MigPolicyFile file =
        MigPolicyFile.read(with("{b200-180gb: {whole: true}}") + "  pace: " + pace);

    assertThat(file.findings())
        .isNotEmpty()
        .allSatisfy(f -> assertThat(f.code()).isEqualTo(PolicyCode.INVALID_VALUE));
    assertThat(file.policies()).isEmpty();
  }

  @Test
  void pace_withANegativeCoolDown_isRefusedInPlainWords() {
    Pace.Builder pace = Pace.builder().coolDown(Duration.ofMinutes(-10));

    assertThatThrownBy(pace::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The cool-down must not be negative, but was -10 min");
  }

  @Test
  void read_policiesOfOneNode_areReported() {
    String both = """
        policies:
        - {name: a, nodes: {names: [n1, n2]}, gpus: {b200-180gb: {whole: true}}}
        - {name: b, nodes: {names: [n2]}, gpus: {b200-180gb: {whole: true}}}
        - {name: c, nodes: {labels: {pool: x}}, gpus: {b200-180gb: {whole: true}}}
        - {name: d, nodes: {labels: {zone: v}}, gpus: {b200-180gb: {whole: true}}}
        - {name: e, nodes: {labels: {pool: z, zone: w}}, gpus: {b200-180gb: {whole: true}}}
        - {name: a, nodes: {labels: {pool: q, zone: w}}, gpus: {b200-180gb: {whole: true}}}
        """;

    assertThat(findings(both))
        .containsExactly(
            "3:3: error: Policies 'a' and 'b' both name [n2]; name each node in one policy [same-node]",
            "5:3: warning: A node with the labels of policies 'c' and 'd' belongs to both, and is not changed then; use different values of one label [can-overlap]",
            "7:3: error: Two policies have the name 'a'; rename one [duplicate-name]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "}",
        "a: [",
        "42",
        "policies: 7",
        "policies: [7]",
        "\u0000",
        "policies: [[[]]]",
        "- a"
      })
  void read_anyText_throwsNothing(String text) {
    assertThat(MigPolicyFile.read(text).findings()).isNotEmpty();
  }

  @Test
  void nodes_areThoseWithAllLabels_orAListedName() {
    PolicyNodes nodes = new PolicyNodes(new TreeMap<>(Map.of("a", "1", "b", "2")), List.of("n"));

    assertThat(nodes.contains("m", Map.of("a", "1", "b", "2", "c", "3"))).isTrue();
    assertThat(nodes.contains("m", Map.of("a", "1"))).isFalse();
    assertThat(nodes.contains("n", Map.of())).isTrue();
    assertThat(PolicyNodes.named("n").contains("m", Map.of("a", "1"))).isFalse();
    assertThat(nodes).hasToString("a=1,b=2, n");
    assertThatThrownBy(() -> PolicyNodes.named())
        .hasMessage("A policy needs nodes, but has neither labels nor names");
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-27T21:00:00Z, PT24H", // Friday 22:00 in Berlin
    "2026-11-28T20:59:00Z, PT1M",
    "2026-11-28T21:00:00Z, PT0S",
    "2026-11-29T02:59:59Z, PT0S",
    "2026-11-29T03:00:00Z, PT18H",
    "2026-11-30T02:59:59Z, PT0S",
    "2026-11-30T03:00:00Z, PT138H",
  })
  void window_overMidnight_opensAtItsDays(Instant now, Duration wait) {
    assertThat(POLICY.pace().opensAfter(now)).isEqualTo(wait);
  }

  @Test
  void window_whoseClockJumps_opensAtTheLocalTime() {
    MaintenanceWindow window = new MaintenanceWindow(
        Set.of(DayOfWeek.SUNDAY),
        LocalTime.of(2, 30),
        LocalTime.of(4, 0),
        ZoneId.of("Europe/Berlin"));

    // On 28 March 2027 the clocks go from 2:00 to 3:00.
    assertThat(window.opensAfter(Instant.parse("2027-03-28T00:30:00Z")))
        .isEqualTo(Duration.ofHours(1));
    assertThat(window).hasToString("Sun 02:30-04:00 Europe/Berlin");
  }
}
