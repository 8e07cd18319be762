package io.github.mig4j.gpu;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a MIG profile, such as {@code 1g.23gb}, {@code 1c.3g.20gb} or {@code 1g.10gb+me}.
 *
 * <p>A profile says how big a MIG device is. It does not say which GPU offers it or where it is
 * placed: {@code 1g.10gb} is one memory slice of an H100 and two of an A100 with 40 GB.
 *
 * <pre>{@code
 * MigProfile profile = MigProfile.parse("1g.10gb+me");
 * profile.resourceName();        // nvidia.com/mig-1g.10gb.me
 * }</pre>
 *
 * <p>What can be parsed is what NVIDIA's go-nvlib v0.12.0 accepts: names that no GPU has, such as
 * {@code 0g.0gb}, are well formed. Numbers above {@link Integer#MAX_VALUE} are the one exception.
 *
 * @param computeSlices compute slices of the MIG device; equal to {@code gpuSlices} unless the GPU
 *     instance is shared by several compute instances
 * @param gpuSlices compute slices of the GPU instance, e.g. 3 in {@code 3g.20gb}
 * @param memoryGb memory as the name states it: an eighth-wise fraction of the board, rounded; not
 *     the bytes that a program can allocate
 * @param suffix attributes with their sign, such as {@code +me}, {@code +me.all} or {@code -me};
 *     empty if there are none
 */
public record MigProfile(int computeSlices, int gpuSlices, int memoryGb, String suffix)
    implements Comparable<MigProfile> {

  private static final Pattern FORM =
      Pattern.compile("(?:([0-9]+)c\\.)?([0-9]+)g\\.([0-9]+)gb((?:[+-].*)?)", Pattern.DOTALL);
  private static final Pattern ATTRIBUTE = Pattern.compile("[A-Za-z](?:[A-Za-z0-9.]*[A-Za-z0-9])?");
  private static final String EXPECTED =
      "Expected [<c>c.]<g>g.<gb>gb[+attribute|-attribute], e.g. '1g.5gb' or '1g.5gb+me'";

  private static final Comparator<MigProfile> BY_SIZE = Comparator.comparingInt(
          MigProfile::gpuSlices)
      .thenComparingInt(MigProfile::memoryGb)
      .thenComparing(MigProfile::suffix)
      .thenComparingInt(MigProfile::computeSlices);

  public MigProfile {
    Objects.requireNonNull(suffix, "suffix");
    requireNotNegative("computeSlices", computeSlices);
    requireNotNegative("gpuSlices", gpuSlices);
    requireNotNegative("memoryGb", memoryGb);
    if (!isSuffix(suffix)) {
      throw new IllegalArgumentException(
          "Not a MIG profile suffix: '%s'. Expected '', '+attribute' or '-attribute', e.g. '+me'"
              .formatted(suffix));
    }
  }

  /**
   * Parses a name such as {@code "1g.5gb"}; the inverse of {@link #toString()}.
   *
   * <p>{@code "2c.2g.10gb"} and {@code "02g.10gb"} are read as {@code 2g.10gb}.
   *
   * @param name the name as nvidia-smi prints it or mig-parted reads it
   * @return the profile
   * @throws IllegalArgumentException if the name is malformed; the message shows the form
   */
  @JsonCreator
  public static MigProfile parse(String name) {
    Objects.requireNonNull(name, "name");
    Matcher form = FORM.matcher(name);
    if (form.matches() && isSuffix(form.group(4))) {
      try {
        int gpuSlices = Integer.parseInt(form.group(2));
        String compute = form.group(1);
        int computeSlices = compute == null ? gpuSlices : Integer.parseInt(compute);
        return new MigProfile(
            computeSlices, gpuSlices, Integer.parseInt(form.group(3)), form.group(4));
      } catch (NumberFormatException tooLarge) {
        throw new IllegalArgumentException(
            "Not a MIG profile: '%s', whose number is above 2147483647. %s"
                .formatted(name, EXPECTED),
            tooLarge);
      }
    }
    throw new IllegalArgumentException("Not a MIG profile: '%s'. %s".formatted(name, EXPECTED));
  }

  /**
   * Names a GPU instance as NVIDIA does: after the eighths of the board's memory that it takes,
   * rounded up, not after the memory that it has (go-nvlib v0.12.0).
   *
   * <p>On an H200, of 143771 MiB, an instance of 16384 MiB takes one eighth of 141 GiB, so it is
   * called {@code 1g.18gb}.
   *
   * @param gpuSlices compute slices of the GPU instance
   * @param memoryMib what the driver reports for the profile, in MiB
   * @param totalMemoryMib what the driver reports for the whole GPU, in MiB
   * @param suffix attributes with their sign, e.g. {@code +me}; empty if there are none
   * @return the profile
   * @throws IllegalArgumentException if the total is below 1 or the memory is not within it
   */
  public static MigProfile named(int gpuSlices, int memoryMib, int totalMemoryMib, String suffix) {
    if (totalMemoryMib < 1 || memoryMib < 0 || memoryMib > totalMemoryMib) {
      throw new IllegalArgumentException(
          "memoryMib must be from 0 to totalMemoryMib, but was %d of %d"
              .formatted(memoryMib, totalMemoryMib));
    }
    double eighths = Math.ceil((double) memoryMib / totalMemoryMib * 8);
    double boardGib = Math.ceil(totalMemoryMib / 1024.0);
    return new MigProfile(gpuSlices, gpuSlices, (int) Math.round(eighths / 8 * boardGib), suffix);
  }

  /**
   * The name under which NVIDIA's device plugin offers this profile with strategy {@code mixed}.
   *
   * <p>Only {@code +} is rewritten, as the plugin does (k8s-device-plugin internal/rm): {@code
   * 1g.10gb+me} becomes {@code nvidia.com/mig-1g.10gb.me}, {@code 1g.24gb-me} keeps its dash. For a
   * profile with fewer compute slices than its GPU instance the plugin registers no resource.
   *
   * @return the extended resource's name
   */
  public String resourceName() {
    return "nvidia.com/mig-" + toString().replace('+', '.');
  }

  /**
   * The profile of the GPU instance that holds this device: {@code 3g.20gb} for {@code 1c.3g.20gb}.
   *
   * @return this profile with all compute slices of its GPU instance
   */
  public MigProfile gpuInstance() {
    return isWholeGpuInstance() ? this : new MigProfile(gpuSlices, gpuSlices, memoryGb, suffix);
  }

  /**
   * Whether one device takes the GPU instance alone, so that its name has no {@code c} part.
   *
   * @return true for {@code 3g.20gb}, false for {@code 1c.3g.20gb}
   */
  public boolean isWholeGpuInstance() {
    return computeSlices == gpuSlices;
  }

  /** Orders by GPU slices, then memory, suffix and compute slices; consistent with equals. */
  @Override
  public int compareTo(MigProfile other) {
    Objects.requireNonNull(other, "other");
    return BY_SIZE.compare(this, other);
  }

  /** The canonical name, which is how NVIDIA's tools print it and the only form to write. */
  @Override
  @JsonValue
  public String toString() {
    String compute = isWholeGpuInstance() ? "" : computeSlices + "c.";
    return compute + gpuSlices + "g." + memoryGb + "gb" + suffix;
  }

  private static void requireNotNegative(String name, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(
          "%s must not be negative, but was %d".formatted(name, value));
    }
  }

  /** One sign, then names without repetition; a second sign is no attribute character. */
  private static boolean isSuffix(String suffix) {
    if (suffix.isEmpty()) {
      return true;
    }
    Set<String> seen = new HashSet<>();
    for (String attribute : suffix.substring(1).split(",", -1)) {
      if (!ATTRIBUTE.matcher(attribute).matches() || !seen.add(attribute)) {
        return false;
      }
    }
    return suffix.charAt(0) == '+' || suffix.charAt(0) == '-';
  }
}
