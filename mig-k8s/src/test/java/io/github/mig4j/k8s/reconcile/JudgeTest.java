package io.github.mig4j.k8s.reconcile;

import static io.github.mig4j.k8s.reconcile.Nodes.G1;
import static io.github.mig4j.k8s.reconcile.Nodes.small;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.VerifiedRecord;
import io.github.mig4j.k8s.reconcile.Judge.Judgement;
import io.github.mig4j.k8s.reconcile.MigPolicy.OnDrift;
import io.github.mig4j.k8s.reconcile.NodeStanding.Cause;
import io.github.mig4j.k8s.reconcile.NodeStanding.Drift;
import io.github.mig4j.k8s.rollout.Canary;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.sharing.SharingKind;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every standing of a node, without a cluster. */
class JudgeTest {

  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");
  private static final String ME = "mig4j-reconciler";
  private static final MigConfig SMALL = MigConfig.of(MigConfigSpec.allDevices(small()));
  private static final String KEY = SMALL.contentName("p-b200-180gb");
  private static final MigPolicy POLICY = policy().build();

  private static MigPolicy.Builder policy() {
    return MigPolicy.builder()
        .name("p")
        .nodes(PolicyNodes.withLabels(Map.of("pool", "a")))
        .putGpus("b200-180gb", new PolicyTarget.Layout(new TreeMap<>(Map.of(G1, 7))));
  }

  /** The policy with another target. */
  private static MigPolicy policy(PolicyTarget target) {
    return MigPolicy.builder()
        .name("p")
        .nodes(POLICY.nodes())
        .putGpus("b200-180gb", target)
        .build();
  }

  private static Judgement judge(MigPolicy policy, Node node, Node... others) {
    return judge(List.of(policy), node, others);
  }

  private static Judgement judge(List<MigPolicy> policies, Node node, Node... others) {
    return new Judge(policies, NOON, ME, Map.of(), Optional.empty())
        .judge(facts(node), () -> List.of(others).stream().map(JudgeTest::facts).toList());
  }

  private static NodeFacts facts(Node node) {
    return NodeFacts.of(node, MigSettings.defaults());
  }

  /** A node of the policy that is as declared. */
  private static Node declared(String name) {
    return new NodeBuilder(Nodes.object(name, Map.of("pool", "a"), small()))
        .editMetadata()
        .addToLabels("nvidia.com/mig.config", KEY)
        .addToLabels("nvidia.com/mig.config.state", "success")
        .addToAnnotations(ChangeKind.LAYOUT.requestedKey(), KEY)
        .addToAnnotations(ChangeRecord.GPUS_KEY, "b200-180gb")
        .addToAnnotations(
            ChangeKind.LAYOUT.verifiedKey(),
            new VerifiedRecord(KEY, "hash", "2026-11-26T11:00:00Z", "basis", false).json())
        .endMetadata()
        .build();
  }

  /** A node of the policy that was never changed. */
  private static Node fresh(String name) {
    return Nodes.object(name, Map.of("pool", "a"), (MigLayout) null);
  }

  private static Node with(Node node, UnaryOperator<NodeBuilder> change) {
    return change.apply(new NodeBuilder(node)).build();
  }

  private static Node label(Node node, String key, String value) {
    return with(node, n -> n.editMetadata().addToLabels(key, value).endMetadata());
  }

  private static Node annotate(Node node, String key, String value) {
    return with(node, n -> n.editMetadata().addToAnnotations(key, value).endMetadata());
  }

  private static Node offering(Node node, MigLayout... layouts) {
    return with(node, n -> n.withStatus(Nodes.object("other", Map.of(), layouts).getStatus()));
  }

  private static void assertActs(Judgement judgement, Drift drift, String detail) {
    assertThat(judgement).isInstanceOfSatisfying(Judgement.Act.class, act -> {
      assertThat(act.drift()).isEqualTo(drift);
      assertThat(act.detail()).isEqualTo(detail);
    });
  }

  private static void assertRests(Judgement judgement, String message) {
    assertThat(judgement)
        .isInstanceOfSatisfying(
            Judgement.Rest.class, rest -> assertThat(rest.standing().message()).isEqualTo(message));
  }

  private static void assertWaits(Judgement judgement, Cause cause) {
    assertThat(judgement)
        .isInstanceOfSatisfying(
            Judgement.Rest.class,
            rest -> assertThat(rest.standing())
                .isInstanceOfSatisfying(
                    NodeStanding.Waiting.class,
                    waiting -> assertThat(waiting.cause()).isEqualTo(cause)));
  }

