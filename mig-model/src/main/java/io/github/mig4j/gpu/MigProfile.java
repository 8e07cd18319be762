package io.github.mig4j.gpu;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.text.GpuResource;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The name of a MIG profile, such as {@code 1g.23gb}, {@code 1c.3g.20gb} or {@code 1g.10gb+me}.
 *
 * <p>A profile defines the size of a MIG device. It does not define the GPU or the placement:
 * {@code 1g.10gb} takes one memory slice of an H100 and two of an A100 with 40 GB.
 *
 * <pre>{@code
 * MigProfile profile = MigProfile.parse("1g.10gb+me");
 * profile.resourceName();        // nvidia.com/mig-1g.10gb.me
 * MigProfile.ofResourceName("nvidia.com/mig-1g.10gb.me");        // 1g.10gb+me
 * }</pre>
 *
 * <p>The parser accepts the same names as NVIDIA's go-nvlib v0.12.0, also names that no GPU has,
 * such as {@code 0g.0gb}. The only exception are numbers above {@link Integer#MAX_VALUE}.
 *
 * @param computeSlices compute slices of the MIG device; equal to {@code gpuSlices} unless the GPU
 *     instance is shared by several compute instances
 * @param gpuSlices compute slices of the GPU instance, e.g. 3 in {@code 3g.20gb}
 * @param memoryGb memory in GB as in the name: eighths of the board's memory, rounded; a program
 *     can allocate less
 * @param suffix attributes with their sign, such as {@code +me}, {@code +me.all} or {@code -me};
 *     empty without attributes
 */
public record MigProfile(int computeSlices, int gpuSlices, int memoryGb, String suffix)
    implements Comparable<MigProfile> {

  private static final Pattern FORM =
      Pattern.compile("(?:([0-9]+)c\\.)?([0-9]+)g\\.([0-9]+)gb((?:[+-].*)?)", Pattern.DOTALL);
  private static final Pattern ATTRIBUTE = Pattern.compile("[A-Za-z](?:[A-Za-z0-9.]*[A-Za-z0-9])?");
  private static final Pattern ATTRIBUTE_AS_LABEL = Pattern.compile("gb\\.(?=[A-Za-z])");
  private static final Pattern SMALL_FORM =
      Pattern.compile("(?:[0-9]{1,4}c\\.)?[0-9]{1,4}g\\.[0-9]{1,6}gb((?:[+-].*)?)");
  private static final int MAX_MEANT_LENGTH = 80;
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
   * Parses a name such as {@code "1g.5gb"}, as nvidia-smi prints it or mig-parted reads it; the
   * inverse of {@link #toString()}.
   *
   * <p>{@code "2c.2g.10gb"} and {@code "02g.10gb"} are read as {@code 2g.10gb}.
   *
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
            "Not a MIG profile: '%s' has a number above 2147483647. %s".formatted(name, EXPECTED),
            tooLarge);
      }
    }
    throw new IllegalArgumentException("Not a MIG profile: '%s'. %s"
        .formatted(name, meant(name).map("Did you mean '%s'?"::formatted).orElse(EXPECTED)));
  }

  /**
   * The profile that a text such as {@code 3g40gb} probably means: a profile in other case, without
   * its dot or its unit, with nvidia-smi's {@code MIG} in front, or the name of a resource or of a
   * generated configuration.
   *
   * @return the profile, or empty if the text is not like one, or is the name of one
   */
  public static Optional<MigProfile> meant(String name) {
    Objects.requireNonNull(name, "name");
    if (name.length() > MAX_MEANT_LENGTH) {
      return Optional.empty();
    }
    String spelled = name.toLowerCase(Locale.ROOT)
        .replaceAll("\\s", "")
        .replaceFirst("^(?:nvidia\\.com/)?(?:mig-?|all-)?", "")
        .replaceFirst("\\.shared$", "")
        .replaceFirst("(?<=[0-9]c)(?=[0-9])", ".")
        .replaceFirst("(?<=[0-9]g)[-_]?(?=[0-9])", ".")
        .replaceFirst("gb\\.(?=[a-z])", "gb+")
        .replaceFirst("(?<=[0-9])g?b?$", "gb");
    return spelled.equals(name) ? Optional.empty() : parsed(spelled);
  }

  private static Optional<MigProfile> parsed(String name) {
    Matcher form = SMALL_FORM.matcher(name);
    return form.matches() && isSuffix(form.group(1)) ? Optional.of(parse(name)) : Optional.empty();
  }

  /**
   * Derives the name of a GPU instance by NVIDIA's rule (go-nvlib v0.12.0). The memory in the name
   * is the number of eighths of the board's memory that the instance takes, rounded up, and not the
   * memory that a program can use.
   *
   * <p>On an H200 with 143771 MiB, an instance with 16384 MiB takes one eighth of 141 GiB. Its name
   * is {@code 1g.18gb}.
   *
   * @param gpuSlices compute slices of the GPU instance
   * @param memoryMib memory of the profile as reported by the driver, in MiB
   * @param totalMemoryMib memory of the whole GPU as reported by the driver, in MiB
   * @param suffix attributes with their sign, e.g. {@code +me}; empty without attributes
   * @throws IllegalArgumentException if the total is below 1, or the memory is negative or above
   *     the total
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
   * {@return the name of the extended resource that NVIDIA's device plugin registers for this
   * profile with strategy {@code mixed}}
   *
   * <p>Like the plugin (k8s-device-plugin internal/rm), this method replaces only {@code +}: {@code
   * 1g.10gb+me} becomes {@code nvidia.com/mig-1g.10gb.me}, {@code 1g.24gb-me} keeps its dash. The
   * plugin registers no resource for a profile with fewer compute slices than its GPU instance.
   */
  public String resourceName() {
    return GpuResource.MIG_PREFIX + label();
  }

  /**
   * The profile whose devices are offered under a resource name such as {@code
   * nvidia.com/mig-1g.10gb.me}, or with {@code .shared} behind it; the inverse of {@link
   * #resourceName()}.
   *
   * @return the profile, or empty if this is no resource of MIG devices
   */
  public static Optional<MigProfile> ofResourceName(String resource) {
    Objects.requireNonNull(resource, "resource");
    if (!resource.startsWith(GpuResource.MIG_PREFIX)) {
      return Optional.empty();
    }
    String label = resource.substring(GpuResource.MIG_PREFIX.length());
    return ofLabel(
        label.endsWith(GpuResource.SHARED_SUFFIX)
            ? label.substring(0, label.length() - GpuResource.SHARED_SUFFIX.length())
            : label);
  }

  /** {@return the name in labels and resource names: {@code 1g.10gb.me} for {@code 1g.10gb+me}} */
  public String label() {
    return toString().replace('+', '.');
  }

  /** {@return the profile with this {@link #label()}, or empty if no profile has it} */
  public static Optional<MigProfile> ofLabel(String label) {
    Objects.requireNonNull(label, "label");
    try {
      return Optional.of(parse(ATTRIBUTE_AS_LABEL.matcher(label).replaceFirst("gb+")))
          .filter(profile -> profile.label().equals(label));
    } catch (IllegalArgumentException notAProfile) {
      return Optional.empty();
    }
  }

  /** {@return the profile of the device's GPU instance: {@code 3g.20gb} for {@code 1c.3g.20gb}} */
  public MigProfile gpuInstance() {
    return isWholeGpuInstance() ? this : new MigProfile(gpuSlices, gpuSlices, memoryGb, suffix);
  }

  /**
   * {@return whether the device has all compute slices of its GPU instance, so that its name has no
   * {@code c} part: true for {@code 3g.20gb}, false for {@code 1c.3g.20gb}}
   */
  public boolean isWholeGpuInstance() {
    return computeSlices == gpuSlices;
  }

  /** As a record has it; written out, because a record's own takes milliseconds at its first call. */
  @Override
  public boolean equals(@Nullable Object other) {
    return this == other
        || (other instanceof MigProfile that
            && computeSlices == that.computeSlices
            && gpuSlices == that.gpuSlices
            && memoryGb == that.memoryGb
            && suffix.equals(that.suffix));
  }

  @Override
  public int hashCode() {
    return ((31 * computeSlices + gpuSlices) * 31 + memoryGb) * 31 + suffix.hashCode();
  }

  /** Compares GPU slices, then memory, suffix and compute slices; consistent with equals. */
  @Override
  public int compareTo(MigProfile other) {
    Objects.requireNonNull(other, "other");
    return BY_SIZE.compare(this, other);
  }

  /** The canonical name, as NVIDIA's tools print it. Only this form is written. */
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

  /** Whether a suffix is one sign and then attributes, which have no sign, without repetition. */
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
