package embedder;

import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import java.util.Map;

/** Splits the GPUs of a node; what a platform team has in its own service. */
final class GpuService {

  private final MigClient mig;
  private final ApplyTimings timings;

  GpuService(MigClient mig, ApplyTimings timings) {
    this.mig = mig;
    this.timings = timings;
  }

  Map<String, Long> split(String node, String gpu, String profile, int count) {
    var layout = MigLayout.on(GpuCatalog.bundled().require(gpu)).add(profile, count).build();
    mig.configMap("mig-config").merge("split", MigConfigSpec.allDevices(layout));
    return mig.node(node).apply("split").timings(timings).await(Duration.ofMinutes(10)).allocatable();
  }
}