  @Test
  void node_thatOffersWhatIsDeclared_isLeftAlone() {
    Judgement judgement = judge(POLICY, declared("n"));

    assertThat(judgement)
        .isEqualTo(new Judgement.Rest(NodeStanding.AsDeclared.AS_DECLARED, Optional.empty()));
    assertRests(
        judge(POLICY, label(declared("n"), "nvidia.com/mig.config", KEY + "-r2")), "as declared");
  }

  @Test
  void node_ofNoPolicyOrTwo_isNotOurs() {
    MigPolicy other = MigPolicy.builder()
        .name("q")
        .nodes(POLICY.nodes())
        .putAllGpus(POLICY.gpus())
        .build();

    assertRests(
        judge(POLICY, Nodes.object("n", Map.of(), small())), "not ours: no policy chooses it");
    assertRests(
        judge(List.of(POLICY, other), declared("n")),
        "not ours: the policies p, q choose it; change their nodes");
    assertRests(
        judge(
            MigPolicy.builder()
                .name("p")
                .nodes(PolicyNodes.named("n"))
                .putGpus("l40s", PolicyTarget.Whole.WHOLE)
                .build(),
            declared("n")),
        "not ours: policy 'p' has no target for its GPU b200-180gb; add one");
    assertRests(
        judge(POLICY, label(declared("n"), "nvidia.com/gpu.product", "NVIDIA-X9000")),
        "not ours: its labels do not name the model of its GPUs; see its status");
  }

  @Test
  void node_thatIsNew_isChanged() {
    assertActs(
        judge(POLICY, fresh("n")), Drift.NEW, "it requests nothing instead of '%s'".formatted(KEY));
    assertActs(
        judge(POLICY, label(fresh("n"), "nvidia.com/mig.config", "all-disabled")),
        Drift.NEW,
        "it requests 'all-disabled' instead of '%s'".formatted(KEY));
  }

  @Test
  void node_thatAnotherClientHasLabelled_yieldsOrIsRestored() {
    Node relabelled = label(declared("n"), "nvidia.com/mig.config", "large");

    assertRests(
        judge(POLICY, relabelled),
        "drifted: it requests 'large' instead of '%s', which another client has set; set onDrift: restore, or change the policy or the node"
            .formatted(KEY));
    assertActs(
        judge(policy().onDrift(OnDrift.RESTORE).build(), relabelled),
        Drift.LABEL_CHANGED,
        "it requests 'large' instead of '%s', which another client has set".formatted(KEY));
  }

  @Test
  void node_whosePolicyHasChanged_isChanged() {
    MigPolicy larger = policy(new PolicyTarget.Layout(new TreeMap<>(Map.of(Nodes.G3, 2))));
    String key = MigConfig.of(MigConfigSpec.allDevices(Nodes.large())).contentName("p-b200-180gb");

    assertActs(
        judge(larger, declared("n")),
        Drift.CONTENT_CHANGED,
        "it requests '%s' instead of '%s'".formatted(KEY, key));
  }

  @Test
  void content_thatIsEditedUnderAHashedName_isDrift() {
    MigConfig large = MigConfig.of(MigConfigSpec.allDevices(Nodes.large()));
    MigConfigDocument edited = MigConfigDocument.empty().with(KEY, large);
    MigConfigDocument published = MigConfigDocument.empty().with(KEY, SMALL);
    String detail =
        "the MIG manager's ConfigMap has another content under '%s' than the hash in this name says"
            .formatted(KEY);

    assertActs(judge(edited), Drift.CONTENT_EDITED, detail);
    assertActs(judge(MigConfigDocument.empty()), Drift.CONTENT_EDITED, detail);
    assertRests(judge(published), "as declared");
  }

  private static Judgement judge(MigConfigDocument document) {
    return new Judge(List.of(POLICY), NOON, ME, Map.of(), Optional.of(document))
        .judge(facts(declared("n")), List::of);
  }

  @Test
  void node_thatHasLostItsDevices_isRepaired_thoughAnAdminMayNotBeOverruled() {
    assertActs(
        judge(POLICY, offering(declared("n"), (MigLayout) null)),
        Drift.DEVICES_GONE,
        "nvidia.com/mig-1g.23gb is 0 instead of 7, nvidia.com/gpu is 1 instead of 0");
  }

