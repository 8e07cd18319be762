package io.github.mig4j.gpu;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.JsonInput;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a workload needs from a MIG device. It finds the smallest profile that meets the need.
 *
 * <pre>{@code
 * Optional<GpuInstanceProfile> profile =
 *     ProfileNeed.anything().memoryGib(20).sms(30).decoders(1).smallestOn(b200);
 * }</pre>
 *
 * <p>No number is guessed. If a model lacks one, {@link #undeterminedOn} lists the profiles that
 * may meet the need.
 */
public final class ProfileNeed implements JsonForm {

  private static final String MEDIA = "me";
  private static final String MEDIA_ALL = "me.all";
  private static final String GRAPHICS = "gfx";
  private static final List<Budget> MEDIA_ENGINES =
      List.of(Budget.DECODERS, Budget.JPEG_ENGINES, Budget.OFA_ENGINES);
  private static final List<Budget> ALL_MEDIA_ENGINES =
      List.of(Budget.DECODERS, Budget.ENCODERS, Budget.JPEG_ENGINES, Budget.OFA_ENGINES);

  /** Compares memory, then slices, then the number of attributes. */
  private static final Comparator<GpuInstanceProfile> SMALLEST_FIRST = Comparator.comparingInt(
          (GpuInstanceProfile p) -> p.profile().memoryGb())
      .thenComparingInt(p -> p.profile().gpuSlices())
      .thenComparingInt(p -> attributes(p).size())
      .thenComparing(GpuInstanceProfile::profile);

  private enum Match {
    YES,
    UNKNOWN,
    NO;

    static Match of(boolean yes) {
      return yes ? YES : NO;
    }

    Match and(Match other) {
      return compareTo(other) >= 0 ? this : other;
    }
  }

  private enum Preference {
    REQUIRED,
    EXCLUDED,
    ANY
  }

  private final double memoryGib;
  private final Map<Budget, Integer> atLeast;
  private final Preference media;
  private final Preference graphics;

  private ProfileNeed(
      double memoryGib, Map<Budget, Integer> atLeast, Preference media, Preference graphics) {
    this.memoryGib = memoryGib;
    this.atLeast = atLeast;
    this.media = media;
    this.graphics = graphics;
  }

  /** {@return a need that every profile meets; the other methods return narrower ones} */
  public static ProfileNeed anything() {
    return new ProfileNeed(0, Map.of(), Preference.ANY, Preference.ANY);
  }

  /**
   * Requires a minimum of memory that a program can use, in GiB; a profile's name states more.
   *
   * @throws IllegalArgumentException if it is negative, infinite or not a number
   */
  public ProfileNeed memoryGib(double gib) {
    if (!(gib >= 0) || Double.isInfinite(gib)) {
      throw new IllegalArgumentException("memoryGib must be a number from 0, but was " + gib);
    }
    return new ProfileNeed(gib, atLeast, media, graphics);
  }

  /** Requires a minimum of streaming multiprocessors, not negative. */
  public ProfileNeed sms(int count) {
    return atLeast(Budget.SMS, count);
  }

  /** Requires a minimum of video decoders, not negative. */
  public ProfileNeed decoders(int count) {
    return atLeast(Budget.DECODERS, count);
  }

  /**
   * Requires a minimum of a budget, in its unit.
   *
   * @throws IllegalArgumentException if the amount is negative
   */
  public ProfileNeed atLeast(Budget budget, int amount) {
    Objects.requireNonNull(budget, "budget");
    if (amount < 0) {
      throw new IllegalArgumentException(
          "The need must not be negative, but was %d %s".formatted(amount, budget.noun()));
    }
    Map<Budget, Integer> more = new TreeMap<>(atLeast);
    more.put(budget, amount);
    return new ProfileNeed(memoryGib, more, media, graphics);
  }

  /** Requires a video decoder, a JPEG decoder and an optical flow accelerator. */
  public ProfileNeed withMedia() {
    return new ProfileNeed(memoryGib, atLeast, Preference.REQUIRED, graphics);
  }

  /** Excludes media engines, which leaves them for other devices. */
  public ProfileNeed withoutMedia() {
    return new ProfileNeed(memoryGib, atLeast, Preference.EXCLUDED, graphics);
  }

  /** Requires graphics, which only profiles with {@code +gfx} have. */
  public ProfileNeed withGraphics() {
    return new ProfileNeed(memoryGib, atLeast, media, Preference.REQUIRED);
  }

  /** Excludes graphics. */
  public ProfileNeed withoutGraphics() {
    return new ProfileNeed(memoryGib, atLeast, media, Preference.EXCLUDED);
  }

  /**
   * {@return the smallest profile that meets this need: that with the least memory, then the fewest
   * slices and attributes; empty if no profile is known to meet it}
   */
  public Optional<GpuInstanceProfile> smallestOn(GpuModel gpu) {
    Objects.requireNonNull(gpu, "gpu");
    return matching(gpu, Match.YES).findFirst();
  }

  /** {@return every profile that meets this need, smallest first} */
  public List<GpuInstanceProfile> allOn(GpuModel gpu) {
    Objects.requireNonNull(gpu, "gpu");
    return matching(gpu, Match.YES).toList();
  }

  /** {@return the profiles that may meet this need, but lack a number, smallest first} */
  public List<GpuInstanceProfile> undeterminedOn(GpuModel gpu) {
    Objects.requireNonNull(gpu, "gpu");
    return matching(gpu, Match.UNKNOWN).toList();
  }

  private Stream<GpuInstanceProfile> matching(GpuModel gpu, Match match) {
    return gpu.profiles().stream().filter(p -> meets(p) == match).sorted(SMALLEST_FIRST);
  }

  private Match meets(GpuInstanceProfile profile) {
    Match match = hasMemory(profile).and(hasMedia(profile)).and(hasGraphics(profile));
    for (Map.Entry<Budget, Integer> need : atLeast.entrySet()) {
      OptionalInt amount = profile.amount(need.getKey());
      match = match.and(
          need.getValue() == 0
              ? Match.YES
              : amount.isPresent()
                  ? Match.of(amount.getAsInt() >= need.getValue())
                  : Match.UNKNOWN);
    }
    return match;
  }

  /** The name has at least the usable memory, so it can exclude a profile of unknown memory. */
  private Match hasMemory(GpuInstanceProfile profile) {
    OptionalInt mib = profile.amount(Budget.MEMORY_MIB);
    if (memoryGib == 0 || mib.isPresent()) {
      return Match.of(memoryGib == 0 || mib.getAsInt() >= memoryGib * 1024);
    }
    int named = profile.profile().memoryGb();
    return named > 0 && named < memoryGib ? Match.NO : Match.UNKNOWN;
  }

  private Match hasMedia(GpuInstanceProfile profile) {
    return switch (media) {
      case ANY -> Match.YES;
      case REQUIRED -> byEngines(profile, MEDIA_ENGINES, n -> n > 0, '+');
      case EXCLUDED -> byEngines(profile, ALL_MEDIA_ENGINES, n -> n == 0, '-');
    };
  }

  /** Compares the numbers of the engines, or the sign of the attribute if they are unknown. */
  private static Match byEngines(
      GpuInstanceProfile profile, List<Budget> engines, IntPredicate wanted, char sign) {
    List<OptionalInt> amounts = engines.stream().map(profile::amount).toList();
    if (amounts.stream().allMatch(OptionalInt::isPresent)) {
      return Match.of(amounts.stream().allMatch(n -> wanted.test(n.getAsInt())));
    }
    Set<String> attributes = attributes(profile);
    if (attributes.stream().noneMatch(attribute -> attribute.startsWith(MEDIA, 1))) {
      return Match.UNKNOWN;
    }
    return Match.of(attributes.contains(sign + MEDIA) || attributes.contains(sign + MEDIA_ALL));
  }

  private Match hasGraphics(GpuInstanceProfile profile) {
    boolean has = attributes(profile).contains("+" + GRAPHICS);
    return Match.of(graphics == Preference.ANY || has == (graphics == Preference.REQUIRED));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ProfileNeed that
        && memoryGib == that.memoryGib
        && atLeast.equals(that.atLeast)
        && media == that.media
        && graphics == that.graphics;
  }

  @Override
  public int hashCode() {
    return Objects.hash(memoryGib, atLeast, media, graphics);
  }

  /** The need in words, e.g. {@code any profile with memory >= 20.0 GiB, SMs >= 30}. */
  @Override
  public String toString() {
    List<String> words = new ArrayList<>();
    if (memoryGib > 0) {
      words.add("memory >= " + memoryGib + " GiB");
    }
    atLeast.forEach((budget, amount) -> words.add(budget.noun() + " >= " + amount));
    addPreference(words, media, "media engines");
    addPreference(words, graphics, "graphics");
    return words.isEmpty() ? "any profile" : "any profile with " + String.join(", ", words);
  }

  private static void addPreference(List<String> words, Preference preference, String what) {
    if (preference != Preference.ANY) {
      words.add(preference == Preference.REQUIRED ? what : "no " + what);
    }
  }

  /** Each attribute with its sign, e.g. {@code +me}. */
  private static Set<String> attributes(GpuInstanceProfile profile) {
    String suffix = profile.profile().suffix();
    return suffix.isEmpty()
        ? Set.of()
        : Stream.of(suffix.substring(1).split(","))
            .map(attribute -> suffix.charAt(0) + attribute)
            .collect(Collectors.toSet());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("memoryGib", memoryGib == 0 ? null : memoryGib)
        .and("atLeast", atLeast.isEmpty() ? null : atLeast)
        .and("media", media == Preference.ANY ? null : JsonFields.name(media))
        .and("graphics", graphics == Preference.ANY ? null : JsonFields.name(graphics))
        .map();
  }

  /**
   * Reads the JSON form, the inverse of {@link #toJson()}.
   *
   * @throws IllegalArgumentException naming the field that is missing, unknown or of another kind
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static ProfileNeed ofJson(Map<String, Object> json) {
    JsonInput in = JsonInput.of("need", json);
    ProfileNeed need = new ProfileNeed(
            0, Map.of(), preference(in, "media"), preference(in, "graphics"))
        .memoryGib(in.optionalNumber("memoryGib").orElse(0.0));
    JsonInput atLeast = in.fields("atLeast");
    for (Budget budget : Budget.values()) {
      OptionalInt amount = atLeast.optionalInteger(budget.toJson());
      need = amount.isPresent() ? need.atLeast(budget, amount.getAsInt()) : need;
    }
    return atLeast.requireNoOthers(in.requireNoOthers(need));
  }

  private static Preference preference(JsonInput in, String name) {
    String text = in.optionalText(name).orElse("any");
    return JsonFields.constant(Preference.class, text)
        .orElseThrow(() -> new IllegalArgumentException(
            "Not a need: '%s' must be required, excluded or any, but was '%s'"
                .formatted(name, text)));
  }
}
