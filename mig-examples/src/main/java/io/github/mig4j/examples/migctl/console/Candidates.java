package io.github.mig4j.examples.migctl.console;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import java.util.Iterator;
import java.util.List;

/** What a shell offers to complete an argument. Names in a cluster are read when they are needed. */
public final class Candidates {

  private Candidates() {}

  /** The ids of all known GPUs. */
  public static final class Gpus implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return GpuCatalog.bundled().models().stream().map(GpuModel::id).iterator();
    }
  }

  /** The profiles of all known GPUs. */
  public static final class Profiles implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return GpuCatalog.bundled().models().stream()
          .flatMap(gpu -> gpu.profiles().stream())
          .map(profile -> profile.profile().toString())
          .distinct()
          .sorted()
          .iterator();
    }
  }

  /** The nodes of the current cluster. */
  public static final class Nodes implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return List.of(
              "$(kubectl get nodes -l nvidia.com/gpu.present=true -o name 2>/dev/null | cut -d/ -f2)")
          .iterator();
    }
  }

  /** The configurations of the ConfigMap that the operator reads in the current cluster. */
  public static final class Configs implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return List.of("$(kubectl get configmap mig-config -n gpu-operator"
              + " -o jsonpath='{.data.config\\.yaml}' 2>/dev/null"
              + " | sed -n 's/^ \\{2,4\\}\\([A-Za-z0-9][^: ]*\\):.*/\\1/p')")
          .iterator();
    }
  }
}
