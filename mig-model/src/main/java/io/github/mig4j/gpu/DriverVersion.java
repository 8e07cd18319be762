package io.github.mig4j.gpu;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Comparator;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A version of NVIDIA's GPU driver, e.g. {@code 580.159.04}. Some GPUs need a minimum, and the
 * profile names of some GPUs depend on it.
 *
 * @param branch the first number, e.g. 580
 * @param minor the second number, 0 if it is not known
 * @param patch the third number, 0 if it is not known
 */
public record DriverVersion(int branch, int minor, int patch) implements Comparable<DriverVersion> {

  /** An image's tag has the operating system after the version. */
  private static final Pattern FORM =
      Pattern.compile("v?(\\d{1,4})(?:\\.(\\d{1,4}))?(?:\\.(\\d{1,4}))?(?:-.*)?");

  private static final Comparator<DriverVersion> ORDER = Comparator.comparingInt(
          DriverVersion::branch)
      .thenComparingInt(DriverVersion::minor)
      .thenComparingInt(DriverVersion::patch);

  public DriverVersion {
    if (branch < 0 || minor < 0 || patch < 0) {
      throw new IllegalArgumentException(
          "The numbers of a driver version must not be negative, but were %d.%d.%d"
              .formatted(branch, minor, patch));
    }
  }

  /** Reads e.g. {@code 525.85} or {@code 580.82.07-ubuntu22.04}; empty if it is no version. */
  public static Optional<DriverVersion> parse(String text) {
    Objects.requireNonNull(text, "text");
    Matcher form = FORM.matcher(text);
    return form.matches()
        ? Optional.of(new DriverVersion(
            Integer.parseInt(form.group(1)), number(form.group(2)), number(form.group(3))))
        : Optional.empty();
  }

  private static int number(@Nullable String text) {
    return text == null ? 0 : Integer.parseInt(text);
  }

  @Override
  public int compareTo(DriverVersion other) {
    Objects.requireNonNull(other, "other");
    return ORDER.compare(this, other);
  }

  /** As nvidia-smi prints it, e.g. {@code 580.159.04} or {@code 525.85}. */
  @Override
  @JsonValue
  public String toString() {
    String text = String.format(Locale.ROOT, "%d.%02d", branch, minor);
    return patch == 0 ? text : String.format(Locale.ROOT, "%s.%02d", text, patch);
  }
}
