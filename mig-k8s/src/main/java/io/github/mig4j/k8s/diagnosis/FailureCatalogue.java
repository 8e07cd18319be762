package io.github.mig4j.k8s.diagnosis;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The known failures, from failures.json: phrases in logs, with their texts and remedies; and how the
 * components that write logs are recognised.
 */
final class FailureCatalogue {

  private static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private static final FailureCatalogue BUNDLED = new FailureCatalogue(read());

  /** How much a phrase proves. */
  enum Weight {
    /** The phrase is the cause of a failed run. */
    CAUSE,
    /** The phrase is the cause if no line has a phrase with weight cause. */
    HINT,
    /** The phrase also appears in successful runs. */
    NOTE;

    @JsonCreator
    static Weight parse(String text) {
      return switch (text) {
        case "cause" -> CAUSE;
        case "hint" -> HINT;
        case "note" -> NOTE;
        default ->
          throw new IllegalArgumentException(
              "Not a weight: '%s'; expected cause, hint or note".formatted(text));
      };
    }
  }

  /** A step that a line reports. */
  enum Mark {
    BEGINS,
    WAITS_FOR_PODS,
    /** mig-parted changes the devices of the GPU that it printed last. */
    UPDATES_GPU,
    SUCCEEDS,
    WAITS_FOR_LABEL,
    /** The device plugin or feature discovery has started. */
    SERVES
  }

  record File(
      String about,
      Map<String, String> sources,
      List<MarkPhrase> marks,
      List<Speaker> components,
      List<Phrase> consequences,
      List<Failure> failures) {}

  record MarkPhrase(Mark mark, String phrase, String source) {}

  /** How a component is recognised: by its container before a line, or by a phrase in the line. */
  record Speaker(
      LogComponent component, String remedy, List<String> containers, List<Phrase> phrases) {}

  record Phrase(
      String phrase,
      String source,
      @Nullable Weight weight,
      @Nullable String aftermath) {
    Weight weighs() {
      return weight == null ? Weight.CAUSE : weight;
    }
  }

  /** A kind of failure; one without phrases is recognised by other evidence, from {@code source}. */
  record Failure(
      FailureCode code,
      String text,
      String remedy,
      @Nullable String elsewhere,
      @Nullable List<Phrase> phrases,
      @Nullable String source) {
    List<Phrase> said() {
      return phrases == null ? List.of() : phrases;
    }

    /** What to do about a line of this component; mig-parted is a process of the MIG manager. */
    String remedy(Optional<LogComponent> speaker) {
      boolean isElsewhere = speaker
          .filter(component ->
              component != LogComponent.MIG_MANAGER && component != LogComponent.MIG_PARTED)
          .isPresent();
      return isElsewhere && elsewhere != null ? elsewhere : remedy;
    }
  }

  /** A failure in a line of a log, and what became of the devices. */
  record Sign(FailureCode code, Weight weight, LogPhrase.Match match, Optional<String> aftermath) {}

  /** A step in a line of a log. */
  record Step(Mark mark, Map<String, String> values) {}

  private record KnownSign(
      LogPhrase phrase, FailureCode code, Weight weight, Optional<String> aftermath) {}

  private record KnownSpeaker(
      LogComponent component, List<String> containers, List<LogPhrase> phrases) {}

  private record KnownStep(LogPhrase phrase, Mark mark) {}

  private final File file;
  private final List<KnownSign> signs;
  private final List<KnownStep> steps;
  private final List<KnownSpeaker> speakers;
  private final List<LogPhrase> consequences;
  private final Map<FailureCode, Failure> byCode = new EnumMap<>(FailureCode.class);

  private FailureCatalogue(File file) {
    this.file = file;
    this.signs = file.failures.stream()
        .flatMap(failure -> failure.said().stream()
            .map(said -> new KnownSign(
                LogPhrase.parse(said.phrase),
                failure.code,
                said.weighs(),
                Optional.ofNullable(said.aftermath))))
        .toList();
    this.steps = file.marks.stream()
        .map(mark -> new KnownStep(LogPhrase.parse(mark.phrase), mark.mark))
        .toList();
    this.speakers = file.components.stream()
        .map(speaker -> new KnownSpeaker(
            speaker.component,
            speaker.containers,
            speaker.phrases.stream().map(said -> LogPhrase.parse(said.phrase)).toList()))
        .toList();
    this.consequences =
        file.consequences.stream().map(said -> LogPhrase.parse(said.phrase)).toList();
    file.failures.forEach(failure -> byCode.put(failure.code, failure));
  }

  static FailureCatalogue bundled() {
    return BUNDLED;
  }

  File file() {
    return file;
  }

  /** The entry of a code; a test checks that every code has one. */
  Failure failure(FailureCode code) {
    Failure failure = byCode.get(code);
    if (failure == null) {
      throw new IllegalStateException("failures.json has no entry for " + code.name());
    }
    return failure;
  }

  /**
   * The failure that a line shows.
   *
   * @param isCut whether the end of the record is missing; then a phrase that ends in {@code {detail}}
   *     proves nothing, because the missing words may be those of another failure
   */
  Optional<Sign> sign(String line, boolean isCut) {
    String lowered = LogPhrase.lower(line);
    for (KnownSign known : signs) {
      Optional<LogPhrase.Match> match = isCut && known.phrase.endsInDetail()
          ? Optional.empty()
          : known.phrase.find(line, lowered);
      if (match.isPresent()) {
        return Optional.of(new Sign(known.code, known.weight, match.get(), known.aftermath));
      }
    }
    return Optional.empty();
  }

  Optional<Step> step(String line) {
    String lowered = LogPhrase.lower(line);
    for (KnownStep known : steps) {
      Optional<LogPhrase.Match> match = known.phrase.find(line, lowered);
      if (match.isPresent()) {
        return Optional.of(new Step(known.mark, match.get().values()));
      }
    }
    return Optional.empty();
  }

  /** The component that a line or the name of a container before it shows. */
  Optional<LogComponent> speaker(String prefix, String line) {
    String container = LogPhrase.lower(prefix);
    String lowered = LogPhrase.lower(line);
    return speakers.stream()
        .filter(known -> known.containers.stream().anyMatch(container::contains))
        .findFirst()
        .or(() -> speakers.stream()
            .filter(known -> known.phrases.stream()
                .anyMatch(phrase -> phrase.find(line, lowered).isPresent()))
            .findFirst())
        .map(KnownSpeaker::component);
  }

  /** What to do about an error of a component that no phrase matches. */
  String remedy(LogComponent component) {
    return file.components.stream()
        .filter(speaker -> speaker.component == component)
        .findFirst()
        .map(Speaker::remedy)
        .orElseThrow(
            () -> new IllegalStateException("failures.json has no component " + component.name()));
  }

  /** Whether a line repeats in general words that something has failed. */
  boolean isConsequence(String line) {
    String lowered = LogPhrase.lower(line);
    return consequences.stream().anyMatch(phrase -> phrase.find(line, lowered).isPresent());
  }

  private static File read() {
    try (InputStream in = FailureCatalogue.class.getResourceAsStream("failures.json")) {
      if (in == null) {
        throw new IllegalStateException(
            "failures.json does not exist next to " + FailureCatalogue.class);
      }
      return MAPPER.readValue(in, File.class);
    } catch (IOException e) {
      throw new UncheckedIOException("failures.json cannot be read", e);
    }
  }
}
