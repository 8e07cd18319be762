package io.github.mig4j.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.layout.MigLayout;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanJsonTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final GpuModel A30 = GpuCatalog.bundled().require("a30-24gb");
  private static final GpuModel L40S = GpuCatalog.bundled().require("l40s");
  private static final GpuModel UNKNOWN =
      GpuCatalog.bundled().require("rtx-pro-4500-blackwell-32gb");
  private static final MigLayout HALVES = MigLayout.on(A30).add("2g.12gb", 2).build();

  @Test
  void plan_hasTheGpusOfEachNode_andWhyDevicesAreUnmet() throws JsonProcessingException {
    FleetPlan plan = Planner.of(
            PlanNode.named("n").gpus(L40S, 1).gpu(PlanGpu.of(HALVES)).gpus(A30, 2))
        .plan(Demand.of(DemandItem.of("2g.12gb", 2), DemandItem.of("4g.24gb", 3).priority(1)));

    assertThat(MAPPER.readTree(MAPPER.writeValueAsString(plan))).isEqualTo(MAPPER.readTree("""
        {"gpus": 3, "lowerBound": 3, "gap": 0, "unmetCount": 2, "unmetLowerBound": 2,
         "optimal": true, "stopped": false,
         "layouts": [{"count": 3, "layout": {"gpu": "a30-24gb",
           "placements": [{"profile": "4g.24gb", "start": 0, "size": 4}],
           "devices": {"4g.24gb": 1}, "confidence": "published-smi"}}],
         "nodes": [{"node": "n", "kept": [],
           "cut": [
             {"first": 1, "count": 1, "layout": {"gpu": "a30-24gb",
               "placements": [{"profile": "4g.24gb", "start": 0, "size": 4}],
               "devices": {"4g.24gb": 1}, "confidence": "published-smi"}},
             {"first": 2, "count": 2, "layout": {"gpu": "a30-24gb",
               "placements": [{"profile": "4g.24gb", "start": 0, "size": 4}],
               "devices": {"4g.24gb": 1}, "confidence": "published-smi"}}]}],
         "met": [{"count": 0, "item": {"profile": "2g.12gb", "count": 2}},
                 {"count": 3, "item": {"profile": "4g.24gb", "count": 3, "priority": 1}}],
         "unmet": [{"item": {"profile": "2g.12gb", "count": 2}, "count": 2,
           "message": "2 of 2 x 2g.12gb unmet: the 3 GPUs that offer it are full; add 1 a30-24gb",
           "reason": {"code": "no-room", "gpus": 3, "more": {"a30-24gb": 1},
             "message": "the 3 GPUs that offer it are full; add 1 a30-24gb"}}]}"""));
  }

  /** Each reason, and GPUs that are cut, kept and without MIG. */
  private static List<FleetPlan> plans() {
    PlanGpu pinned = PlanGpu.of(HALVES).pinning(HALVES.placements());
    return List.of(
        Planner.of(PlanNode.named("a")
                .label("zone", "a")
                .gpus(A30, 2)
                .gpus(L40S, 1)
                .gpu(pinned))
            .plan(Demand.of(
                DemandItem.of("1g.6gb", 1),
                DemandItem.of("2g.12gb", 9).priority(2).onNodesWith("zone", "a"),
                DemandItem.of("1g.5gb", 1),
                DemandItem.of("4g.24gb", 1).onNodesWith("zone", "b"))),
        Planner.of(PlanNode.named("b").gpu(pinned)).plan(Demand.of(DemandItem.of("2g.12gb", 1))),
        Planner.of(PlanNode.named("c").gpu(PlanGpu.of(HALVES)))
            .plan(Demand.of(DemandItem.of("2g.12gb", 1))),
        Planner.fewest(UNKNOWN, Demand.of(DemandItem.of("1g.16gb", 1))),
        Planner.fewest(A30, Demand.of(DemandItem.of("1g.6gb", 9))));
  }

  @Test
  void plan_fromItsJson_isTheSame() throws JsonProcessingException {
    for (FleetPlan plan : plans()) {
      FleetPlan read = MAPPER.readValue(MAPPER.writeValueAsString(plan), FleetPlan.class);

      assertThat(read).isEqualTo(plan).hasToString(plan.toString());
      assertThat(read.toJson()).isEqualTo(plan.toJson());
    }
    assertThat(plans().stream().flatMap(plan -> plan.unmet().stream()))
        .extracting(unmet -> unmet.reason().code())
        .containsOnly("no-room", "no-profile", "no-node", "all-pinned", "not-known");
  }

  @Test
  void plan_thatCannotBe_isRefused() throws JsonProcessingException {
    FleetPlan plan =
        Planner.of(PlanNode.named("n").gpus(A30, 2)).plan(Demand.of(DemandItem.of("1g.6gb", 8)));
    String json = MAPPER.writeValueAsString(plan);

    assertRefused(
        json.replace("\"first\":0,\"count\":2", "\"first\":0,\"count\":0"),
        "Not a plan: node 'n' must have each GPU once, but has 0 from index 0");
    assertRefused(
        json.replace("\"first\":0,\"count\":2", "\"first\":0,\"count\":3"),
        "Not a plan: the layouts {a30-24gb [1g.6gb@0:1, 1g.6gb@1:1, 1g.6gb@2:1, 1g.6gb@3:1]=2}"
            + " are not those that the nodes get,"
            + " {a30-24gb [1g.6gb@0:1, 1g.6gb@1:1, 1g.6gb@2:1, 1g.6gb@3:1]=3}");
    assertRefused(
        json.replace("\"kept\":[]", "\"kept\":{}"),
        "Not a plan: 'kept' must be a list of objects, but was '{}'");
    assertRefused(json.replace("\"stopped\":false,", ""), "Not a plan: 'stopped' is missing");
    assertRefused(
        json.replace("\"stopped\":false", "\"stopped\":\"no\""),
        "Not a plan: 'stopped' must be true or false, but was 'no'");
    assertThatThrownBy(() -> PlanShortfall.Reason.ofJson(Map.of("code", "no-luck")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Not a reason: the code 'no-luck' is unknown");
  }

  private static void assertRefused(String json, String message) throws JsonProcessingException {
    @SuppressWarnings("unchecked")
    Map<String, Object> fields = MAPPER.readValue(json, Map.class);

    assertThatThrownBy(() -> FleetPlan.ofJson(fields))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void demand_whoseNumbersAreLong_orBigIntegers_isRead() {
    for (Number count : List.of(40, 40L, BigInteger.valueOf(40))) {
      assertThat(Demand.ofJson(List.of(Map.of("profile", "1g.6gb", "count", count))))
          .isEqualTo(Demand.of(DemandItem.of("1g.6gb", 40)));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[{\"profile\":\"1g.6gb\",\"count\":2147483648}]"
            + " | Not a demand: 'count' must be a whole number, but was '2147483648'",
        "[{\"profile\":\"1g.6gb\",\"count\":1.5}]"
            + " | Not a demand: 'count' must be a whole number, but was '1.5'",
        "[{\"count\":1}]"
            + " | Not a demand: an item must have either 'profile' or 'need', but was {count=1}",
        "[{\"profile\":\"1g.6gb\",\"need\":{\"memoryGib\":4},\"count\":1}]"
            + " | Not a demand: an item must have either 'profile' or 'need', but was"
            + " {profile=1g.6gb, need={memoryGib=4}, count=1}",
        "[null] | Not a demand: an item must not be null"
      })
  void demand_thatIsNone_isRefused(String json, String message) throws JsonProcessingException {
    @SuppressWarnings("unchecked")
    List<Map<String, Object>> items = MAPPER.readValue(json, List.class);

    assertThatThrownBy(() -> Demand.ofJson(items))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void shortfall_ofNoDevice_isRefused() {
    var reason = new PlanShortfall.AllPinned(1);

    assertThatThrownBy(() -> new PlanShortfall(DemandItem.of("2g.12gb", 2), 0, reason))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The count of 2 x 2g.12gb must be at least 1, but was 0");
  }
}
