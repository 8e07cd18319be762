package io.github.mig4j.k8s.reconcile;

import static io.github.mig4j.k8s.reconcile.Nodes.B200;
import static io.github.mig4j.k8s.reconcile.Nodes.G1;
import static io.github.mig4j.k8s.reconcile.Nodes.G3;
import static io.github.mig4j.k8s.reconcile.Nodes.large;
import static io.github.mig4j.k8s.reconcile.Nodes.node;
import static io.github.mig4j.k8s.reconcile.Nodes.pod;
import static io.github.mig4j.k8s.reconcile.Nodes.small;
import static io.github.mig4j.k8s.reconcile.Nodes.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTermBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.node.NodeCapacity;
import io.github.mig4j.layout.MigLayout;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PendingPodsTest {

  private static final MigLayout WHOLE = null;

  private static PolicyTarget.ForDemand demand(Map<MigProfile, Integer> stock, int maxGpus) {
    return new PolicyTarget.ForDemand(
        new TreeMap<>(stock),
        PolicyTarget.ForDemand.Pods.SERVED,
        maxGpus == 0 ? OptionalInt.empty() : OptionalInt.of(maxGpus));
  }

  private static PendingPods plan(Collection<WaitingPod> pods, NodeCapacity... nodes) {
    return PendingPods.of(pods, List.of(nodes), demand(Map.of(), 0), Map.of());
  }

  private static List<String> messages(PendingPods plan) {
    return plan.answers().stream().map(PodAnswer::message).toList();
  }

  @Test
  void podThatFits_cutsNothing() {
    PendingPods plan =
        plan(waiting(1, G1), node("a", Map.of(), WHOLE), node("b", Map.of(G1, 6), small()));

    assertThat(plan.changes()).isEmpty();
    assertThat(messages(plan))
        .containsExactly(
            "ml/1g.23gb-00: node b has its devices free, so it waits for something else; see 'kubectl describe pod'");
  }

  @Test
  void podThatFitsNowhere_cutsOneIdleGpu_filledWithWhatPodsAskFor() {
    PendingPods plan =
        plan(waiting(2, G1), node("a", Map.of(G1, 7), small()), node("b", Map.of(), WHOLE, WHOLE));

    assertThat(plan.changes()).containsOnlyKeys("b");
    assertThat(plan.changes().get("b")).hasSize(1);
    assertThat(plan.changes().get("b").values())
        .extracting(MigLayout::devices)
        .containsExactly(new TreeMap<>(Map.of(G1, 7)));
    assertThat(messages(plan))
        .containsExactly(
            "ml/1g.23gb-00: node b will serve it after a change of its layout",
            "ml/1g.23gb-01: node b will serve it after a change of its layout");
  }

  private static final MigLayout MIXED =
      MigLayout.on(B200).add(G3, 1).add(G1, 4).build();

  @Test
  void restOfAGpu_isCutInTheProportionOfWhatPodsUseAndWaitFor() {
    List<WaitingPod> pods = new ArrayList<>(waiting(1, G3));
    pods.addAll(waiting(2, G1));

    PendingPods plan = plan(pods, node("a", Map.of(G1, 7), small()), node("b", Map.of(), WHOLE));

    assertThat(plan.changes()).containsExactly(Map.entry("b", new TreeMap<>(Map.of(0, MIXED))));
  }

  /** Nodes offer at least half as many again as pods use: 6 for 4, and 10 for 7. */
  @Test
  void otherGpusOfTheNode_areCut_whileNodesOfferTooLittle() {
    NodeCapacity idle = node("b", Map.of(), WHOLE, WHOLE, WHOLE);

    assertThat(plan(waiting(1, G3), node("a", Map.of(G1, 4), small()), idle).changes())
        .containsExactly(Map.entry("b", new TreeMap<>(Map.of(0, large()))));
    assertThat(plan(waiting(1, G3), node("a", Map.of(G1, 7), small()), idle).changes())
        .containsExactly(Map.entry("b", new TreeMap<>(Map.of(0, large(), 1, MIXED))));
  }

  /** Three whole GPUs stay for the two that are in use. */
  @Test
  void otherGpusOfTheNode_stayWhole_whilePodsUseWholeGpus() {
    NodeCapacity busy = node("a", Map.of(G1, 7), small());
    NodeCapacity idle = node("b", Map.of(), WHOLE, WHOLE, WHOLE);
    NodeCapacity whole = node("c", Map.of(), WHOLE, WHOLE);
    NodeCapacity inUse = new NodeCapacity(
        whole.status(),
        whole.labels(),
        new TreeMap<>(Map.of("nvidia.com/gpu", 2L)),
        whole.layouts());

    assertThat(
            plan(waiting(1, G3), busy, inUse, node("b", Map.of(), WHOLE, WHOLE)).changes())
        .containsExactly(Map.entry("b", new TreeMap<>(Map.of(0, large()))));
    assertThat(plan(waiting(1, G3), busy, inUse, idle).changes())
        .containsExactly(Map.entry("b", new TreeMap<>(Map.of(0, large(), 1, MIXED))));
  }

  @Test
  void otherGpusOfTheNode_stay_whereTheBoundOrTheStockForbidsTheirChange() {
    NodeCapacity busy = node("a", Map.of(G1, 7), small());

    assertThat(PendingPods.of(
                waiting(1, G3),
                List.of(busy, node("b", Map.of(), WHOLE, WHOLE)),
                demand(Map.of(), 2),
                Map.of())
            .changes())
        .containsExactly(Map.entry("b", new TreeMap<>(Map.of(0, large()))));
    List<NodeCapacity> nodes =
        List.of(node("a", Map.of(G1, 14), small(), small()), node("b", Map.of(), WHOLE, large()));
    assertThat(
            PendingPods.of(waiting(1, G1), nodes, demand(Map.of(), 0), Map.of()).changes())
        .containsExactly(Map.entry("b", new TreeMap<>(Map.of(0, small(), 1, small()))));
    assertThat(PendingPods.of(waiting(1, G1), nodes, demand(Map.of(G3, 2), 0), Map.of())
            .changes())
        .containsExactly(Map.entry("b", new TreeMap<>(Map.of(0, small(), 1, large()))));
  }

  /** A plan for both together needs fewest GPUs, but it may divide their devices among the nodes. */
  @Test
  void podOfSeveralDevices_getsAllOnOneNode() {
    List<WaitingPod> pods = List.of(
        waiting("small", Map.of(G1, 14)),
        waiting("large", Map.of(G3, 4)),
        waiting("more", Map.of(G3, 4)));

    PendingPods plan =
        plan(pods, node("a", Map.of(), WHOLE, WHOLE), node("b", Map.of(), WHOLE, WHOLE));

    assertThat(messages(plan))
        .containsExactly(
            "ml/large: node a will serve it after a change of its layout",
            "ml/more: node b will serve it after a change of its layout",
            "ml/small: no node will serve it: its devices do not fit on the idle GPUs beside those of other pods; add GPUs or wait");
    assertThat(plan.changes())
        .containsExactly(
            Map.entry("a", new TreeMap<>(Map.of(0, large(), 1, large()))),
            Map.entry("b", new TreeMap<>(Map.of(0, large(), 1, large()))));
  }

  @Test
  void podsOnEveryNode_areNamedAsTheReason() {
    PendingPods plan = plan(waiting(1, G3), node("a", Map.of(G1, 1), small()));

    assertThat(plan.changes()).isEmpty();
    assertThat(messages(plan))
        .containsExactly("ml/3g.90gb-00: no node will serve it: node a: pods use its GPUs");
  }

  @Test
  void profileOfNoModel_isTheReason() {
    PendingPods plan = plan(waiting(1, MigProfile.parse("1g.5gb")), node("a", Map.of(), WHOLE));

    assertThat(messages(plan))
        .containsExactly(
            "ml/1g.5gb-00: no node will serve it: no GPU of these nodes has 1g.5gb; see the profiles of their models");
  }

  @Test
  void bound_isNotExceeded_andIsTheReason() {
    PendingPods plan = PendingPods.of(
        waiting(1, G3),
        List.of(node("a", Map.of(G1, 1), small()), node("b", Map.of(), WHOLE)),
        demand(Map.of(), 1),
        Map.of());

    assertThat(plan.changes()).isEmpty();
    assertThat(messages(plan))
        .containsExactly(
            "ml/3g.90gb-00: no node will serve it: at most 1 GPUs may have MIG devices; raise maxGpus");
  }

  @Test
  void stock_isNotBroken_andIsTheReason() {
    PendingPods plan = PendingPods.of(
        waiting(1, G3), List.of(node("a", Map.of(), small())), demand(Map.of(G1, 7), 0), Map.of());

    assertThat(plan.changes()).isEmpty();
    assertThat(messages(plan))
        .containsExactly(
            "ml/3g.90gb-00: no node will serve it: a cut would leave less than the stock; reduce the stock or add GPUs");
  }

  @Test
  void stockThatIsMissing_isCut_withoutAnyPod() {
    PendingPods plan = PendingPods.of(
        List.of(),
        List.of(node("a", Map.of(G1, 2), small()), node("b", Map.of(), WHOLE)),
        demand(Map.of(G1, 7, G3, 2), 0),
        Map.of());

    assertThat(plan.changes()).containsOnlyKeys("b");
    assertThat(plan.changes().get("b").get(0).devices()).containsEntry(G3, 2);
  }

  @Test
  void keptNode_staysAndItsReasonIsNamed() {
    PendingPods plan = PendingPods.of(
        waiting(1, G3),
        List.of(node("a", Map.of(), small())),
        demand(Map.of(), 0),
        Map.of("a", "it was changed 2 min ago"));

    assertThat(plan.changes()).isEmpty();
    assertThat(messages(plan))
        .containsExactly("ml/3g.90gb-00: no node will serve it: node a: it was changed 2 min ago");
  }

  @Test
  void nodeSelector_isObeyed() {
    WaitingPod pod = WaitingPod.of(new PodBuilder(pod("p", Map.of(G1, 1)))
            .editSpec()
            .addToNodeSelector("zone", "b")
            .endSpec()
            .build())
        .orElseThrow();
    PendingPods plan = plan(
        List.of(pod),
        node("a", Map.of("zone", "a"), Map.of(), small()),
        node("b", Map.of("zone", "b"), Map.of(), WHOLE));

    assertThat(plan.changes()).containsOnlyKeys("b");
  }

  @SafeVarargs
  private static Pod affine(String name, List<NodeSelectorRequirement>... terms) {
    return new PodBuilder(pod(name, Map.of(G1, 1)))
        .editSpec()
        .withNewAffinity()
        .withNewNodeAffinity()
        .withNewRequiredDuringSchedulingIgnoredDuringExecution()
        .withNodeSelectorTerms(Stream.of(terms)
            .map(
                term -> new NodeSelectorTermBuilder().withMatchExpressions(term).build())
            .toList())
        .endRequiredDuringSchedulingIgnoredDuringExecution()
        .endNodeAffinity()
        .endAffinity()
        .endSpec()
        .build();
  }

  private static NodeSelectorRequirement expression(String key, String operator, String... values) {
    return new NodeSelectorRequirement(key, operator, List.of(values));
  }

  /** Each operator on a node with the value, with another value, and without the label. */
  @ParameterizedTest
  @CsvSource({
    "zone, In, b, false true false",
    "zone, NotIn, a, false true true",
    "zone, Exists, , true true false",
    "zone, DoesNotExist, , false false true",
    "size, Gt, 4, false true false",
    "size, Lt, 5, true false false",
    "size, Gt, four, false false false",
  })
  void nodeAffinity_isThatOfTheScheduler(
      String key, String operator, @Nullable String value, String expected) {
    String[] values = value == null ? new String[0] : new String[] {value};
    WaitingPod pod =
        WaitingPod.of(affine("p", List.of(expression(key, operator, values)))).orElseThrow();

    assertThat("%s %s %s"
            .formatted(
                pod.isFor("a", Map.of("zone", "a", "size", "4")),
                pod.isFor("b", Map.of("zone", "b", "size", "10")),
                pod.isFor("c", Map.of("size", "many"))))
        .isEqualTo(expected);
  }

  @Test
  void nodeAffinity_needsAllOfOneTerm_andEmptyTermsChooseNoNode() {
    WaitingPod pod = WaitingPod.of(affine(
            "p",
            List.of(expression("zone", "In", "a"), expression("pool", "Exists")),
            List.of(expression("zone", "In", "b")),
            List.of()))
        .orElseThrow();

    assertThat(pod.isFor("n", Map.of("zone", "a"))).isFalse();
    assertThat(pod.isFor("n", Map.of("zone", "a", "pool", "x"))).isTrue();
    assertThat(pod.isFor("n", Map.of("zone", "b"))).isTrue();
    assertThat(pod.isFor("n", Map.of())).isFalse();
  }

  @Test
  void nodeAffinity_ofAField_choosesNodesByName() {
    Pod pod = new PodBuilder(affine("p", List.of()))
        .editSpec()
        .editAffinity()
        .editNodeAffinity()
        .editRequiredDuringSchedulingIgnoredDuringExecution()
        .editFirstNodeSelectorTerm()
        .withMatchFields(expression("metadata.name", "In", "b"))
        .endNodeSelectorTerm()
        .endRequiredDuringSchedulingIgnoredDuringExecution()
        .endNodeAffinity()
        .endAffinity()
        .endSpec()
        .build();

    PendingPods plan = plan(
        List.of(WaitingPod.of(pod).orElseThrow()),
        node("a", Map.of(), WHOLE),
        node("b", Map.of(), WHOLE));

    assertThat(plan.changes()).containsOnlyKeys("b");
  }

  @Test
  void nodeAffinity_isObeyedByThePlan_alsoWhereNodesAreFree() {
    WaitingPod fits =
        WaitingPod.of(affine("p", List.of(expression("zone", "NotIn", "a")))).orElseThrow();
    WaitingPod none =
        WaitingPod.of(affine("q", List.of(expression("zone", "In", "c")))).orElseThrow();
    PendingPods plan = plan(
        List.of(fits, none),
        node("a", Map.of("zone", "a"), Map.of(), small()),
        node("b", Map.of("zone", "b"), Map.of(), WHOLE));

    assertThat(plan.changes()).containsOnlyKeys("b");
    assertThat(messages(plan))
        .containsExactly(
            "ml/p: node b will serve it after a change of its layout",
            "ml/q: no node will serve it: no node meets its nodeSelector and its required node affinity; change them or label a node");
  }

  /** Pods that ask for the same devices, but of other nodes, have their own answers. */
  @Test
  void nodeAffinity_isPartOfWhatAPodAsksFor() {
    WaitingPod nowhere =
        WaitingPod.of(affine("p", List.of(expression("zone", "In", "c")))).orElseThrow();
    WaitingPod used =
        WaitingPod.of(affine("q", List.of(expression("zone", "In", "a")))).orElseThrow();

    PendingPods plan =
        plan(List.of(nowhere, used), node("a", Map.of("zone", "a"), Map.of(G3, 2), large()));

    assertThat(plan.answers())
        .extracting(answer -> ((PodAnswer.Unserved) answer).reason())
        .containsExactly(PodAnswer.Reason.NO_NODE, PodAnswer.Reason.NODES_KEPT);
  }

  @Test
  void podOfSeveralDevices_isServedByOneNode() {
    PendingPods plan = plan(
        List.of(waiting("p", Map.of(G1, 1, G3, 1))),
        node("a", Map.of(G3, 2), large()),
        node("b", Map.of(), WHOLE));

    assertThat(plan.answers()).hasExactlyElementsOfTypes(PodAnswer.Served.class);
    assertThat(plan.changes().get("b").get(0).devices()).containsKeys(G1, G3);
  }

  @Test
  void waitingPod_isOnlyOneThatTheSchedulerRefused() {
    var unscheduled = pod("p", Map.of(G1, 1));
    var gated = new PodBuilder(unscheduled)
        .editStatus()
        .editFirstCondition()
        .withReason("SchedulingGated")
        .endCondition()
        .endStatus()
        .build();
    var bound =
        new PodBuilder(unscheduled).editSpec().withNodeName("a").endSpec().build();
    var affine = affine("p", List.of(expression("zone", "Near", "a")));

    assertThat(WaitingPod.of(unscheduled)).isPresent();
    assertThat(WaitingPod.of(gated)).isEmpty();
    assertThat(WaitingPod.of(bound)).isEmpty();
    assertThat(WaitingPod.of(pod("p", Map.of()))).isEmpty();
    assertThat(messages(
            plan(List.of(WaitingPod.of(affine).orElseThrow()), node("a", Map.of(), WHOLE))))
        .containsExactly(
            "ml/p: no node will serve it: its required node affinity has the operator 'Near', which is not known; choose nodes by a nodeSelector");
  }

  /** A node with one to three GPUs of a layout each, and perhaps pods. */
  private record Drawn(List<Integer> layouts, int used) {
    NodeCapacity node(String name) {
      MigLayout[] gpus = layouts.stream()
          .map(kind -> switch (kind) {
            case 0 -> WHOLE;
            case 1 -> small();
            default -> large();
          })
          .toArray(MigLayout[]::new);
      Map<MigProfile, Integer> inUse = new TreeMap<>();
      for (MigLayout gpu : gpus) {
        if (gpu != null && used > 0 && inUse.isEmpty()) {
          inUse.put(gpu.devices().firstKey(), Math.min(used, 2));
        }
      }
      return Nodes.node(name, inUse, gpus);
    }
  }

  /** A problem. */
  private record Problem(
      List<NodeCapacity> nodes, List<WaitingPod> pods, PolicyTarget.ForDemand target) {}

  @Provide
  Arbitrary<Problem> problems() {
    Arbitrary<Drawn> node = Combinators.combine(
            Arbitraries.integers().between(0, 2).list().ofMinSize(1).ofMaxSize(3),
            Arbitraries.integers().between(0, 2))
        .as(Drawn::new);
    Arbitrary<Map<MigProfile, Integer>> devices = Combinators.combine(
            Arbitraries.integers().between(0, 3), Arbitraries.integers().between(0, 2))
        .filter((small, large) -> small + large > 0)
        .as((small, large) -> {
          Map<MigProfile, Integer> wanted = new TreeMap<>();
          if (small > 0) {
            wanted.put(G1, small);
          }
          if (large > 0) {
            wanted.put(G3, large);
          }
          return wanted;
        });
    return Combinators.combine(
            node.list().ofMinSize(1).ofMaxSize(4),
            devices.list().ofMaxSize(6),
            Arbitraries.integers().between(0, 10),
            Arbitraries.integers().between(0, 3),
            Arbitraries.integers().between(0, 4))
        .as((nodes, pods, stock1, stock3, max) -> {
          List<NodeCapacity> capacities = new ArrayList<>();
          nodes.forEach(each -> capacities.add(each.node("n" + capacities.size())));
          List<WaitingPod> waiting = new ArrayList<>();
          pods.forEach(each -> waiting.add(Nodes.waiting("p" + waiting.size(), each)));
          Map<MigProfile, Integer> stock = new TreeMap<>();
          if (stock1 > 0) {
            stock.put(G1, stock1);
          }
          if (stock3 > 0) {
            stock.put(G3, stock3);
          }
          return new Problem(capacities, waiting, demand(stock, max));
        });
  }

  @Property(tries = 400)
  void anyProblem_hasASafeAnswer(@ForAll("problems") Problem problem) {
    PendingPods plan = PendingPods.of(problem.pods, problem.nodes, problem.target, Map.of());
    Map<String, NodeCapacity> nodes = new TreeMap<>();
    problem.nodes.forEach(node -> nodes.put(node.status().node(), node));

    assertThat(plan.answers()).hasSameSizeAs(problem.pods);
    plan.changes()
        .keySet()
        .forEach(name -> assertThat(nodes.get(name).isPinned()).isFalse());
    plan.answers().forEach(answer -> {
      if (answer instanceof PodAnswer.Fits fits) {
        assertThat(plan.changes()).doesNotContainKey(fits.node());
      }
    });
    assertStockIsKept(problem, plan, nodes);
    assertServedPodsFit(plan);
    assertBound(problem, plan, nodes);
    assertEveryChangeHasAReason(problem, plan, nodes);
  }

  private static void assertStockIsKept(
      Problem problem, PendingPods plan, Map<String, NodeCapacity> nodes) {
    SortedMap<MigProfile, Integer> before = total(nodes, Map.of());
    SortedMap<MigProfile, Integer> after = total(nodes, plan.changes());
    problem
        .target
        .stock()
        .forEach((profile, count) -> assertThat(after.getOrDefault(profile, 0))
            .isGreaterThanOrEqualTo(Math.min(count, before.getOrDefault(profile, 0))));
  }

  private static void assertServedPodsFit(PendingPods plan) {
    plan.changes().forEach((name, layouts) -> {
      SortedMap<MigProfile, Integer> left = new TreeMap<>();
      layouts
          .values()
          .forEach(layout -> layout
              .devices()
              .forEach((profile, count) -> left.merge(profile, count, Integer::sum)));
      plan.answers().stream()
          .filter(answer -> answer instanceof PodAnswer.Served s && s.node().equals(name))
          .forEach(answer -> answer
              .pod()
              .devices()
              .forEach((profile, count) -> left.merge(profile, -count, Integer::sum)));
      assertThat(left.values()).allMatch(count -> count >= 0);
      layouts.forEach((index, layout) -> assertThat(layout.gpu()).isEqualTo(B200));
    });
  }

  private static void assertBound(
      Problem problem, PendingPods plan, Map<String, NodeCapacity> nodes) {
    long before =
        nodes.values().stream().mapToLong(node -> node.layouts().size()).sum();
    long after = nodes.entrySet().stream()
        .mapToLong(node -> plan.changes()
            .getOrDefault(node.getKey(), node.getValue().layouts())
            .size())
        .sum();
    problem
        .target
        .maxGpus()
        .ifPresent(max -> assertThat(after).isLessThanOrEqualTo(Math.max(max, before)));
  }

  private static void assertEveryChangeHasAReason(
      Problem problem, PendingPods plan, Map<String, NodeCapacity> nodes) {
    SortedMap<MigProfile, Integer> before = total(nodes, Map.of());
    boolean lacked = problem.target.stock().entrySet().stream()
        .anyMatch(each -> before.getOrDefault(each.getKey(), 0) < each.getValue());
    boolean serves = plan.answers().stream().anyMatch(PodAnswer.Served.class::isInstance);
    if (!lacked && !serves) {
      assertThat(plan.changes()).isEmpty();
    }
  }

  private static SortedMap<MigProfile, Integer> total(
      Map<String, NodeCapacity> nodes, Map<String, SortedMap<Integer, MigLayout>> changes) {
    SortedMap<MigProfile, Integer> total = new TreeMap<>();
    nodes.forEach((name, node) -> changes
        .getOrDefault(name, node.layouts())
        .values()
        .forEach(
            layout -> layout.devices().forEach((p, count) -> total.merge(p, count, Integer::sum))));
    return total;
  }
}
