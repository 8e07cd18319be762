package io.github.mig4j.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.config.MigStrategy;
import io.github.mig4j.gpu.GpuModel;
import org.junit.jupiter.api.Test;

class MigNodeStatusTest {

  @Test
  void read_cutNode_saysWhatItIsAndOffers() {
    var status =
        read(Nodes.cutIntoSeven().config("small-4f1c09ae-r2", "success").running());

    assertThat(status.product()).contains("NVIDIA-B200");
    assertThat(status.model()).map(GpuModel::id).contains("b200-180gb");
    assertThat(status.gpus()).hasValue(1);
    assertThat(status.migCapable()).contains(true);
    assertThat(status.strategy()).isEqualTo(MigStrategy.MIXED);
    assertThat(status.config()).contains("small-4f1c09ae-r2");
    assertThat(status.configName()).contains("small");
    assertThat(status.state()).contains(MigState.SUCCESS);
    assertThat(status.allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
    assertThat(status.paused()).isEmpty();
    assertThat(status.problems()).isEmpty();
  }

  @Test
  void read_singleStrategy_leavesTheNumberOfGpusOpen() {
    var status = read(Nodes.b200(7)
        .label(Labels.MIG_STRATEGY, "single")
        .label(Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-1g.23gb"));

    assertThat(status.model()).map(GpuModel::id).contains("b200-180gb");
    assertThat(status.gpus()).isEmpty();
  }

  @Test
  void read_invalidUnderSingle_isAProblem() {
    var status = read(Nodes.b200(0).label(Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-INVALID"));

    assertThat(status.problems())
        .containsExactly(
            "Node gpu-node offers no GPU: feature discovery calls it 'NVIDIA-B200-MIG-INVALID',"
                + " because under strategy single all GPUs must be cut alike. Apply a uniform"
                + " layout or use strategy mixed");
  }

  @Test
  void read_wordsThatNobodyKnows_areUnknown() {
    var status = read(Nodes.b200(1).config("x", "sleeping").label(Labels.MIG_STRATEGY, "double"));

    assertThat(status.state()).contains(MigState.UNKNOWN);
    assertThat(status.strategy()).isEqualTo(MigStrategy.NONE);
    assertThat(status.problems())
        .containsExactly("Node gpu-node has MIG strategy 'double'; expected none, single or mixed");
  }

  @Test
  void read_mistakenKey_namesTheRightOne() {
    var status = read(Nodes.b200(1).label("nvidia.com/mig-config", "b200-split-small"));

    assertThat(status.problems())
        .containsExactly(
            "Node gpu-node has the label nvidia.com/mig-config=b200-split-small, which nothing"
                + " reads; the key is nvidia.com/mig.config. Remove it with 'kubectl label node"
                + " gpu-node nvidia.com/mig-config-'");
  }

  @Test
  void read_mistakenKeyThatTheManagerWatches_isNoMistake() {
    var settings = MigSettings.builder().configLabel("nvidia.com/mig-config").build();

    var status =
        StatusReader.read(Nodes.b200(1).label("nvidia.com/mig-config", "x").build(), settings);

    assertThat(status.config()).contains("x");
    assertThat(status.problems()).isEmpty();
  }

  @Test
  void read_sharedMigDevices_stillTellTheModel() {
    var status = read(Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-GB200")
        .without(Labels.GPU_MEMORY)
        .offers("nvidia.com/mig-1g.23gb.shared", 14));

    assertThat(status.model()).map(GpuModel::id).contains("gb200-186gb");
  }

  @Test
  void read_unknownProduct_isAProblem() {
    var status = read(Nodes.b200(1).label(Labels.GPU_PRODUCT, "NVIDIA-Q1000"));

    assertThat(status.model()).isEmpty();
    assertThat(status.problems())
        .containsExactly(
            "Node gpu-node has GPU product 'NVIDIA-Q1000', which is not in the catalogue; add its"
                + " model to the settings");
  }

  /** Two boards are sold as NVIDIA GB200; their memory tells them apart. */
  @Test
  void read_productOfTwoModels_goesByMemory() {
    var narrowed = read(
        Nodes.b200(1).label(Labels.GPU_PRODUCT, "NVIDIA-GB200").label(Labels.GPU_MEMORY, "189471"));
    var open =
        read(Nodes.b200(1).label(Labels.GPU_PRODUCT, "NVIDIA-GB200").without(Labels.GPU_MEMORY));

    assertThat(narrowed.model()).map(GpuModel::id).contains("gb200-186gb");
    assertThat(open.model()).isEmpty();
    assertThat(open.problems())
        .containsExactly("Node gpu-node has GPU product 'NVIDIA-GB200', which can be gb200-186gb or"
            + " gb200-189gb; narrow the catalogue in the settings");
  }

  @Test
  void read_productOfTwoModels_goesByTheProfilesThatAreOffered() {
    var status = read(Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-GB200")
        .without(Labels.GPU_MEMORY)
        .offers("nvidia.com/mig-1g.24gb", 7));

    assertThat(status.model()).map(GpuModel::id).contains("gb200-189gb");
  }

  @Test
  void read_otherLabel_goesByTheSettings() {
    var settings = MigSettings.builder().configLabel("example.com/mig").build();
    var node = Nodes.b200(1).label("example.com/mig", "a").label("example.com/mig.state", "failed");

    var status = StatusReader.read(node.build(), settings);

    assertThat(status.config()).contains("a");
    assertThat(status.state()).contains(MigState.FAILED);
  }

  private static MigNodeStatus read(Nodes node) {
    return StatusReader.read(node.build(), MigSettings.defaults());
  }
}
