package io.github.mig4j.sharing;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.ProfileNeed;
import io.github.mig4j.sharing.SharingNeed.Isolation;
import io.github.mig4j.sharing.SharingOption.Method;
import io.github.mig4j.sharing.SharingOption.Reason;
import io.github.mig4j.sharing.SharingOption.Topic;
import io.github.mig4j.sharing.SharingOption.Verdict;
import io.github.mig4j.text.JsonFields;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Which way of sharing one GPU suits a need, and why.
 *
 * <pre>{@code
 * SharingAdvice advice = SharingAdvice.of(l40s, new SharingNeed(4, 10, Isolation.NONE));
 * advice.best();          // time-slicing
 * advice.sharing();       // GpuSharing.timeSlicing(4)
 * }</pre>
 *
 * <p>Ways that suit come in this order: the whole GPU for a single tenant, MIG since it keeps more
 * apart than was asked for, time-slicing, and MPS, which needs a daemon and which NVIDIA calls
 * experimental in the device plugin. Time-slicing isolates nothing, so it only suits tenants that
 * need no isolation. A figure that the model lacks is never guessed.
 */
public final class SharingAdvice implements JsonForm {

  private static final int MIB = 1024;
  private static final double TURING = 7.5;

  /** What is certainly left of the data sheet's figure; inline ECC takes a sixteenth. */
  private static final double REPORTED = 7.0 / 8;

  private final GpuModel gpu;
  private final SharingNeed need;
  private final List<SharingOption> options;

  private SharingAdvice(GpuModel gpu, SharingNeed need) {
    this.gpu = gpu;
    this.need = need;
    this.options = Stream.of(wholeGpu(), mig(), timeSlicing(), mps())
        .sorted(Comparator.comparing(SharingOption::verdict))
        .toList();
  }

  /** Weighs every way. */
  public static SharingAdvice of(GpuModel gpu, SharingNeed need) {
    Objects.requireNonNull(gpu, "gpu");
    Objects.requireNonNull(need, "need");
    return new SharingAdvice(gpu, need);
  }

  /**
   * {@return every way: those that suit, then those that are not known to suit, then the others;
   * each in order of preference}
   */
  public List<SharingOption> options() {
    return options;
  }

  /** {@return the way to take: the first that suits, or empty if none is known to} */
  public Optional<SharingOption> best() {
    return options.stream().filter(SharingOption::suits).findFirst();
  }

  /**
   * {@return what to give the device plugin for {@link #best()}; empty for the whole GPU and for
   * MIG, which are not shared, and if no way suits}
   */
  public Optional<GpuSharing> sharing() {
    return best().flatMap(option -> switch (option.method()) {
      case TIME_SLICING -> Optional.of(GpuSharing.timeSlicing(need.tenants()));
      case MPS -> Optional.of(GpuSharing.mps(need.tenants()));
      case WHOLE_GPU, MIG -> Optional.empty();
    });
  }

  private SharingOption wholeGpu() {
    List<Reason> reasons = new ArrayList<>();
    reasons.add(capacity(
        need.tenants() == 1 ? Verdict.SUITS : Verdict.SUITS_NOT,
        need.tenants() == 1
            ? "one tenant has the GPU to itself"
            : "one tenant only, but there are " + need.tenants()));
    reasons.add(memory(1));
    isolation(
        reasons, Isolation.FAULT, "no other tenant is on the GPU", "no other tenant is on the GPU");
    reasons.add(share("all of it"));
    return SharingOption.of(Method.WHOLE_GPU, Optional.empty(), reasons);
  }

  private SharingOption mig() {
    if (!gpu.supportsMig()) {
      return SharingOption.of(
          Method.MIG,
          Optional.empty(),
          List.of(new Reason(Topic.SUPPORT, Verdict.SUITS_NOT, gpu.id() + " has no MIG")));
    }
    List<Reason> reasons = new ArrayList<>();
    ProfileNeed profileNeed = ProfileNeed.anything().memoryGib(need.memoryGib());
    Predicate<GpuInstanceProfile> enough = p -> p.maxInstances() >= need.tenants();
    Optional<GpuInstanceProfile> smallest =
        profileNeed.allOn(gpu).stream().filter(enough).findFirst();
    Optional<GpuInstanceProfile> perhaps =
        profileNeed.undeterminedOn(gpu).stream().filter(enough).findFirst();
    if (smallest.isPresent()) {
      reasons.add(capacity(Verdict.SUITS, holds(smallest.get())));
    } else if (perhaps.isPresent()) {
      reasons.add(capacity(
          Verdict.UNKNOWN,
          "the memory of %s on %s was never published"
              .formatted(perhaps.get().profile(), gpu.id())));
    } else {
      reasons.add(capacity(Verdict.SUITS_NOT, tooFew(profileNeed)));
    }
    isolation(
        reasons,
        Isolation.FAULT,
        "each tenant has memory of its own",
        "a crash stays in its own device");
    reasons.add(share("exact, by hardware"));
    return SharingOption.of(
        Method.MIG, smallest.or(() -> perhaps).map(GpuInstanceProfile::profile), reasons);
  }

  private static String holds(GpuInstanceProfile profile) {
    OptionalInt mib = profile.amount(Budget.MEMORY_MIB);
    return "up to %d of %s%s"
        .formatted(
            profile.maxInstances(),
            profile.profile(),
            mib.isPresent() ? ", each with " + gib(mib.getAsInt()) : "");
  }

