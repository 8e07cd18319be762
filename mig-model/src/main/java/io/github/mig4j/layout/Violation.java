package io.github.mig4j.layout;

import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** One reason why a layout is impossible; carries the facts, and says them in {@link #message}. */
public sealed interface Violation {

  /**
   * The stable name of the kind, for programs: e.g. {@code unknown-profile}.
   *
   * @return lower case words joined by dashes
   */
  String code();

  /**
   * Subject, verdict, value and remedy in one line.
   *
   * @return the sentence, without a full stop
   */
  String message();

  /**
   * The GPU has no MIG.
   *
   * @param gpu the model
   */
  record MigNotSupported(GpuModel gpu) implements Violation {
    @Override
    public String code() {
      return "mig-not-supported";
    }

    @Override
    public String message() {
      return "%s (%s) has no MIG; share it by time-slicing or MPS instead"
          .formatted(gpu.id(), gpu.architecture());
    }
  }

  /**
   * The GPU does not offer the profile.
   *
   * @param gpu the model
   * @param profile what was asked for
   */
  record UnknownProfile(GpuModel gpu, MigProfile profile) implements Violation {
    @Override
    public String code() {
      return "unknown-profile";
    }

    @Override
    public String message() {
      return "%s has no profile %s; it has %s".formatted(gpu.id(), profile, gpu.profileNames());
    }
  }

  /**
   * More instances of a profile than the GPU can hold at once.
   *
   * @param gpu the model
   * @param profile the GPU instance's profile
   * @param requested how many were asked for
   * @param max how many there can be
   */
  record TooManyInstances(GpuModel gpu, MigProfile profile, int requested, int max)
      implements Violation {
    @Override
    public String code() {
      return "too-many-instances";
    }

    @Override
    public String message() {
      return "%s holds at most %d of %s, but %d were requested"
          .formatted(gpu.id(), max, profile, requested);
    }
  }

  /**
   * All instances together take more of a budget than the GPU has.
   *
   * @param gpu the model
   * @param budget which budget
   * @param needed what the instances take, in the unit of the budget
   * @param capacity what the GPU has
   */
  record BudgetExceeded(GpuModel gpu, Budget budget, long needed, int capacity)
      implements Violation {
    @Override
    public String code() {
      return "budget-exceeded";
    }

    @Override
    public String message() {
      return "%s has %d %s, but the request takes %d"
          .formatted(gpu.id(), capacity, budget.noun(), needed);
    }
  }

  /**
   * Every sum is within its budget, but no choice of starts keeps the instances apart.
   *
   * @param gpu the model
   * @param gpuInstances the GPU instances asked for, by profile
   */
  record NoArrangement(GpuModel gpu, SortedMap<MigProfile, Integer> gpuInstances)
      implements Violation {
    public NoArrangement {
      gpuInstances = Collections.unmodifiableSortedMap(new TreeMap<>(gpuInstances));
    }

    @Override
    public String code() {
      return "no-arrangement";
    }

    @Override
    public String message() {
      return "%s has no free arrangement for %s: %s on %d memory slices"
          .formatted(gpu.id(), gpuInstances, allowedStarts(), gpu.memorySlices().orElse(0));
    }

    private String allowedStarts() {
      return gpuInstances.keySet().stream()
          .map(name -> gpu.profile(name)
              .map(p -> "%s starts at %s".formatted(name, oneOf(p.starts())))
              .orElseGet(name::toString))
          .collect(Collectors.joining(", "));
    }
  }

  /**
   * The profile was asked for at a slice where it cannot start.
   *
   * @param gpu the model
   * @param profile the GPU instance's profile
   * @param start the slice asked for
   * @param allowed where it may start
   */
  record StartNotAllowed(GpuModel gpu, MigProfile profile, int start, List<Integer> allowed)
      implements Violation {
    public StartNotAllowed {
      allowed = List.copyOf(allowed);
    }

    @Override
    public String code() {
      return "start-not-allowed";
    }

    @Override
    public String message() {
      return "%s: %s cannot start at memory slice %d, only at %s"
          .formatted(gpu.id(), profile, start, oneOf(allowed));
    }
  }

  /**
   * Two instances were asked for at starts where they share memory slices.
   *
   * @param gpu the model
   * @param first the placement that starts first
   * @param second the other
   */
  record Overlap(GpuModel gpu, Placement first, Placement second) implements Violation {
    @Override
    public String code() {
      return "overlap";
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
  }

  /** Joins starts as a sentence does: {@code 0}, {@code 0 or 4}, {@code 0, 2 or 4}. */
  private static String oneOf(List<Integer> starts) {
    if (starts.size() == 1) {
      return starts.get(0).toString();
    }
    List<Integer> head = starts.subList(0, starts.size() - 1);
    return head.stream().map(String::valueOf).collect(Collectors.joining(", "))
        + " or "
        + starts.get(starts.size() - 1);
  }
}
