package io.github.mig4j.plan;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.JsonInput;
import io.github.mig4j.text.Quoted;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Devices that a plan leaves unmet, with the reason.
 *
 * @param count the number of unmet devices, at least 1
 */
public record PlanShortfall(DemandItem item, int count, Reason reason) implements JsonForm {
  public PlanShortfall {
    Objects.requireNonNull(item, "item");
    Objects.requireNonNull(reason, "reason");
    if (count < 1) {
      throw new IllegalArgumentException(
          "The count of %s must be at least 1, but was %d".formatted(item, count));
    }
  }

  /** {@return subject, value, reason and remedy in one line, without a full stop} */
  public String message() {
    return "%d of %s unmet: %s".formatted(count, item, reason.message());
  }

  /** Why devices are unmet. */
  public sealed interface Reason extends JsonForm {

    /** {@return the stable code of this kind of reason, e.g. {@code no-room}} */
    String code();

    /** {@return the problem and the remedy as a clause, without a full stop} */
    String message();

    /**
     * Reads a value from its JSON form, the inverse of {@link #toJson()}.
     *
     * @return the reason, on GPUs of the bundled catalogue
     * @throws IllegalArgumentException if a field is missing, unknown or of another kind, or if the catalogue has no such GPU; the message names it
     */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static Reason ofJson(Map<String, Object> json) {
      JsonInput in = JsonInput.of("reason", json).ignoring("message");
      String code = in.text("code");
      Reason reason = switch (code) {
        case "no-node" -> new NoNode(in.fields("nodeLabels").allTexts());
        case "no-profile" ->
          new NoProfile(
              models(in.texts("models")),
              in.texts("suggestions").stream().map(MigProfile::parse).toList());
        case "not-known" -> new NotKnown(models(in.texts("models")));
        case "all-pinned" -> new AllPinned(in.integer("gpus"));
        case "no-room" -> new NoRoom(in.integer("gpus"), more(in.fields("more").allIntegers()));
        default ->
          throw new IllegalArgumentException(
              "Not a reason: the code %s is unknown".formatted(Quoted.of(code)));
      };
      return in.requireNoOthers(reason);
    }
  }

  /** No node has the required labels. */
  public record NoNode(SortedMap<String, String> nodeLabels) implements Reason {
    public NoNode {
      Objects.requireNonNull(nodeLabels, "nodeLabels");
      nodeLabels = Collections.unmodifiableSortedMap(new TreeMap<>(nodeLabels));
    }

    @Override
    public String code() {
      return "no-node";
    }

    @Override
    public String message() {
      return nodeLabels.isEmpty()
          ? "the plan has no nodes; add a node with GPUs"
          : "no node has the labels %s; label a node or require other labels".formatted(nodeLabels);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("code", code())
          .and("message", message())
          .and("nodeLabels", nodeLabels)
          .map();
    }
  }

  /**
   * No GPU of the nodes offers a suitable profile.
   *
   * @param models the models of the nodes' GPUs
   * @param suggestions similar profiles that the models offer
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
          ? "add a GPU that offers it"
          : "did you mean "
              + suggestions.stream().map(MigProfile::toString).collect(Collectors.joining(" or "))
              + "?";
      if (!models.isEmpty() && models.stream().noneMatch(GpuModel::supportsMig)) {
        return "%s has no MIG; share it by time-slicing or MPS instead".formatted(names(models));
      }
      return models.isEmpty()
          ? "the nodes have no GPU; add one"
          : "it is not offered by %s; %s".formatted(names(models), meant);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("code", code())
          .and("message", message())
          .and("models", ids(models))
          .and("suggestions", suggestions)
          .map();
    }
  }

  /**
   * A profile may be suitable, but its numbers or its placements are not published.
   *
   * @param models the models that lack the data
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
      return ("the profiles or placements of %s are not known; read them with 'nvidia-smi mig -lgip'"
              + " and 'nvidia-smi mig -lgipp' on such a GPU")
          .formatted(names(models));
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("code", code())
          .and("message", message())
          .and("models", ids(models))
          .map();
    }
  }

  /**
   * Every GPU that offers the profile is pinned and has no free instance.
   *
   * @param gpus the number of these GPUs
   */
  public record AllPinned(int gpus) implements Reason {
    @Override
    public String code() {
      return "all-pinned";
    }

    @Override
    public String message() {
      return "%s no free instance; free an instance or add a GPU"
          .formatted(
              gpus == 1
                  ? "the only GPU that offers it is pinned and has"
                  : "all %d GPUs that offer it are pinned and have".formatted(gpus));
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("code", code())
          .and("message", message())
          .and("gpus", gpus)
          .map();
    }
  }

  /**
   * The devices that are met take all GPUs that offer the profile.
   *
   * @param gpus the number of GPUs that offer it
   * @param more the number of additional GPUs that is enough, by model
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
      return "%s full; add %s"
          .formatted(
              gpus == 1
                  ? "the only GPU that offers it is"
                  : "the %d GPUs that offer it are".formatted(gpus),
              countsById().entrySet().stream()
                  .map(each -> each.getValue() + " " + each.getKey())
                  .sorted()
                  .collect(Collectors.joining(" or ")));
    }

    private SortedMap<String, Integer> countsById() {
      SortedMap<String, Integer> counts = new TreeMap<>();
      more.forEach((model, count) -> counts.put(model.id(), count));
      return counts;
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("code", code())
          .and("message", message())
          .and("gpus", gpus)
          .and("more", countsById())
          .map();
    }
  }

  private static List<String> ids(List<GpuModel> models) {
    return models.stream().map(GpuModel::id).distinct().toList();
  }

  private static String names(List<GpuModel> models) {
    return String.join(", ", ids(models));
  }

  private static List<GpuModel> models(List<String> ids) {
    return ids.stream().map(GpuCatalog.bundled()::require).toList();
  }

  private static Map<GpuModel, Integer> more(Map<String, Integer> countsById) {
    Map<GpuModel, Integer> more = new LinkedHashMap<>();
    countsById.forEach((id, count) -> more.put(GpuCatalog.bundled().require(id), count));
    return more;
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("item", item)
        .and("count", count)
        .and("reason", reason)
        .and("message", message())
        .map();
  }

  /**
   * Reads a value from its JSON form, the inverse of {@link #toJson()}.
   *
   * @return the shortfall, on GPUs of the bundled catalogue
   * @throws IllegalArgumentException if a field is missing, unknown or of another kind, or if the catalogue has no such GPU; the message names it
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static PlanShortfall ofJson(Map<String, Object> json) {
    JsonInput in = JsonInput.of("shortfall", json).ignoring("message");
    return in.requireNoOthers(new PlanShortfall(
        DemandItem.ofJson(in.object("item")),
        in.integer("count"),
        Reason.ofJson(in.object("reason"))));
  }
}
