package io.github.mig4j.layout;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.Confidence;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuInstanceProfile.Field;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.Spelling;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One reason why a layout is impossible, with the facts as data and a {@link #message}. */
public sealed interface Violation extends JsonForm {

  /** {@return the stable code of this kind of violation, e.g. {@code unknown-profile}} */
  String code();

  /** {@return how certain this reason is: the confidence of the least certain fact it uses} */
  Confidence confidence();

  /** {@return subject, verdict, value and remedy in one line, without a full stop} */
  String message();

  /** The GPU has no MIG. */
  record MigNotSupported(GpuModel gpu) implements Violation {
    public MigNotSupported {
      Objects.requireNonNull(gpu, "gpu");
    }

    @Override
    public String code() {
      return "mig-not-supported";
    }

    @Override
    public Confidence confidence() {
      return gpu.slicesProvenance().confidence();
    }

    @Override
    public String message() {
      return "%s (%s) has no MIG; share it by time-slicing or MPS instead"
          .formatted(gpu.id(), gpu.architecture());
    }

    @Override
    public String toString() {
      return message();
    }
  }

  /** The GPU does not offer the requested profile. */
  record UnknownProfile(GpuModel gpu, MigProfile profile) implements Violation {
    public UnknownProfile {
      Objects.requireNonNull(gpu, "gpu");
      Objects.requireNonNull(profile, "profile");
    }

    @Override
    public String code() {
      return "unknown-profile";
    }

    @Override
    public Confidence confidence() {
      return gpu.profiles().stream()
          .map(p -> p.provenance(Field.NAME).confidence())
          .reduce(gpu.slicesProvenance().confidence(), Confidence::weaker);
    }

    @Override
    public String message() {
      return "%s has no profile %s%s; it has %s"
          .formatted(gpu.id(), profile, hint(), gpu.profileNames());
    }

    @Override
    public String toString() {
      return message();
    }

    private String hint() {
      Optional<MigProfile> renamed = gpu.renamed(profile);
      if (renamed.isPresent()) {
        return ", which is an old name of " + renamed.get();
      }
      List<MigProfile> meant = gpu.suggestions(profile);
      return meant.isEmpty() ? "" : " (did you mean %s?)".formatted(Spelling.or(meant));
    }
  }

  /** The request has more instances of a profile than the GPU allows. */
  record TooManyInstances(GpuModel gpu, MigProfile profile, int requested, int max)
      implements Violation {
    public TooManyInstances {
      Objects.requireNonNull(gpu, "gpu");
      Objects.requireNonNull(profile, "profile");
    }

    @Override
    public String code() {
      return "too-many-instances";
    }

    @Override
    public Confidence confidence() {
      return weakest(gpu, List.of(profile), Field.MAX_INSTANCES);
    }

    @Override
    public String message() {
      return "%s holds at most %d of %s, but the request takes %d"
          .formatted(gpu.id(), max, profile, requested);
    }

    @Override
    public String toString() {
      return message();
    }
  }

  /**
   * All instances together take more of a budget than the whole GPU has.
   *
   * @param shares what all instances of each profile take together, in the unit of the budget
   */
  record BudgetExceeded(
      GpuModel gpu, Budget budget, SortedMap<MigProfile, Long> shares, int capacity)
      implements Violation {
    public BudgetExceeded {
      Objects.requireNonNull(gpu, "gpu");
      Objects.requireNonNull(budget, "budget");
      Objects.requireNonNull(shares, "shares");
      shares = Collections.unmodifiableSortedMap(new TreeMap<>(shares));
    }

    /** {@return what all instances take together, the sum of the shares} */
    public long needed() {
      return shares.values().stream().mapToLong(Long::longValue).sum();
    }

    private double excess() {
      return (double) needed() / capacity;
    }

    @Override
    public String code() {
      return "budget-exceeded";
    }

    @Override
    public Confidence confidence() {
      Stream<MigProfile> concerned = Stream.concat(
          shares.keySet().stream(), gpu.wholeGpu().map(GpuInstanceProfile::profile).stream());
      Confidence amounts = concerned
          .flatMap(name -> gpu.profile(name).stream())
          .map(p -> p.provenance(budget).confidence())
          .reduce(Confidence.HARDWARE, Confidence::weaker);
      return budget == Budget.MEMORY_SLICES || budget == Budget.COMPUTE_SLICES
          ? amounts.weaker(gpu.slicesProvenance().confidence())
          : amounts;
    }

    @Override
    public String message() {
      return "%s has %d %s, but the request takes %d (%s)"
          .formatted(
              gpu.id(),
              capacity,
              budget.noun(),
              needed(),
              shares.entrySet().stream()
                  .map(share -> share.getKey() + ": " + share.getValue())
                  .collect(Collectors.joining(", ")));
    }

    @Override
    public String toString() {
      return message();
    }
  }

  /**
   * The request is within every budget, but the instances overlap at all allowed starts.
   *
   * @param gpuInstances the GPU instances without a start, by profile
   * @param beside the requested placements, which stay where they are
   */
  record NoArrangement(
      GpuModel gpu, SortedMap<MigProfile, Integer> gpuInstances, List<Placement> beside)
      implements Violation {
    public NoArrangement {
      Objects.requireNonNull(gpu, "gpu");
      Objects.requireNonNull(gpuInstances, "gpuInstances");
      Objects.requireNonNull(beside, "beside");
      gpuInstances = Collections.unmodifiableSortedMap(new TreeMap<>(gpuInstances));
      beside = beside.stream().sorted().toList();
    }

    @Override
    public String code() {
      return "no-arrangement";
    }

    @Override
    public Confidence confidence() {
      List<MigProfile> concerned = Stream.concat(
              gpuInstances.keySet().stream(), beside.stream().map(Placement::profile))
          .toList();
      return weakest(gpu, concerned, Field.SIZE, Field.STARTS);
    }

    @Override
    public String message() {
      return "%s cannot place %s%s without overlap: %s; the GPU has %d memory slices"
          .formatted(
              gpu.id(),
              gpuInstances,
              beside.isEmpty() ? "" : " beside " + beside,
              allowedStarts(),
              gpu.memorySlices().orElse(GpuModel.MAX_MEMORY_SLICES));
    }

    @Override
    public String toString() {
      return message();
    }

    private String allowedStarts() {
      return gpuInstances.keySet().stream()
          .map(name -> gpu.profile(name)
              .map(p -> "%s covers %d memory slices from %s"
                  .formatted(name, p.size().orElse(0), Spelling.or(p.starts())))
              .orElseGet(name::toString))
          .collect(Collectors.joining(", "));
    }
  }

  /** A requested start, a memory slice from 0, is not allowed for the profile. */
  record StartNotAllowed(GpuModel gpu, MigProfile profile, int start, List<Integer> allowed)
      implements Violation {
    public StartNotAllowed {
      Objects.requireNonNull(gpu, "gpu");
      Objects.requireNonNull(profile, "profile");
      allowed = List.copyOf(Objects.requireNonNull(allowed, "allowed"));
      if (allowed.isEmpty()) {
        throw new IllegalArgumentException("allowed must contain a start, but was empty");
      }
    }

    @Override
    public String code() {
      return "start-not-allowed";
    }

    @Override
    public Confidence confidence() {
      return weakest(gpu, List.of(profile), Field.STARTS);
    }

    @Override
    public String message() {
      return "%s: %s cannot start at memory slice %d, only at %s"
          .formatted(gpu.id(), profile, start, Spelling.or(allowed));
    }

    @Override
    public String toString() {
      return message();
    }
  }

  /** Two instances with requested starts share memory slices; the first one starts first. */
  record Overlap(GpuModel gpu, Placement first, Placement second) implements Violation {
    public Overlap {
      Objects.requireNonNull(gpu, "gpu");
      Objects.requireNonNull(first, "first");
      Objects.requireNonNull(second, "second");
    }

    @Override
    public String code() {
      return "overlap";
    }

    @Override
    public Confidence confidence() {
      return weakest(gpu, List.of(first.profile(), second.profile()), Field.SIZE);
    }

    @Override
    public String message() {
      return "%s: %s and %s overlap from memory slice %d to %d"
          .formatted(
              gpu.id(),
              first,
              second,
              Math.max(first.start(), second.start()),
              Math.min(first.end(), second.end()) - 1);
    }

    @Override
    public String toString() {
      return message();
    }
  }

  /**
   * The decisive reasons of one rejection in one line. Of several exceeded budgets it has the
   * tightest one only, and it counts the reasons that it leaves out.
   *
   * @return at most three messages, e.g. {@code b200-180gb has 7 compute slices, but the request
   *     takes 8 (…); and 2 more}
   */
  static String summary(List<Violation> violations) {
    Objects.requireNonNull(violations, "violations");
    int maxReasonsShown = 3;
    Optional<BudgetExceeded> tightest = violations.stream()
        .filter(BudgetExceeded.class::isInstance)
        .map(BudgetExceeded.class::cast)
        .reduce((one, other) -> other.excess() > one.excess() ? other : one);
    List<String> shown = violations.stream()
        .filter(each -> !(each instanceof BudgetExceeded) || tightest.equals(Optional.of(each)))
        .limit(maxReasonsShown)
        .map(Violation::message)
        .toList();
    int more = violations.size() - shown.size();
    return String.join("; ", shown) + (more == 0 ? "" : "; and %d more".formatted(more));
  }

  /**
   * An instance that runs covers another number of memory slices than the model says, so the GPU is
   * probably another one.
   *
   * @param running the placement that was reported
   * @param size how many memory slices the model has for the profile
   */
  record SizeDiffers(GpuModel gpu, Placement running, int size) implements Violation {
    public SizeDiffers {
      Objects.requireNonNull(gpu, "gpu");
      Objects.requireNonNull(running, "running");
    }

    @Override
    public String code() {
      return "size-differs";
    }

    @Override
    public Confidence confidence() {
      return weakest(gpu, List.of(running.profile()), Field.SIZE);
    }

    @Override
    public String message() {
      return "%s covers %d memory slices, but on %s %s covers %d; check which GPU it is"
          .formatted(running, running.size(), gpu.id(), running.profile(), size);
    }

    @Override
    public String toString() {
      return message();
    }
  }

  private static Confidence weakest(GpuModel gpu, List<MigProfile> profiles, Field... fields) {
    return profiles.stream()
        .flatMap(name -> gpu.profile(name).stream())
        .flatMap(p -> Stream.of(fields).map(field -> p.provenance(field).confidence()))
        .reduce(Confidence.HARDWARE, Confidence::weaker);
  }

  @Override
  default Map<String, Object> toJson() {
    return JsonFields.of("code", code())
        .and("message", message())
        .and("confidence", confidence())
        .map();
  }
}
