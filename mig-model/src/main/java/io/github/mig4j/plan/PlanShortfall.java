package io.github.mig4j.plan;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.stream.Collectors;

/**
 * Devices that a plan leaves unmet, and why.
 *
 * @param item what was wanted
 * @param count how many of it are unmet, at least 1
 * @param reason why
 */
public record PlanShortfall(DemandItem item, int count, Reason reason) {
  public PlanShortfall {
    Objects.requireNonNull(item, "item");
    Objects.requireNonNull(reason, "reason");
  }

  /**
   * Subject, value, reason and remedy in one line.
   *
   * @return the sentence, without a full stop
   */
  public String message() {
    return "%d of %s unmet: %s".formatted(count, item, reason.message());
  }

  /** Why devices are unmet. */
  public sealed interface Reason {

    /**
     * The stable name of the kind, for programs: e.g. {@code no-room}.
     *
     * @return lower case words joined by dashes
     */
    String code();

    /**
     * What is the matter and what would help.
     *
     * @return a clause, without a full stop
     */
    String message();
  }

  /**
   * No node has the labels.
   *
   * @param nodeLabels the labels that were demanded
   */
  public record NoNode(SortedMap<String, String> nodeLabels) implements Reason {
    public NoNode {
      Objects.requireNonNull(nodeLabels, "nodeLabels");
    }

    @Override
    public String code() {
      return "no-node";
    }

    @Override
    public String message() {
      return nodeLabels.isEmpty()
          ? "there is no node; add one with GPUs"
          : "no node has the labels %s; label one or demand others".formatted(nodeLabels);
    }
  }

  /**
   * No GPU of the nodes offers a profile that would do.
   *
   * @param models the models that there are
   * @param suggestions profiles which were probably meant
   */
  public record NoProfile(List<GpuModel> models, List<MigProfile> suggestions) implements Reason {
    public NoProfile {
      Objects.requireNonNull(models, "models");
      Objects.requireNonNull(suggestions, "suggestions");
      models = List.copyOf(models);
      suggestions = List.copyOf(suggestions);
    }

    @Override
    public String code() {
      return "no-profile";
    }

    @Override
    public String message() {
      String meant = suggestions.isEmpty()
          ? "add a GPU that does"
          : "did you mean "
              + suggestions.stream().map(MigProfile::toString).collect(Collectors.joining(" or "))
              + "?";
      return models.isEmpty()
          ? "there is no GPU; add one"
          : "no profile of %s does; %s".formatted(ids(models), meant);
    }
  }

  /**
   * A profile might do, but what it has or where it may start was never published.
   *
   * @param models the models which lack the data
   */
  public record NotKnown(List<GpuModel> models) implements Reason {
    public NotKnown {
      Objects.requireNonNull(models, "models");
      models = List.copyOf(models);
    }

    @Override
    public String code() {
      return "not-known";
    }

    @Override
    public String message() {
      return ("too little is known of %s to tell. Read its profiles and placements with 'nvidia-smi"
              + " mig -lgip' and 'nvidia-smi mig -lgipp' on such a GPU")
          .formatted(ids(models));
    }
  }

  /**
   * Every GPU that offers it is pinned, and has no free instance left.
   *
   * @param gpus how many GPUs they are
   */
  public record AllPinned(int gpus) implements Reason {
    @Override
    public String code() {
      return "all-pinned";
    }

    @Override
    public String message() {
      return "%s pinned and without a free instance; free one or add a GPU"
          .formatted(
              gpus == 1
                  ? "the only GPU that offers it is"
                  : "all %d GPUs that offer it are".formatted(gpus));
    }
  }

  /**
   * The GPUs that offer it are taken by what is met.
   *
   * @param gpus how many GPUs offer it
   * @param more how many more would do, by model
   */
  public record NoRoom(int gpus, Map<GpuModel, Integer> more) implements Reason {
    public NoRoom {
      Objects.requireNonNull(more, "more");
      more = Map.copyOf(more);
    }

    @Override
    public String code() {
      return "no-room";
    }

    @Override
    public String message() {
      return "%s full; %s more would do"
          .formatted(
              gpus == 1
                  ? "the only GPU that offers it is"
                  : "the %d GPUs that offer it are".formatted(gpus),
              more.entrySet().stream()
                  .map(each -> each.getValue() + " " + each.getKey().id())
                  .sorted()
                  .collect(Collectors.joining(" or ")));
    }
  }

  private static String ids(List<GpuModel> models) {
    return models.stream().map(GpuModel::id).distinct().collect(Collectors.joining(", "));
  }
}
