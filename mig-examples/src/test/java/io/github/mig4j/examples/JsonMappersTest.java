package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.FleetPlan;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.plan.Planner;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Values within an application's own types, and on mappers as applications configure them. */
class JsonMappersTest {

  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private static final FleetPlan PLAN = Planner.of(PlanNode.named("a").gpus(H100, 1))
      .plan(Demand.of(
          DemandItem.of("3g.40gb", 2),
          DemandItem.of("7g.80gb", 1),
          DemandItem.of("1g.5gb", 1).onNodesWith("zone", "b")));

  static Stream<ObjectMapper> mappers() {
    return Stream.of(
        new ObjectMapper(),
        new ObjectMapper().setSerializationInclusion(JsonInclude.Include.NON_EMPTY),
        new ObjectMapper().setSerializationInclusion(JsonInclude.Include.NON_DEFAULT),
        new ObjectMapper(new YAMLFactory()));
  }

  /** A mapper that leaves out what is empty writes less; what is missing is read as empty. */
  @ParameterizedTest
  @MethodSource("mappers")
  void plan_onAnyMapper_isReadBack(ObjectMapper mapper) throws IOException {
    FleetPlan empty = Planner.of(List.of()).plan(Demand.of(DemandItem.of("1g.5gb", 1)));

    for (FleetPlan plan : List.of(PLAN, empty)) {
      assertThat(mapper.readValue(mapper.writeValueAsString(plan), FleetPlan.class))
          .isEqualTo(plan);
    }
  }

  @Test
  void keysOfMaps_areTexts() throws IOException {
    Map<String, Object> maps = Map.of(
        "layouts", PLAN.layouts(),
        "met", PLAN.met(),
        "models", Map.of(H100, 1),
        "profiles", Map.of(MigProfile.parse("1g.10gb+me"), 1),
        "budgets", Map.of(Budget.MEMORY_MIB, 1));

    for (String json : List.of(
        new ObjectMapper().writeValueAsString(maps),
        new tools.jackson.databind.ObjectMapper().writeValueAsString(maps))) {
      assertThat(new ObjectMapper().readTree(json)).isEqualTo(new ObjectMapper().readTree("""
              {
                "layouts": {"h100-sxm-80gb [3g.40gb@0:4, 3g.40gb@4:4]": 1},
                "met": {"2 x 3g.40gb": 2, "1 x 7g.80gb": 0, "1 x 1g.5gb on nodes with zone=b": 0},
                "models": {"h100-sxm-80gb": 1},
                "profiles": {"1g.10gb+me": 1},
                "budgets": {"memory-mib": 1}
              }
              """));
    }
  }
}