  private String tooFew(ProfileNeed profileNeed) {
    Optional<GpuInstanceProfile> most = profileNeed.allOn(gpu).stream()
        .max(Comparator.comparingInt(GpuInstanceProfile::maxInstances));
    String size =
        need.memoryGib() == 0 ? "" : " of %s GiB or more".formatted(number(need.memoryGib()));
    return most.map(p -> "at most %d devices%s, but there are %d tenants"
            .formatted(p.maxInstances(), size, need.tenants()))
        .orElseGet(() -> "no profile is" + size);
  }

  private SharingOption timeSlicing() {
    List<Reason> reasons = new ArrayList<>();
    severalTenants(reasons);
    reasons.add(memory(need.tenants()));
    isolation(
        reasons,
        Isolation.NONE,
        "nothing limits what one tenant takes of the memory",
        "no isolation of faults is promised");
    reasons.add(share("best effort, in turns with the other tenants"));
    return SharingOption.of(Method.TIME_SLICING, Optional.empty(), reasons);
  }

  private SharingOption mps() {
    List<Reason> reasons = new ArrayList<>();
    severalTenants(reasons);
    int clients = isBeforeTuring() ? MpsRules.MAX_CLIENTS_BEFORE_TURING : MpsRules.MAX_CLIENTS;
    if (need.tenants() > clients) {
      reasons.add(capacity(
          Verdict.SUITS_NOT,
          "at most %d clients, but there are %d tenants".formatted(clients, need.tenants())));
    }
    reasons.add(memory(need.tenants()));
    isolation(
        reasons,
        Isolation.MEMORY,
        "each tenant is limited to an equal part of the memory",
        "a crash of one tenant can end all");
    reasons.add(share("at most %d%% of the multiprocessors each, not reserved"
        .formatted(100 / Math.min(need.tenants(), 100))));
    return SharingOption.of(Method.MPS, Optional.empty(), reasons);
  }

  private boolean isBeforeTuring() {
    return gpu.computeCapability()
        .filter(version -> version.matches("[0-9]{1,3}\\.[0-9]{1,3}"))
        .filter(version -> Double.parseDouble(version) < TURING)
        .isPresent();
  }

  /** The plugin refuses a single replica. */
  private void severalTenants(List<Reason> reasons) {
    if (need.tenants() == 1) {
      reasons.add(
          new Reason(Topic.SUPPORT, Verdict.SUITS_NOT, "there is no other tenant to share with"));
    }
  }

  private static Reason capacity(Verdict verdict, String message) {
    return new Reason(Topic.CAPACITY, verdict, message);
  }

  private static Reason share(String message) {
    return new Reason(Topic.SHARE, Verdict.SUITS, message);
  }

  private void isolation(List<Reason> reasons, Isolation given, String memory, String fault) {
    reasons.add(new Reason(
        Topic.MEMORY_ISOLATION,
        verdict(given.compareTo(Isolation.MEMORY) >= 0, Isolation.MEMORY),
        memory));
    reasons.add(new Reason(
        Topic.FAULT_ISOLATION, verdict(given == Isolation.FAULT, Isolation.FAULT), fault));
  }

  private Verdict verdict(boolean given, Isolation wanted) {
    boolean missed = !given && need.isolation().compareTo(wanted) >= 0;
    return missed ? Verdict.SUITS_NOT : Verdict.SUITS;
  }

  /** Whether the memory of the whole GPU is enough for so many at once. */
  private Reason memory(int tenants) {
    double wanted = need.memoryGib() * tenants;
    if (wanted == 0) {
      return capacity(Verdict.SUITS, "no memory is asked for" + each(tenants));
    }
    String sum = "%s x %s GiB".formatted(tenants, number(need.memoryGib()));
    OptionalInt mib = gpu.totalMemoryMib();
    if (mib.isPresent()) {
      return capacity(
          wanted * MIB <= mib.getAsInt() ? Verdict.SUITS : Verdict.SUITS_NOT,
          "%s of %s".formatted(sum, gib(mib.getAsInt())));
    }
    if (gpu.marketedMemoryGb().isPresent()) {
      int gb = gpu.marketedMemoryGb().getAsInt();
      Verdict tight = wanted <= gb ? Verdict.UNKNOWN : Verdict.SUITS_NOT;
      return capacity(
          wanted <= gb * REPORTED ? Verdict.SUITS : tight,
          "%s of %d GB by the data sheet, of which the driver reports somewhat less"
              .formatted(sum, gb));
    }
    return capacity(Verdict.UNKNOWN, "the memory of %s was never published".formatted(gpu.id()));
  }

  /** An equal part of the memory, if the memory is known. */
  private String each(int tenants) {
    OptionalInt mib = gpu.totalMemoryMib();
    return mib.isEmpty() ? "" : "; an equal part of the GPU's is " + gib(mib.getAsInt() / tenants);
  }

  private static String gib(int mib) {
    return number((double) mib / MIB) + " GiB";
  }

  private static String number(double value) {
    return value == Math.rint(value)
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.format(Locale.ROOT, "%.1f", value);
  }

  /** The answer in one line, e.g. {@code l40s-48gb: time-slicing}. */
  @Override
  public String toString() {
    return "%s: %s"
        .formatted(
            gpu.id(), best().map(option -> option.method().toString()).orElse("no method suits"));
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("gpu", gpu.id())
        .and("tenants", need.tenants())
        .and("memoryGib", need.memoryGib())
        .and("isolation", need.isolation())
        .and("best", best().map(SharingOption::method).map(Method::toJson))
        .and("options", options)
        .and("sharing", sharing())
        .map();
  }
}
