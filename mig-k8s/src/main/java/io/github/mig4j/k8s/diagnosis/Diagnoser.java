package io.github.mig4j.k8s.diagnosis;

import io.github.mig4j.k8s.diagnosis.FailureCatalogue.Failure;
import io.github.mig4j.k8s.diagnosis.FailureCatalogue.Mark;
import io.github.mig4j.k8s.diagnosis.FailureCatalogue.Weight;
import io.github.mig4j.k8s.diagnosis.LogReading.Found;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.k8s.node.OfferComparison;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;

/**
 * Finds the cause of a failed change, or that nothing is wrong, in a node's labels, its resources and
 * its logs.
 */
public final class Diagnoser {

  /** Texts for unknown values. */
  private static final Map<String, String> OTHERWISE = Map.of(
      "config", "(unknown)",
      "run", "(none)",
      "gpu", "a GPU",
      "component", "the component that wrote this line",
      "profile", "a device",
      "pod", "the GPU's clients",
      "paused", "the GPU's clients");

  private static final String FAILED_SILENTLY =
      "The state of node {node} is failed for '{config}', and no line of a log says why";

  private final MigNodeStatus status;
  private final OperatorLogs logs;
  private final LogReading log;

  /** Of which of several pods of the MIG manager the log is read. */
  private final Optional<String> chosen;

  /** Reads the logs of the operator's pods on the node, as far as they can be read. */
  public static Diagnoser of(Cluster cluster, MigNodeStatus status) {
    return new Diagnoser(status, OperatorLogs.read(cluster, status));
  }

  Diagnoser(MigNodeStatus status, OperatorLogs logs) {
    this.status = status;
    this.logs = logs;
    Map<String, LogReading> readings = new LinkedHashMap<>();
    PastedLog.byManager(logs.lines())
        .forEach((pod, lines) -> readings.put(pod, LogReading.of(lines)));
    Map.Entry<String, LogReading> best = readings.entrySet().stream()
        .reduce(
            (one, later) -> agreement(later.getValue()) >= agreement(one.getValue()) ? later : one)
        .orElseThrow();
    this.log = best.getValue();
    this.chosen = Optional.of(best.getKey()).filter(pod -> !pod.isEmpty());
  }

  /** How far the log of one of several pods agrees with the node: 2 is as it should be. */
  private int agreement(LogReading reading) {
    boolean isOfTheRequest = reading.run().isPresent() && reading.run().equals(status.config());
    boolean agrees =
        is(MigState.SUCCESS) ? reading.success().isPresent() : reading.success().isEmpty();
    return isOfTheRequest ? agrees && status.state().isPresent() ? 2 : 1 : 0;
  }

  /** A code, and the part of the log that shows it. */
  private record Verdict(FailureCode code, Optional<Found> found, Optional<Integer> line) {
    static Verdict of(FailureCode code) {
      return new Verdict(code, Optional.empty(), Optional.empty());
    }

    static Verdict of(FailureCode code, Optional<Integer> line) {
      return new Verdict(code, Optional.empty(), line);
    }

    static Verdict of(Found found) {
      return new Verdict(found.sign().code(), Optional.of(found), Optional.of(found.index()));
    }
  }

  public Diagnosis diagnosis() {
    Verdict verdict = verdict();
    return new Diagnosis(
        verdict.code,
        explanation(verdict),
        verdict.line.map(log::line),
        log.shown(verdict.line),
        verdict.line.flatMap(log::speaker));
  }

  private Verdict verdict() {
    return aboutAnotherRequest()
        .or(() -> log.found(Weight.CAUSE).map(Verdict::of))
        .or(this::silence)
        .or(this::fromState)
        .or(() -> log.found(Weight.HINT).map(Verdict::of))
        .or(this::unknownError)
        .or(this::withoutState)
        .or(() -> log.found(Weight.NOTE).map(Verdict::of))
        .orElseGet(() -> Verdict.of(FailureCode.UNRECOGNISED));
  }

