package io.github.mig4j.gpu;

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
 * What a workload needs of a MIG device, to choose the smallest profile that has it.
 *
 * <pre>{@code
 * Optional<GpuInstanceProfile> profile =
 *     ProfileNeed.anything().memoryGib(20).sms(30).decoders(1).smallestOn(b200);
 * }</pre>
 *
 * <p>A figure that a model lacks is never guessed: a profile that might do is listed by {@link
 * #undeterminedOn} instead.
 */
public final class ProfileNeed {

  private static final String MEDIA = "me";
  private static final String MEDIA_ALL = "me.all";
  private static final String GRAPHICS = "gfx";
  private static final List<Budget> MEDIA_ENGINES =
      List.of(Budget.DECODERS, Budget.JPEG_ENGINES, Budget.OFA_ENGINES);
  private static final List<Budget> ALL_MEDIA_ENGINES =
      List.of(Budget.DECODERS, Budget.ENCODERS, Budget.JPEG_ENGINES, Budget.OFA_ENGINES);

  /** The less memory, the fewer slices and attributes, the smaller. */
  private static final Comparator<GpuInstanceProfile> SMALLEST_FIRST = Comparator.comparingInt(
          (GpuInstanceProfile p) -> p.profile().memoryGb())
      .thenComparingInt(p -> p.profile().gpuSlices())
      .thenComparingInt(p -> attributes(p).size())
      .thenComparing(GpuInstanceProfile::profile);

  private enum Answer {
    YES,
    UNKNOWN,
    NO;

    static Answer of(boolean yes) {
      return yes ? YES : NO;
    }

    Answer and(Answer other) {
      return compareTo(other) >= 0 ? this : other;
    }
  }

  private enum Wish {
    WITH,
    WITHOUT,
    EITHER
  }

  private final double memoryGib;
  private final Map<Budget, Integer> atLeast;
  private final Wish media;
  private final Wish graphics;

  private ProfileNeed(double memoryGib, Map<Budget, Integer> atLeast, Wish media, Wish graphics) {
    this.memoryGib = memoryGib;
    this.atLeast = atLeast;
    this.media = media;
    this.graphics = graphics;
  }

  /**
   * A need that every profile meets; the methods of this class make it narrower.
   *
   * @return the widest need
   */
  public static ProfileNeed anything() {
    return new ProfileNeed(0, Map.of(), Wish.EITHER, Wish.EITHER);
  }

  /**
   * At least this much memory.
   *
   * @param gib memory that a program can use, in GiB; what the profile's name says is more
   * @return a narrower need
   * @throws IllegalArgumentException if it is negative or no number
   */
  public ProfileNeed memoryGib(double gib) {
    if (!(gib >= 0)) {
      throw new IllegalArgumentException("memoryGib must not be negative, but was " + gib);
    }
    return new ProfileNeed(gib, atLeast, media, graphics);
  }

  /**
   * At least this many streaming multiprocessors.
   *
   * @param count how many, not negative
   * @return a narrower need
   */
  public ProfileNeed sms(int count) {
    return atLeast(Budget.SMS, count);
  }

  /**
   * At least this many video decoders.
   *
   * @param count how many, not negative
   * @return a narrower need
   */
  public ProfileNeed decoders(int count) {
    return atLeast(Budget.DECODERS, count);
  }

  /**
   * At least this much of a budget.
   *
   * @param budget which budget
   * @param amount how much, in the unit of the budget, not negative
   * @return a narrower need
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

  /**
   * With video decoder, JPEG decoder and optical flow accelerator.
   *
   * @return a narrower need
   */
  public ProfileNeed withMedia() {
    return new ProfileNeed(memoryGib, atLeast, Wish.WITH, graphics);
  }

  /**
   * Without any media engine, so that they are left for others.
   *
   * @return a narrower need
   */
  public ProfileNeed withoutMedia() {
    return new ProfileNeed(memoryGib, atLeast, Wish.WITHOUT, graphics);
  }

  /**
   * With graphics, which only the profiles called {@code +gfx} have.
   *
   * @return a narrower need
   */
  public ProfileNeed withGraphics() {
    return new ProfileNeed(memoryGib, atLeast, media, Wish.WITH);
  }

  /**
   * Without graphics.
   *
   * @return a narrower need
   */
  public ProfileNeed withoutGraphics() {
    return new ProfileNeed(memoryGib, atLeast, media, Wish.WITHOUT);
  }

  /**
   * The smallest profile that has all of it.
   *
   * @param gpu the model
   * @return the profile with the least memory, then the fewest slices and attributes; empty if none
   *     is known to have it
   */
  public Optional<GpuInstanceProfile> smallestOn(GpuModel gpu) {
    Objects.requireNonNull(gpu, "gpu");
    return matching(gpu, Answer.YES).findFirst();
  }

  /**
   * Every profile that has all of it.
   *
   * @param gpu the model
   * @return profiles, smallest first
   */
  public List<GpuInstanceProfile> allOn(GpuModel gpu) {
    Objects.requireNonNull(gpu, "gpu");
    return matching(gpu, Answer.YES).toList();
  }

  /**
   * The profiles of which too little is known to tell.
   *
   * @param gpu the model
   * @return profiles, smallest first; none where all figures are known
   */
  public List<GpuInstanceProfile> undeterminedOn(GpuModel gpu) {
    Objects.requireNonNull(gpu, "gpu");
    return matching(gpu, Answer.UNKNOWN).toList();
  }

  private Stream<GpuInstanceProfile> matching(GpuModel gpu, Answer answer) {
    return gpu.profiles().stream().filter(p -> meets(p) == answer).sorted(SMALLEST_FIRST);
  }

  private Answer meets(GpuInstanceProfile profile) {
    Answer answer = hasMemory(profile).and(hasMedia(profile)).and(hasGraphics(profile));
    for (Map.Entry<Budget, Integer> need : atLeast.entrySet()) {
      OptionalInt amount = profile.amount(need.getKey());
      answer = answer.and(
          need.getValue() == 0
              ? Answer.YES
              : amount.isPresent()
                  ? Answer.of(amount.getAsInt() >= need.getValue())
                  : Answer.UNKNOWN);
    }
    return answer;
  }

  /** A name is never below the memory, so it can rule a profile out where the memory is unknown. */
  private Answer hasMemory(GpuInstanceProfile profile) {
    OptionalInt mib = profile.amount(Budget.MEMORY_MIB);
    if (memoryGib == 0 || mib.isPresent()) {
      return Answer.of(memoryGib == 0 || mib.getAsInt() >= memoryGib * 1024);
    }
    int named = profile.profile().memoryGb();
    return named > 0 && named < memoryGib ? Answer.NO : Answer.UNKNOWN;
  }

  private Answer hasMedia(GpuInstanceProfile profile) {
    return switch (media) {
      case EITHER -> Answer.YES;
      case WITH -> byEngines(profile, MEDIA_ENGINES, n -> n > 0, '+');
      case WITHOUT -> byEngines(profile, ALL_MEDIA_ENGINES, n -> n == 0, '-');
    };
  }

  /** By the engines where their numbers are known, otherwise by the sign of the attribute. */
  private static Answer byEngines(
      GpuInstanceProfile profile, List<Budget> engines, IntPredicate wanted, char sign) {
    List<OptionalInt> amounts = engines.stream().map(profile::amount).toList();
    if (amounts.stream().allMatch(OptionalInt::isPresent)) {
      return Answer.of(amounts.stream().allMatch(n -> wanted.test(n.getAsInt())));
    }
    Set<String> attributes = attributes(profile);
    if (attributes.stream().noneMatch(attribute -> attribute.startsWith(MEDIA, 1))) {
      return Answer.UNKNOWN;
    }
    return Answer.of(attributes.contains(sign + MEDIA) || attributes.contains(sign + MEDIA_ALL));
  }

  private Answer hasGraphics(GpuInstanceProfile profile) {
    boolean has = attributes(profile).contains("+" + GRAPHICS);
    return Answer.of(graphics == Wish.EITHER || has == (graphics == Wish.WITH));
  }

  /** What is needed, e.g. {@code any profile with memory >= 20.0 GiB, SMs >= 30}. */
  @Override
  public String toString() {
    List<String> words = new ArrayList<>();
    if (memoryGib > 0) {
      words.add("memory >= " + memoryGib + " GiB");
    }
    atLeast.forEach((budget, amount) -> words.add(budget.noun() + " >= " + amount));
    addWish(words, media, "media engines");
    addWish(words, graphics, "graphics");
    return words.isEmpty() ? "any profile" : "any profile with " + String.join(", ", words);
  }

  private static void addWish(List<String> words, Wish wish, String what) {
    if (wish != Wish.EITHER) {
      words.add(wish == Wish.WITH ? what : "no " + what);
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
}
