package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.layout.MigLayout;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MigConfigOfGpusTest {

  private static final MigLayout SMALL =
      MigLayout.on(GpuCatalog.bundled().require("a30-24gb")).add("1g.6gb", 4).build();

  private static MigConfigDocument document(MigConfig config) {
    return MigConfigDocument.empty().with("c", config);
  }

  @Test
  void ofGpus_equalLayouts_areOneEntryForAll() {
    MigConfig config = MigConfig.ofGpus(new TreeMap<>(Map.of(0, SMALL, 1, SMALL)), 2);

    assertThat(config).isEqualTo(MigConfig.of(MigConfigSpec.allDevices(SMALL)));
  }

  @Test
  void ofGpus_gpuWithoutLayout_staysWhole_andEveryGpuIsSelectedOnce() {
    MigConfig config = MigConfig.ofGpus(new TreeMap<>(Map.of(1, SMALL)), 3);

    assertThat(document(config).toYaml()).isEqualTo("""
        version: v1
        mig-configs:
          c:
            - devices: [0, 2]
              mig-enabled: false
            - devices: [1]
              mig-enabled: true
              mig-devices:
                1g.6gb: 4
        """);
  }

  @Test
  void ofGpus_layoutOfAnAbsentGpu_isRefused() {
    for (int gpus : List.of(0, 1)) {
      assertThatThrownBy(() -> MigConfig.ofGpus(new TreeMap<>(Map.of(1, SMALL)), gpus))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("A node with %d GPUs cannot have layouts for the GPUs [1]".formatted(gpus));
    }
  }
}