  /** Whether the MIG manager's last run was for this configuration and has ended without success. */
  public boolean showsFailureOf(String config) {
    return hasEnded(config) && log.success().isEmpty();
  }

  /** Whether the MIG manager's last run was for this configuration and ended with success. */
  public boolean showsSuccessOf(String config) {
    return hasEnded(config) && log.success().isPresent();
  }

  private boolean hasEnded(String config) {
    return log.run().equals(Optional.of(config)) && log.endsWith(Mark.WAITS_FOR_LABEL);
  }

  /** A log without this request proves nothing about it. */
  private Optional<Verdict> aboutAnotherRequest() {
    return log.run()
        .filter(run -> status.config().filter(config -> !config.equals(run)).isPresent())
        .map(other -> Verdict.of(FailureCode.REQUEST_NOT_STARTED));
  }

  private Optional<Verdict> silence() {
    boolean waits = log.endsWith(Mark.WAITS_FOR_LABEL)
        && log.saysNothing()
        && status.config().isPresent();
    boolean isExpected = isInForce() && is(MigState.SUCCESS);
    return isExpected || !(waits || log.endsWith(Mark.BEGINS))
        ? Optional.empty()
        : Optional.of(Verdict.of(
            waits ? FailureCode.REQUEST_NOT_STARTED : FailureCode.MANAGER_SILENT,
            Optional.of(log.lastIndex())));
  }

  private Optional<Verdict> fromState() {
    boolean needsNoManager =
        status.config().isEmpty() && status.migCapable().equals(Optional.of(false));
    if (logs.availability() == OperatorLogs.Availability.NO_POD
        && !is(MigState.REBOOTING)
        && !needsNoManager) {
      return Optional.of(Verdict.of(FailureCode.MANAGER_NOT_RUNNING));
    }
    return status.state().flatMap(state -> switch (state) {
      case SUCCESS -> Optional.of(afterSuccess());
      case FAILED -> afterFailure();
      case PENDING -> Optional.of(pending());
      case REBOOTING -> Optional.of(Verdict.of(FailureCode.REBOOTING));
      case UNKNOWN -> Optional.<Verdict>empty();
    });
  }

  private Verdict afterSuccess() {
    if (!status.paused().isEmpty()) {
      return Verdict.of(FailureCode.PAUSED_AFTER_SUCCESS, log.success());
    }
    if (status.product().filter(product -> product.endsWith("-MIG-INVALID")).isPresent()) {
      return Verdict.of(FailureCode.INVALID_UNDER_SINGLE, log.success());
    }
    return log.found(Weight.HINT)
        .map(Verdict::of)
        .or(this::unknownError)
        .orElseGet(() -> Verdict.of(byComparison(), log.success()));
  }

  private FailureCode byComparison() {
    return switch (status.comparison().result()) {
      case AGREES -> FailureCode.NOTHING_WRONG;
      case RESOURCES_DIFFER -> FailureCode.RESOURCES_DIFFER;
      case LABELS_DIFFER -> FailureCode.LABELS_DIFFER;
      case MORE_GPUS -> FailureCode.GPUS_NOT_COUNTED;
      case NO_DEVICES -> FailureCode.NO_DEVICES;
      case OTHER_DEVICES -> FailureCode.OTHER_DEVICES;
      case NOT_COMPARED -> FailureCode.REPORTED_SUCCESS;
    };
  }

  /** The last error of the run that no phrase matches. */
  private Optional<Verdict> unknownError() {
    return log.unknownError().map(line -> Verdict.of(FailureCode.UNRECOGNISED, Optional.of(line)));
  }

  /** Whether it is not known what the node should offer, so that the labels may be wrong, too. */
  private boolean isComparedWithLabels() {
    return status.comparison().basis() == OfferComparison.Basis.LABELS;
  }

  private boolean isInForce() {
    return status.comparison().result() == OfferComparison.Result.AGREES
        && status.comparison().basis() == OfferComparison.Basis.CONFIGURATION;
  }

