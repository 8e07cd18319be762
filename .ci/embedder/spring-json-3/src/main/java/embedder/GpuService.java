package embedder;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.FleetPlan;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.plan.Planner;
import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** A service that returns and reads values of the library, without any mapper of its own. */
@SpringBootApplication
@RestController
public class GpuService {

  private static final GpuModel A30 = GpuCatalog.bundled().require("a30-24gb");

  public static void main(String[] args) {
    SpringApplication.run(GpuService.class, args);
  }

  @GetMapping("/models/{id}")
  public GpuModel model(@PathVariable("id") String id) {
    return GpuCatalog.bundled().require(id);
  }

  @GetMapping("/placements/{profile}")
  public PlacementResult placement(@PathVariable("profile") String profile) {
    return MigLayout.on(A30).add(profile, 2).place();
  }

  @GetMapping("/status")
  public MigNodeStatus status() {
    return MigNodeStatus.unread("gpu-node");
  }

  @PostMapping("/layouts")
  public MigLayout layout(@RequestBody MigLayout layout) {
    return layout;
  }

  @PostMapping("/plans")
  public FleetPlan plan(@RequestBody Demand demand) {
    return Planner.of(List.of(PlanNode.named("node").gpus(A30, 2))).plan(demand);
  }

  @GetMapping("/demand")
  public Demand demand() {
    return Demand.of(DemandItem.of("2g.12gb", 3));
  }
}