  @Test
  void node_whoseStateIsNotSuccess_isFollowed() {
    assertActs(
        judge(POLICY, label(declared("n"), "nvidia.com/mig.config.state", "failed")),
        Drift.STATE,
        "its MIG state is failed");
    assertActs(
        judge(
            POLICY,
            label(declared("n"), "nvidia.com/gpu.deploy.device-plugin", "paused-for-mig-change")),
        Drift.STATE,
        "its device-plugin is stopped");
  }

  @Test
  void node_withOtherGpusThanBefore_isSaidToHaveThem() {
    Node smaller = annotate(declared("n"), ChangeRecord.GPUS_KEY, "b200-180gb,b200-180gb");

    assertRests(
        judge(POLICY, smaller),
        "drifted: it has 1 GPUs, but had 2 b200-180gb before; repair it, or accept its GPUs with 'kubectl annotate node n mig4j.github.io/gpus-'");
    assertRests(
        judge(
            POLICY,
            annotate(declared("n"), ChangeRecord.GPUS_BEFORE_LOSS_KEY, "b200-180gb,b200-180gb")),
        "drifted: it has 1 GPUs, but had 2 b200-180gb before; repair it, or accept its GPUs with 'kubectl annotate node n mig4j.github.io/gpus-before-loss-'");
  }

  @Test
  void node_thatIsHeld_waits_butIsAsDeclaredIfItIs() {
    Node held = annotate(fresh("n"), MigPolicy.HOLD, "under repair");

    assertWaits(judge(POLICY, held), Cause.HOLD);
    assertRests(
        judge(POLICY, held),
        "waits: it requests nothing instead of '%s'; it is held: under repair; remove the annotation mig4j.github.io/hold"
            .formatted(KEY));
    assertWaits(judge(policy().held(true).build(), fresh("n")), Cause.HOLD);
    assertRests(judge(policy().held(true).build(), declared("n")), "as declared");
  }

  @Test
  void node_outsideOfTheWindow_waitsUntilItOpens() {
    MigPolicy nights = policy()
        .pace(Pace.builder()
            .addWindows(new MaintenanceWindow(
                Set.of(DayOfWeek.THURSDAY),
                LocalTime.of(22, 0),
                LocalTime.of(4, 0),
                ZoneOffset.UTC))
            .build())
        .build();

    assertThat(judge(nights, fresh("n")))
        .isInstanceOfSatisfying(
            Judgement.Rest.class,
            rest -> assertThat(rest.lookAgainAfter()).contains(Duration.ofHours(10)));
    assertWaits(judge(nights, fresh("n")), Cause.WINDOW);
    assertRests(judge(nights, declared("n")), "as declared");
  }

  @Test
  void nodes_beyondTheBudget_wait_butOneThatIsUnavailableItselfDoesNot() {
    Node broken = label(declared("m"), "nvidia.com/mig.config.state", "failed");

    assertWaits(judge(POLICY, fresh("n"), broken), Cause.BUDGET);
    assertActs(
        judge(
            POLICY, broken, fresh("n"), label(fresh("o"), "nvidia.com/mig.config.state", "failed")),
        Drift.STATE,
        "its MIG state is failed");
    assertThat(judge(POLICY, fresh("n"), declared("m"))).isInstanceOf(Judgement.Act.class);
  }

  @Test
  void node_afterTheCanary_waitsForIt() {
    MigPolicy policy = policy()
        .pace(Pace.builder()
            .canary(Canary.pause(Duration.ofMinutes(90)))
            .canaryNodes(1)
            .build())
        .build();
    MigPolicy approved = POLICY;
    MigPolicy shorter = policy()
        .pace(Pace.builder().canary(Canary.pause(Duration.ofMinutes(60))).build())
        .build();

    assertThat(judge(policy, fresh("n"), fresh("m"))).isInstanceOf(Judgement.Act.class);
    assertThat(judge(policy, fresh("n"), declared("m")))
        .isInstanceOfSatisfying(
            Judgement.Rest.class,
            rest -> assertThat(rest.lookAgainAfter()).contains(Duration.ofMinutes(30)));
    assertWaits(judge(policy, fresh("n"), declared("m")), Cause.CANARY);
    assertThat(judge(shorter, fresh("n"), declared("m"))).isInstanceOf(Judgement.Act.class);
    assertThat(judge(approved, fresh("n"), declared("m"))).isInstanceOf(Judgement.Act.class);
    assertThat(judge(policy, offering(declared("n"), (MigLayout) null), declared("m")))
        .isInstanceOf(Judgement.Act.class);
  }