  private Optional<Verdict> afterFailure() {
    return log.found(Weight.HINT)
        .map(Verdict::of)
        .or(this::unknownError)
        .or(() -> status.paused().isEmpty()
            ? Optional.empty()
            : Optional.of(Verdict.of(FailureCode.PAUSED_AFTER_FAILURE)))
        .or(() -> log.success().map(line -> Verdict.of(FailureCode.UNRECOGNISED, log.success())));
  }

  private Verdict pending() {
    if (log.endsWith(Mark.WAITS_FOR_PODS)) {
      return Verdict.of(FailureCode.PODS_DID_NOT_STOP, Optional.of(log.lastIndex()));
    }
    return log.endsWith(Mark.WAITS_FOR_LABEL)
        ? log.found(Weight.HINT)
            .map(Verdict::of)
            .orElseGet(() -> Verdict.of(FailureCode.RUN_ABANDONED, log.unknownError()))
        : Verdict.of(FailureCode.STILL_RUNNING);
  }

  /** The node has no state, or an unknown one. */
  private Optional<Verdict> withoutState() {
    if (log.success().isPresent()) {
      return Optional.of(Verdict.of(byComparison(), log.success()));
    }
    boolean waits = log.endsWith(Mark.WAITS_FOR_LABEL);
    if (status.config().isPresent() || !(waits || log.isEmpty())) {
      return Optional.empty();
    }
    boolean isShown = switch (status.comparison().result()) {
      case AGREES -> status.problems().isEmpty();
      case RESOURCES_DIFFER, MORE_GPUS -> true;
      default -> false;
    };
    return Optional.of(Verdict.of(
        isShown ? byComparison() : FailureCode.NOTHING_REQUESTED,
        waits ? Optional.of(log.lastIndex()) : Optional.empty()));
  }

  private boolean is(MigState state) {
    return status.state().equals(Optional.of(state));
  }

  private String explanation(Verdict verdict) {
    Failure failure = FailureCatalogue.bundled().failure(verdict.code);
    Optional<LogComponent> speaker = verdict.line.flatMap(log::speaker);
    boolean isSilent =
        verdict.code == FailureCode.UNRECOGNISED && verdict.line.isEmpty() && is(MigState.FAILED);
    StringBuilder line =
        new StringBuilder(filled(isSilent ? FAILED_SILENTLY : failure.text(), verdict));
    line.setCharAt(0, Character.toUpperCase(line.charAt(0)));
    Optional<Integer> error = verdict.line.filter(log.unknownError().stream().toList()::contains);
    if (verdict.found.isPresent()) {
      line.append(" (\"").append(log.quote(verdict.found.get())).append("\")");
    } else if (error.isPresent()) {
      line.append("; the last error of ")
          .append(speaker.map(LogComponent::toString).orElse("the log"))
          .append(" is \"")
          .append(log.quote(error.get()))
          .append('"');
    }
    String remedy = verdict.code == FailureCode.UNRECOGNISED && speaker.isPresent()
        ? FailureCatalogue.bundled().remedy(speaker.get())
        : failure.remedy(speaker);
    line.append(". ").append(filled(remedy, verdict));
    aftermath(verdict).ifPresent(after -> line.append(". ").append(after));
    boolean saysPaused = verdict.code == FailureCode.PAUSED_AFTER_FAILURE
        || verdict.code == FailureCode.PAUSED_AFTER_SUCCESS;
    if (is(MigState.FAILED) && !status.paused().isEmpty() && !saysPaused) {
      line.append(
          ". The node offers no GPU until a run succeeds or the node's MIG manager pod is restarted: %s are stopped"
              .formatted(String.join(", ", status.paused())));
    }
    if (is(MigState.FAILED) && verdict.line.isPresent() && verdict.line.equals(log.success())) {
      line.append(
          ". The log reports success, but the state of node %s is failed: check that it is the log of the pod on this node"
              .formatted(status.node()));
    }
    if (verdict.code == FailureCode.RESOURCES_DIFFER && isComparedWithLabels()) {
      line.append(
          ". If the node offers what was requested, its labels are those of before: see the pods of GPU Feature Discovery with 'kubectl get pods -A -l app=gpu-feature-discovery --field-selector spec.nodeName=%s'"
              .formatted(status.node()));
    }
    if (verdict.code == FailureCode.NOTHING_REQUESTED
        || verdict.code == FailureCode.MANAGER_NOT_RUNNING) {
      String differences = String.join(", ", status.comparison().differences());
      status.problems().stream()
          .filter(problem -> differences.isEmpty() || !problem.contains(differences))
          .forEach(problem -> line.append(". ").append(problem));
    }
    chosen.ifPresent(pod -> line.append(
        ". The log is of several pods of the MIG manager, of which %s was read; give the log of the pod on node %s alone"
            .formatted(pod, status.node())));
    if (logs.availability() == OperatorLogs.Availability.UNREADABLE) {
      line.append(". The MIG manager's log could not be read: ").append(logs.reason());
    }
    return line.toString();
  }

