package io.github.mig4j.examples;

import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;

/** What docs/test-your-code.md tests: the code of an embedder. */
record GpuService(MigClient mig, ApplyTimings timings) {

  void split(String node) {
    GpuModel gpu = mig.node(node).status().model().orElseThrow();
    MigConfigSpec seven =
        MigConfigSpec.allDevices(MigLayout.on(gpu).add("1g.23gb", 7).build());
    mig.configMap("mig-config").merge("split", seven);
    mig.node(node).apply("split").timings(timings).await(Duration.ofMinutes(10));
  }
}
