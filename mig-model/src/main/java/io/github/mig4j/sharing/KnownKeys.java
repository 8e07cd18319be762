package io.github.mig4j.sharing;

import io.github.mig4j.text.Spelling;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The maps of the file, and the keys that the plugin knows in each (api/config/v1). */
enum KnownKeys {
  ROOT("the root of the file", "version flags resources sharing imex"),
  FLAGS(
      "flags",
      "migStrategy failOnInitError mpsRoot nvidiaDriverRoot nvidiaDevRoot gdrcopyEnabled gdsEnabled"
          + " mofedEnabled useNodeFeatureAPI deviceDiscoveryStrategy plugin gfd"),
  PLUGIN(
      "flags.plugin",
      "passDeviceSpecs deviceListStrategy deviceIDStrategy cdiAnnotationPrefix nvidiaCTKPath"
          + " containerDriverRoot sharedDevicesAllocationPolicy"),
  GFD("flags.gfd", "oneshot noTimestamp sleepInterval outputFile machineTypeFile"),
  SHARING("sharing", "timeSlicing mps"),
  KIND(
      "sharing.timeSlicing or sharing.mps", "renameByDefault failRequestsGreaterThanOne resources"),
  ENTRY("an entry of resources", "name replicas rename devices"),
  RESOURCES("resources", "gpus mig"),
  PATTERN("an entry of resources.gpus or resources.mig", "pattern name"),
  IMEX("imex", "channelIDs required");

  /** The device plugin whose keys these are. */
  static final String NEWEST_VERSION = "v0.20.0";

  private final String location;
  private final String keys;

  KnownKeys(String location, String keys) {
    this.location = location;
    this.keys = keys;
  }

  /** Where the map is; for flags and imex its path. */
  String location() {
    return location;
  }

  List<String> keys() {
    return List.of(keys.split(" "));
  }

  /**
   * The known key as which the plugin reads a key of the file. Go's JSON reader disregards case,
   * but where the plugin reads by itself it does not.
   */
  Optional<String> known(String key) {
    boolean exact = this == KIND || this == ENTRY || this == PATTERN;
    return keys().stream()
        .filter(known -> exact ? known.equals(key) : known.equalsIgnoreCase(key))
        .findFirst();
  }

  /** The key that an unknown one probably means; the same letters win over similar ones. */
  Optional<String> meant(String unknown) {
    return spelled(unknown).or(() -> Spelling.nearest(unknown, keys()).stream().findFirst());
  }

  /** The key that differs only in case, punctuation and a plural's s. */
  Optional<String> spelled(String unknown) {
    return Spelling.sameLetters(unknown, keys());
  }

  /** The map into which a key belongs that is not in it. */
  static Optional<KnownKeys> elsewhere(String key) {
    return Stream.of(KIND, FLAGS, PLUGIN, GFD, SHARING, IMEX, ENTRY, ROOT)
        .filter(scope -> scope.spelled(key).isPresent())
        .findFirst();
  }
}