  /** What became of the devices; only mig-parted removes what is on a GPU. */
  private Optional<String> aftermath(Verdict verdict) {
    boolean isPartitioning =
        verdict.line.flatMap(log::speaker).map(LogComponent::isOfManager).orElse(true);
    if (verdict.found.isEmpty() || !isPartitioning) {
      return Optional.empty();
    }
    Found found = verdict.found.get();
    List<String> after = new ArrayList<>();
    List<String> updated = found.gpu().map(log::updatedBefore).orElseGet(List::of);
    if (!updated.isEmpty()) {
      after.add("GPU %s already %s the new layout"
          .formatted(String.join(", ", updated), updated.size() == 1 ? "has" : "have"));
    }
    found.sign().aftermath().map(text -> filled(text, verdict)).ifPresent(after::add);
    return after.isEmpty() ? Optional.empty() : Optional.of(String.join(". ", after));
  }

  /** What was compared, for a node on which nothing is wrong. */
  private String compared() {
    String offers =
        status.allocatable().isEmpty() ? "it offers no GPU" : "it offers " + status.allocatable();
    if (status.comparison().basis() == OfferComparison.Basis.CONFIGURATION) {
      return "%s, as its configuration '%s' and its labels say"
          .formatted(offers, status.config().orElse(""));
    }
    return status
        .config()
        .map(config ->
            "%s, as its labels say; the content of its configuration '%s' was not compared"
                .formatted(offers, config))
        .orElse(offers + ", as its labels say; it requests no configuration");
  }

  private String filled(String text, Verdict verdict) {
    Optional<Found> found = verdict.found;
    Map<String, String> values = new HashMap<>();
    values.put("node", status.node());
    values.put("compared", compared());
    values.put(
        "expectation",
        isComparedWithLabels() ? "its labels say" : "its configuration and its labels say");
    List<String> differences = status.comparison().differences();
    values.put(
        "differences",
        differences.isEmpty()
            ? "neither its resources nor its labels show one"
            : String.join(", ", differences));
    verdict
        .line
        .flatMap(log::speaker)
        .ifPresent(speaker -> values.put("component", speaker.toString()));
    if (!status.paused().isEmpty()) {
      values.put("paused", String.join(", ", status.paused()));
    }
    log.pod().ifPresent(pod -> values.put("pod", pod));
    log.run().ifPresent(run -> {
      values.put("run", run);
      values.put("config", run);
    });
    status.config().ifPresent(config -> values.put("config", config));
    found.flatMap(Found::gpu).ifPresent(gpu -> values.put("gpu", gpu));
    found.ifPresent(sign -> values.putAll(sign.sign().match().values()));
    values.computeIfPresent("gpu", (key, gpu) -> "GPU " + gpu);
    String asked =
        values.containsKey("config") ? text : text.replace("for '{config}'", "for a configuration");
    return LogPhrase.PLACEHOLDER
        .matcher(asked)
        .replaceAll(name -> Matcher.quoteReplacement(
            values.getOrDefault(name.group(1), OTHERWISE.getOrDefault(name.group(1), "?"))));
  }
}
