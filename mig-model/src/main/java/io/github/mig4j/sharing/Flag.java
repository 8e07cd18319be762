package io.github.mig4j.sharing;

import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.sharing.DevicePluginFlags.Builder;
import io.github.mig4j.sharing.DevicePluginFlags.DeviceDiscovery;
import io.github.mig4j.sharing.DevicePluginFlags.DeviceIdStrategy;
import io.github.mig4j.text.ScalarText;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** One of the {@link DevicePluginFlags}: its key in the file, and the type of its value. */
sealed interface Flag {
  String key();

  /** Reads the value from the flags; empty if it is not set. */
  Function<DevicePluginFlags, ? extends Optional<?>> get();

  /** The value as YAML, or empty if it is not set. */
  default Optional<String> written(DevicePluginFlags flags) {
    return get().apply(flags).map(it -> it instanceof String s ? ScalarText.of(s) : it.toString());
  }

  record Text(
      String key,
      Function<DevicePluginFlags, Optional<String>> get,
      BiConsumer<Builder, String> set)
      implements Flag {}

  record Truth(
      String key,
      Function<DevicePluginFlags, Optional<Boolean>> get,
      BiConsumer<Builder, Boolean> set)
      implements Flag {}

  /** One of a few words, in the form of their {@code toString}. */
  record Choice<T>(
      String key,
      List<T> words,
      Function<DevicePluginFlags, Optional<T>> get,
      BiConsumer<Builder, T> set)
      implements Flag {

    /** Sets the word, if it is one. */
    boolean accept(String word, Builder flags) {
      Optional<T> known = words.stream().filter(w -> w.toString().equals(word)).findFirst();
      known.ifPresent(w -> set.accept(flags, w));
      return known.isPresent();
    }
  }

  /** The only flag that is a list, or a single word. */
  record ListStrategy(String key, Function<DevicePluginFlags, Optional<List<?>>> get)
      implements Flag {
    @Override
    public Optional<String> written(DevicePluginFlags flags) {
      return get.apply(flags).map(ways -> (ways.size() == 1 ? ways.get(0) : ways).toString());
    }
  }

  record Duration(String key, Function<DevicePluginFlags, Optional<String>> get) implements Flag {}

  /** Every flag, in the order in which the file is written. */
  List<Flag> ALL = List.of(
      new Choice<>(
          "migStrategy",
          List.of(MigStrategy.values()),
          DevicePluginFlags::migStrategy,
          Builder::migStrategy),
      new Truth("failOnInitError", DevicePluginFlags::failOnInitError, Builder::failOnInitError),
      new Text("mpsRoot", DevicePluginFlags::mpsRoot, Builder::mpsRoot),
      new Text("nvidiaDriverRoot", DevicePluginFlags::nvidiaDriverRoot, Builder::nvidiaDriverRoot),
      new Text("nvidiaDevRoot", DevicePluginFlags::nvidiaDevRoot, Builder::nvidiaDevRoot),
      new Truth("gdrcopyEnabled", DevicePluginFlags::gdrcopyEnabled, Builder::gdrcopyEnabled),
      new Truth("gdsEnabled", DevicePluginFlags::gdsEnabled, Builder::gdsEnabled),
      new Truth("mofedEnabled", DevicePluginFlags::mofedEnabled, Builder::mofedEnabled),
      new Truth(
          "useNodeFeatureAPI", DevicePluginFlags::useNodeFeatureApi, Builder::useNodeFeatureApi),
      new Choice<>(
          "deviceDiscoveryStrategy",
          List.of(DeviceDiscovery.values()),
          DevicePluginFlags::deviceDiscoveryStrategy,
          Builder::deviceDiscoveryStrategy),
      new Truth("passDeviceSpecs", DevicePluginFlags::passDeviceSpecs, Builder::passDeviceSpecs),
      new ListStrategy(
          "deviceListStrategy",
          flags -> Optional.<List<?>>of(flags.deviceListStrategy()).filter(it -> !it.isEmpty())),
      new Choice<>(
          "deviceIDStrategy",
          List.of(DeviceIdStrategy.values()),
          DevicePluginFlags::deviceIdStrategy,
          Builder::deviceIdStrategy),
      new Text(
          "cdiAnnotationPrefix",
          DevicePluginFlags::cdiAnnotationPrefix,
          Builder::cdiAnnotationPrefix),
      new Text("nvidiaCTKPath", DevicePluginFlags::nvidiaCtkPath, Builder::nvidiaCtkPath),
      new Text(
          "containerDriverRoot",
          DevicePluginFlags::containerDriverRoot,
          Builder::containerDriverRoot),
      new Text(
          "sharedDevicesAllocationPolicy",
          DevicePluginFlags::sharedDevicesAllocationPolicy,
          Builder::sharedDevicesAllocationPolicy),
      new Truth("oneshot", DevicePluginFlags::oneshot, Builder::oneshot),
      new Truth("noTimestamp", DevicePluginFlags::noTimestamp, Builder::noTimestamp),
      new Duration("sleepInterval", DevicePluginFlags::sleepInterval),
      new Text("outputFile", DevicePluginFlags::outputFile, Builder::outputFile),
      new Text("machineTypeFile", DevicePluginFlags::machineTypeFile, Builder::machineTypeFile));
}
