package io.github.mig4j.sharing;

import java.util.List;
import java.util.Locale;
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
          + " containerDriverRoot"),
  GFD("flags.gfd", "oneshot noTimestamp sleepInterval outputFile machineTypeFile"),
  SHARING("sharing", "timeSlicing mps"),
  KIND(
      "sharing.timeSlicing or sharing.mps", "renameByDefault failRequestsGreaterThanOne resources"),
  ENTRY("an entry of resources", "name replicas rename devices"),
  RESOURCES("resources", "gpus mig"),
  PATTERN("an entry of resources.gpus or resources.mig", "pattern name"),
  IMEX("imex", "channelIDs required");

  private final String place;
  private final String keys;

  KnownKeys(String place, String keys) {
    this.place = place;
    this.keys = keys;
  }

  /** Where it is, for messages. */
  String place() {
    return place;
  }

  List<String> keys() {
    return List.of(keys.split(" "));
  }

  /**
   * The known key that the plugin takes a key of the file for. Go's JSON reader disregards case,
   * but where the plugin reads by itself it does not.
   */
  Optional<String> known(String key) {
    boolean exact = this == KIND || this == ENTRY || this == PATTERN;
    return keys().stream()
        .filter(known -> exact ? known.equals(key) : known.equalsIgnoreCase(key))
        .findFirst();
  }

  /** The key that somebody meant who wrote an unknown one; exactly spelled before nearly so. */
  Optional<String> meant(String unknown) {
    return spelled(unknown)
        .or(() ->
            keys().stream().filter(key -> isNear(normal(key), normal(unknown))).findFirst());
  }

  /** The key that is written so but for case and punctuation. */
  Optional<String> spelled(String unknown) {
    return keys().stream().filter(key -> normal(key).equals(normal(unknown))).findFirst();
  }

  /** Where else a key belongs. */
  static Optional<KnownKeys> elsewhere(String key) {
    return Stream.of(KIND, FLAGS, PLUGIN, GFD, SHARING, IMEX, ENTRY, ROOT)
        .filter(scope -> scope.spelled(key).isPresent())
        .findFirst();
  }

  private static String normal(String key) {
    String letters = key.substring(0, Math.min(key.length(), 80))
        .toLowerCase(Locale.ROOT)
        .replaceAll("[^a-z]", "");
    return letters.endsWith("s") ? letters.substring(0, letters.length() - 1) : letters;
  }

  /** A third may differ, but not all. */
  private static boolean isNear(String a, String b) {
    int shorter = Math.min(a.length(), b.length());
    int distance = distance(a, b);
    return distance <= Math.max(2, shorter / 3) && distance < shorter;
  }

  /** Levenshtein's. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      int diagonal = i;
      for (int j = 0; j <= b.length(); j++) {
        int above = row[j];
        if (i == 0) {
          row[j] = j;
        } else if (j == 0) {
          row[j] = i;
        } else {
          int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
          row[j] = Math.min(substituted, 1 + Math.min(above, row[j - 1]));
        }
        diagonal = above;
      }
    }
    return row[b.length()];
  }
}
