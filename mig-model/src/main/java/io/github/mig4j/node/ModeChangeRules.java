package io.github.mig4j.node;

import java.util.List;

/** Rules for a change of MIG mode: it costs more than a change of devices. */
final class ModeChangeRules {

  private ModeChangeRules() {}

  static void check(ConfigOnNode on) {
    List<NodeGpu> concerned = on.gpus().stream()
        .filter(gpu -> gpu.model().supportsMig() && on.selection().wanted(gpu).isPresent())
        .toList();
    List<NodeGpu> resetting = concerned.stream().filter(NodeEffect::needsReset).toList();
    List<NodeGpu> others =
        concerned.stream().filter(gpu -> !NodeEffect.needsReset(gpu)).toList();
    report(
        on,
        resetting,
        NodeCode.MODE_CHANGE_RESETS,
        "mig-parted resets all GPUs of the node, which in a virtual machine may require a reboot; a change of devices alone does not");
    report(
        on,
        others,
        NodeCode.MODE_CHANGE_CLEARS,
        "no reset is needed, but all selected GPUs in MIG mode are cleared; a change of devices clears only the GPU that changes");
  }

  private static void report(
      ConfigOnNode on, List<NodeGpu> gpus, NodeCode code, String consequence) {
    ConfigOnNode.byModel(gpus)
        .forEach(group -> on.report(
            code,
            on.location(),
            "If the MIG mode of %s changes, %s".formatted(Selection.name(group), consequence),
            ""));
  }
}
