package embedder;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.fleet.FleetGpu;
import io.github.mig4j.gpu.Confidence;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.ProfileNeed;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.plan.Defragmentation;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.FleetPlan;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.plan.PlanShortfall;
import io.github.mig4j.plan.Planner;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.DevicePluginFlags;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class StoreTest {

  private final Store store = new Store();
  private final GpuModel h100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private final MigLayout layout = MigLayout.on(h100).add("3g.40gb", 2).build();
  private final Planner planner = Planner.of(PlanNode.named("node").gpus(h100, 2));
  private final FleetPlan plan = planner.plan(Demand.of(DemandItem.of("1g.10gb", 20)));

  @Test
  void program_isOnTheModulePath() {
    assertTrue(Store.class.getModule().isNamed());
    assertEquals("io.github.mig4j.model", MigLayout.class.getModule().getName());
  }

  private record Kept(Class<?> type, Object value) {}

  @Test
  void values_areReadAsTheyWereWritten() {
    MigConfigDocument document = MigConfigDocument.parse(
        "{version: v1, mig-configs: {a: [{devices: all, mig-enabled: false}]}}");
    DevicePluginConfig sharing = DevicePluginConfig.builder().build();
    assertAll(Stream.of(
            new Kept(GpuModel.class, h100),
            new Kept(MigProfile.class, MigProfile.parse("1g.10gb")),
            new Kept(ProfileNeed.class, ProfileNeed.anything().memoryGib(4)),
            new Kept(Confidence.class, Confidence.HARDWARE),
            new Kept(MigLayout.class, layout),
            new Kept(Placement.class, layout.placements().get(0)),
            new Kept(MigConfigSpec.class, MigConfigSpec.allDevices(layout)),
            new Kept(MigConfig.class, document.configs().get("a")),
            new Kept(MigConfigDocument.class, document),
            new Kept(DevicePluginConfig.class, sharing),
            new Kept(DevicePluginFlags.class, sharing.flags()),
            new Kept(Demand.class, Demand.of(DemandItem.of("1g.10gb", 20))),
            new Kept(FleetPlan.class, plan),
            new Kept(PlanShortfall.class, plan.unmet().get(0)),
            new Kept(
                Defragmentation.class,
                planner.defragment(Demand.of(DemandItem.of("1g.10gb", 2)))))
        .map(kept -> () -> {
          String json = store.write2(kept.value);
          assertEquals(json, store.write3(kept.value));
          assertEquals(kept.value, store.read2(json, kept.type));
          assertEquals(kept.value, store.read3(json, kept.type));
        }));
  }

  @Test
  void values_thatAreNotRead_areWritten() {
    assertAll(Stream.<Object>of(
            MigLayout.on(h100).add("3g.40gb", 3).place(),
            h100.profiles().get(0),
            h100.profiles().get(0).provenance(GpuInstanceProfile.Field.values()[0]),
            FleetGpu.of("node", 0, layout),
            List.of(PlanNode.named("node").gpus(h100, 2)))
        .map(value -> () -> assertEquals(store.write2(value), store.write3(value))));
  }
}
