package io.github.mig4j.sharing;

import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.sharing.DevicePluginFlags.DeviceDiscovery;
import io.github.mig4j.sharing.DevicePluginFlags.DeviceIdStrategy;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** One of the {@link DevicePluginFlags}: its key in the file, and the type of its value. */
sealed interface Flag {
  String key();

  /** Reads the value from the flags, as it is written; empty if it is not set. */
  Function<DevicePluginFlags, ? extends Optional<?>> get();

  record Text(
      String key,
      Function<DevicePluginFlags, Optional<String>> get,
      BiConsumer<DevicePluginFlags.Builder, String> set)
      implements Flag {}

  record Truth(
      String key,
      Function<DevicePluginFlags, Optional<Boolean>> get,
      BiConsumer<DevicePluginFlags.Builder, Boolean> set)
      implements Flag {}

  /** One of a few words, in the form of their {@code toString}. */
  record Choice<T>(
      String key,
      List<T> words,
      Function<DevicePluginFlags, Optional<T>> get,
      BiConsumer<DevicePluginFlags.Builder, T> set)
      implements Flag {

    /** Sets the word, if it is one. */
    boolean accept(String word, DevicePluginFlags.Builder flags) {
      Optional<T> known = words.stream().filter(w -> w.toString().equals(word)).findFirst();
      known.ifPresent(w -> set.accept(flags, w));
      return known.isPresent();
    }
  }

  /** The only flag that is a list, or a single word. */
  record ListStrategy(String key, Function<DevicePluginFlags, Optional<?>> get) implements Flag {}

  record Duration(String key, Function<DevicePluginFlags, Optional<String>> get) implements Flag {}

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
      new ListStrategy(
          "deviceListStrategy",
          flags -> Optional.of(flags.deviceListStrategy())
              .filter(ways -> !ways.isEmpty())
              .map(ways -> ways.size() == 1 ? ways.get(0) : ways)),
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
      new Duration("sleepInterval", DevicePluginFlags::sleepInterval),
      new Text("outputFile", DevicePluginFlags::outputFile, (b, v) -> b.outputFile(v)),
      new Text(
          "machineTypeFile", DevicePluginFlags::machineTypeFile, (b, v) -> b.machineTypeFile(v)));
}
