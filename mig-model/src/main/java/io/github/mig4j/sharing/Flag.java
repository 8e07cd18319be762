package io.github.mig4j.sharing;

import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.sharing.DevicePluginFlags.DeviceDiscovery;
import io.github.mig4j.sharing.DevicePluginFlags.DeviceIdStrategy;
import io.github.mig4j.sharing.DevicePluginFlags.DeviceListStrategy;
import io.github.mig4j.text.ScalarText;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** One of the {@link DevicePluginFlags}: its key in the file, and the type of its value. */
sealed interface Flag {
  String key();

  /** The value as YAML, or empty if it is not set. */
  Optional<String> written(DevicePluginFlags flags);

  record Text(
      String key,
      Function<DevicePluginFlags, Optional<String>> get,
      BiConsumer<DevicePluginFlags.Builder, String> set)
      implements Flag {
    @Override
    public Optional<String> written(DevicePluginFlags flags) {
      return get.apply(flags).map(ScalarText::of);
    }
  }

  record Truth(
      String key,
      Function<DevicePluginFlags, Optional<Boolean>> get,
      BiConsumer<DevicePluginFlags.Builder, Boolean> set)
      implements Flag {
    @Override
    public Optional<String> written(DevicePluginFlags flags) {
      return get.apply(flags).map(String::valueOf);
    }
  }

  /** One of a few words, in the form of their {@code toString}. */
  record Choice<T>(
      String key,
      List<T> words,
      Function<DevicePluginFlags, Optional<T>> get,
      BiConsumer<DevicePluginFlags.Builder, T> set)
      implements Flag {
    @Override
    public Optional<String> written(DevicePluginFlags flags) {
      return get.apply(flags).map(String::valueOf);
    }

    /** Sets the word, if it is one. */
    boolean accept(String word, DevicePluginFlags.Builder flags) {
      Optional<T> known = words.stream().filter(w -> w.toString().equals(word)).findFirst();
      known.ifPresent(w -> set.accept(flags, w));
      return known.isPresent();
    }
  }

  /** The only flag that is a list, or a single word. */
  record ListStrategy(String key) implements Flag {
    @Override
    public Optional<String> written(DevicePluginFlags flags) {
      List<DeviceListStrategy> ways = flags.deviceListStrategy();
      return ways.isEmpty()
          ? Optional.empty()
          : Optional.of(ways.size() == 1 ? ways.get(0).toString() : ways.toString());
    }
  }

  record Duration(String key) implements Flag {
    @Override
    public Optional<String> written(DevicePluginFlags flags) {
      return flags.sleepInterval().map(ScalarText::of);
    }
  }

  /** Every flag, in the order in which the file is written. */
  List<Flag> ALL = List.of(
      new Choice<>(
          "migStrategy",
          List.of(MigStrategy.values()),
          DevicePluginFlags::migStrategy,
          (b, v) -> b.migStrategy(v)),
      new Truth(
          "failOnInitError", DevicePluginFlags::failOnInitError, (b, v) -> b.failOnInitError(v)),
      new Text("mpsRoot", DevicePluginFlags::mpsRoot, (b, v) -> b.mpsRoot(v)),
      new Text(
          "nvidiaDriverRoot", DevicePluginFlags::nvidiaDriverRoot, (b, v) -> b.nvidiaDriverRoot(v)),
      new Text("nvidiaDevRoot", DevicePluginFlags::nvidiaDevRoot, (b, v) -> b.nvidiaDevRoot(v)),
      new Truth("gdrcopyEnabled", DevicePluginFlags::gdrcopyEnabled, (b, v) -> b.gdrcopyEnabled(v)),
      new Truth("gdsEnabled", DevicePluginFlags::gdsEnabled, (b, v) -> b.gdsEnabled(v)),
      new Truth("mofedEnabled", DevicePluginFlags::mofedEnabled, (b, v) -> b.mofedEnabled(v)),
      new Truth(
          "useNodeFeatureAPI",
          DevicePluginFlags::useNodeFeatureApi,
          (b, v) -> b.useNodeFeatureApi(v)),
      new Choice<>(
          "deviceDiscoveryStrategy",
          List.of(DeviceDiscovery.values()),
          DevicePluginFlags::deviceDiscoveryStrategy,
          (b, v) -> b.deviceDiscoveryStrategy(v)),
      new Truth(
          "passDeviceSpecs", DevicePluginFlags::passDeviceSpecs, (b, v) -> b.passDeviceSpecs(v)),
      new ListStrategy("deviceListStrategy"),
      new Choice<>(
          "deviceIDStrategy",
          List.of(DeviceIdStrategy.values()),
          DevicePluginFlags::deviceIdStrategy,
          (b, v) -> b.deviceIdStrategy(v)),
      new Text(
          "cdiAnnotationPrefix",
          DevicePluginFlags::cdiAnnotationPrefix,
          (b, v) -> b.cdiAnnotationPrefix(v)),
      new Text("nvidiaCTKPath", DevicePluginFlags::nvidiaCtkPath, (b, v) -> b.nvidiaCtkPath(v)),
      new Text(
          "containerDriverRoot",
          DevicePluginFlags::containerDriverRoot,
          (b, v) -> b.containerDriverRoot(v)),
      new Text(
          "sharedDevicesAllocationPolicy",
          DevicePluginFlags::sharedDevicesAllocationPolicy,
          (b, v) -> b.sharedDevicesAllocationPolicy(v)),
      new Truth("oneshot", DevicePluginFlags::oneshot, (b, v) -> b.oneshot(v)),
      new Truth("noTimestamp", DevicePluginFlags::noTimestamp, (b, v) -> b.noTimestamp(v)),
      new Duration("sleepInterval"),
      new Text("outputFile", DevicePluginFlags::outputFile, (b, v) -> b.outputFile(v)),
      new Text(
          "machineTypeFile", DevicePluginFlags::machineTypeFile, (b, v) -> b.machineTypeFile(v)));
}