  @Test
  void change_ofAnotherClient_isWaitedFor_andOneOfOursIsContinuedEvenIfHeld() {
    Node theirs = annotate(fresh("n"), ChangeRecord.KEY, record("ops").json());
    Node ours =
        annotate(annotate(fresh("n"), ChangeRecord.KEY, record(ME).json()), MigPolicy.HOLD, "");
    Node unreadable = annotate(fresh("n"), ChangeRecord.KEY, "{");

    assertWaits(judge(POLICY, theirs), Cause.OTHER_CLIENT);
    assertThat(judge(POLICY, ours)).isInstanceOf(Judgement.Act.class);
    assertThat(judge(POLICY, unreadable))
        .isInstanceOfSatisfying(
            Judgement.Rest.class,
            rest -> assertThat(rest.standing()).isInstanceOf(NodeStanding.Drifted.class));
  }

  private static ChangeRecord record(String by) {
    return ChangeRecord.of(
        ChangeKind.LAYOUT, "large", by, NOON.minusSeconds(60), NOON.plusSeconds(600), List.of());
  }

  @Test
  void change_ofAClientWhoseDeadlineHasPassed_isTakenOver() {
    ChangeRecord old = ChangeRecord.of(
        ChangeKind.LAYOUT, "large", "ops", NOON.minusSeconds(60), NOON.minusSeconds(1), List.of());

    assertThat(judge(POLICY, annotate(fresh("n"), ChangeRecord.KEY, old.json())))
        .isInstanceOf(Judgement.Act.class);
  }

  /** A look comes again soon, also if the deadline of the claim is far away by this clock. */
  @Test
  void clockThatIsSetBack_waitsForTheOtherClient_andLooksAgainSoon() {
    ChangeRecord later = ChangeRecord.of(
        ChangeKind.LAYOUT,
        "large",
        "ops",
        NOON.plus(Duration.ofDays(1)),
        NOON.plus(Duration.ofDays(1)).plusSeconds(600),
        List.of());

    assertThat(judge(POLICY, annotate(fresh("n"), ChangeRecord.KEY, later.json())))
        .isInstanceOfSatisfying(Judgement.Rest.class, rest -> {
          assertThat(rest.standing()).isInstanceOf(NodeStanding.Waiting.class);
          assertThat(rest.lookAgainAfter()).contains(Duration.ofMinutes(1));
        });
  }

  @Test
  void whole_isWhatOffersNoMigDevices() {
    MigPolicy whole = policy(PolicyTarget.Whole.WHOLE);

    assertRests(judge(whole, fresh("n")), "as declared");
    assertActs(
        judge(whole, declared("n")),
        Drift.NEW,
        "it offers {nvidia.com/mig-1g.23gb=7} instead of whole GPUs");
  }

  @Test
  void config_thatTheMapDoesNotHave_isNotJudgedAsDeclared() {
    MigPolicy named = policy(new PolicyTarget.Config("small"));

    assertActs(
        judge(named, declared("n")),
        Drift.BLOCKED,
        "the MIG manager's ConfigMap has no configuration 'small'; publish it");
  }

  @ParameterizedTest
  @EnumSource(SharingKind.class)
  void sharing_isJudgedByTheLabels(SharingKind kind) {
    MigPolicy four = policy(new PolicyTarget.Shared(kind, 4));
    Node shared = label(
        label(fresh("n"), "nvidia.com/gpu.replicas", "4"),
        "nvidia.com/gpu.sharing-strategy",
        kind.toString());

    assertRests(judge(four, shared), "as declared");
    assertThat(judge(four, label(shared, "nvidia.com/gpu.replicas", "2")))
        .isInstanceOf(Judgement.Act.class);
    assertThat(judge(four, fresh("n"))).isInstanceOf(Judgement.Act.class);
  }

  @Test
  void demand_keepsWhatIsThere_unlessAPlanSaysOtherwise() {
    MigPolicy demand = policy(new PolicyTarget.ForDemand(
        new TreeMap<>(), PolicyTarget.ForDemand.Pods.SERVED, OptionalInt.empty()));
    Judge planned = new Judge(
        List.of(demand),
        NOON,
        ME,
        Map.of("n", new TreeMap<>(Map.of(0, small()))),
        Optional.empty());

    assertRests(judge(demand, fresh("n")), "as declared");
    assertThat(planned.judge(facts(fresh("n")), List::of)).isInstanceOf(Judgement.Act.class);
  }
}
