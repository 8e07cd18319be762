package io.github.mig4j.node;

import io.github.mig4j.lint.Severity;
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
    ConfigOnNode.byModel(resetting)
        .forEach(group -> on.report(
            Severity.NOTE,
            NodeCode.MODE_CHANGE_RESETS,
            on.location(),
            "If the MIG mode of %s changes, mig-parted resets all GPUs of the node, which in a virtual machine may require a reboot; a change of devices alone does not"
                .formatted(Selection.name(group)),
            ""));
    ConfigOnNode.byModel(others)
        .forEach(group -> on.report(
            Severity.NOTE,
            NodeCode.MODE_CHANGE_CLEARS,
            on.location(),
            "If the MIG mode of %s changes, no reset is needed, but all selected GPUs in MIG mode are cleared; a change of devices clears only the GPU that changes"
                .formatted(Selection.name(group)),
            ""));
  }
}
