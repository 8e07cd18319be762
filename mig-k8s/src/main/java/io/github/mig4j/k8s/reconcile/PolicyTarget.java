package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.sharing.SharingKind;
import io.github.mig4j.text.KubernetesName;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the GPUs of one model are to be. */
public sealed interface PolicyTarget extends JsonForm {

  @Override
  default Map<String, Object> toJson() {
    return PolicyWriter.tree(this);
  }

  /**
   * Every GPU of a node has the same MIG devices.
   *
   * @param devices counts of at least 1 by profile, at least one profile
   */
  record Layout(SortedMap<MigProfile, Integer> devices) implements PolicyTarget {
    public Layout {
      devices = counts(devices, "devices");
      if (devices.isEmpty()) {
        throw new IllegalArgumentException(
            "A layout needs at least one device, but had none; use whole GPUs for none");
      }
    }

    /** The devices, e.g. {@code layout 1g.23gb:7}. */
    @Override
    public String toString() {
      return "layout " + text(devices);
    }
  }

  /**
   * A node has a configuration of the ConfigMap that the GPU Operator is pointed at.
   *
   * @param name a name under {@code mig-configs}, which must be a label value
   */
  record Config(String name) implements PolicyTarget {
    public Config {
      Objects.requireNonNull(name, "name");
      name = MigConfig.requireLabelValue(name);
    }

    /** The name, e.g. {@code configuration b200-split-small}. */
    @Override
    public String toString() {
      return "configuration " + name;
    }
  }

  /**
   * A node shares its GPUs by a configuration of the ConfigMap that the GPU Operator gives to the device
   * plugin.
   *
   * @param name a key of the ConfigMap, which must be a label value
   */
  record SharingConfig(String name) implements PolicyTarget {
    public SharingConfig {
      Objects.requireNonNull(name, "name");
      name = KubernetesName.requireConfigName(name);
    }

    /** The name, e.g. {@code sharing configuration four}. */
    @Override
    public String toString() {
      return "sharing configuration " + name;
    }
  }

  /**
   * Every GPU of a node is used by several containers in turn.
   *
   * @param kind how they share it
   * @param replicas how many containers may use each GPU, at least 2; under MPS at most 48
   */
  record Shared(SharingKind kind, int replicas) implements PolicyTarget {
    public Shared {
      Objects.requireNonNull(kind, "kind");
      GpuSharing unused = sharing(kind, replicas);
    }

    /** The content of the device plugin's configuration. */
    GpuSharing sharing() {
      return sharing(kind, replicas);
    }

    private static GpuSharing sharing(SharingKind kind, int replicas) {
      return kind == SharingKind.MPS ? GpuSharing.mps(replicas) : GpuSharing.timeSlicing(replicas);
    }

    /** The kind and the replicas, e.g. {@code time-slicing of 4}. */
    @Override
    public String toString() {
      return "%s of %d".formatted(kind, replicas);
    }
  }

  /** No GPU is partitioned. */
  record Whole() implements PolicyTarget {
    /** The only value. */
    public static final Whole WHOLE = new Whole();

    /** {@code whole GPUs}. */
    @Override
    public String toString() {
      return "whole GPUs";
    }
  }

  /**
   * The GPUs are cut as pods need them. A node keeps its layout as long as nothing waits for another one.
   *
   * @param stock devices that must exist on the policy's nodes, used or free, by profile
   * @param pods whether GPUs are cut for pods that wait
   * @param maxGpus how many GPUs of the policy's nodes may have MIG devices, at least 1; empty for all
   */
  record ForDemand(SortedMap<MigProfile, Integer> stock, Pods pods, OptionalInt maxGpus)
      implements PolicyTarget {

    /** Whether GPUs are cut for pods that wait. */
    public enum Pods implements JsonName {
      /** Idle GPUs are cut for pods that wait. */
      SERVED,
      /** Only the stock is kept. */
      IGNORED
    }

    public ForDemand {
      stock = counts(stock, "stock");
      Objects.requireNonNull(pods, "pods");
      Objects.requireNonNull(maxGpus, "maxGpus");
      if (maxGpus.isPresent() && maxGpus.getAsInt() < 1) {
        throw new IllegalArgumentException(
            "maxGpus must be at least 1, but was " + maxGpus.getAsInt());
      }
      if (stock.isEmpty() && pods == Pods.IGNORED) {
        throw new IllegalArgumentException(
            "A demand needs a stock or serves pods, but does neither; use whole GPUs for neither");
      }
    }

    /** The stock and the bounds, e.g. {@code demand with stock 1g.23gb:14, pods served, at most 8 GPUs}. */
    @Override
    public String toString() {
      return "demand%s%s%s"
          .formatted(
              stock.isEmpty() ? "" : " with stock " + PolicyTarget.text(stock),
              pods == Pods.SERVED ? ", pods served" : "",
              maxGpus.isPresent() ? ", at most %d GPUs".formatted(maxGpus.getAsInt()) : "");
    }
  }

  private static SortedMap<MigProfile, Integer> counts(
      Map<MigProfile, Integer> given, String name) {
    Objects.requireNonNull(given, name);
    given.forEach((profile, count) -> {
      if (count < 1) {
        throw new IllegalArgumentException(
            "The count of %s must be at least 1, but was %d".formatted(profile, count));
      }
    });
    return Collections.unmodifiableSortedMap(new TreeMap<>(given));
  }

  private static String text(SortedMap<MigProfile, Integer> devices) {
    StringBuilder text = new StringBuilder();
    devices.forEach((profile, count) ->
        text.append(text.isEmpty() ? "" : " ").append(profile).append(':').append(count));
    return text.toString();
  }
}
