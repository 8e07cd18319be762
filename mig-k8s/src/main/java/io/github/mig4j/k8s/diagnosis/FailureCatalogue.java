package io.github.mig4j.k8s.diagnosis;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The known failures, from failures.json: phrases in logs, with their texts and remedies; and how the
 * components that write logs are recognised.
 */
record FailureCatalogue(
    String about,
    Map<String, String> sources,
    List<MarkPhrase> marks,
    List<Speaker> components,
    List<Phrase> consequences,
    List<Failure> failures) {

  private static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private static final FailureCatalogue BUNDLED = read();

  /** How much a phrase proves. */
  enum Weight {
    /** The phrase is the cause of a failed run. */
    @JsonProperty("cause")
    CAUSE,
    /** The phrase is the cause if no line has a phrase with weight cause. */
    @JsonProperty("hint")
    HINT,
    /** The phrase also appears in successful runs. */
    @JsonProperty("note")
    NOTE
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

  record MarkPhrase(Mark mark, LogPhrase phrase, String source) {}

  /** How a component is recognised: by its container before a line, or by a phrase in the line. */
  record Speaker(
      LogComponent component, String remedy, List<String> containers, List<Phrase> phrases) {}

  /**
   * A phrase of a failure or of a component.
   *
   * @param unless other words, with which the line does not show it
   */
  record Phrase(
      LogPhrase phrase,
      @Nullable String unless,
      String source,
      @Nullable Weight weight,
      @Nullable String aftermath) {
    /** Whether other words in a line, in lower case, say that it is about something else. */
    boolean isExcluded(String lowered) {
      return unless != null && lowered.contains(LogPhrase.lower(unless));
    }

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

    /** What to do about a line of this component. */
    String remedy(Optional<LogComponent> speaker) {
      return elsewhere == null || speaker.map(LogComponent::isOfManager).orElse(true)
          ? remedy
          : elsewhere;
    }
  }

  /** A failure in a line of a log, and what became of the devices. */
  record Sign(FailureCode code, Weight weight, LogPhrase.Match match, Optional<String> aftermath) {}

  /** A step in a line of a log. */
  record Step(Mark mark, Map<String, String> values) {}

  static FailureCatalogue bundled() {
    return BUNDLED;
  }

  /** The entry of a code; a test checks that every code has one. */
  Failure failure(FailureCode code) {
    return failures.stream()
        .filter(failure -> failure.code == code)
        .findFirst()
        .orElseThrow(
            () -> new IllegalStateException("failures.json has no entry for " + code.name()));
  }

  /**
   * The failure that a line shows.
   *
   * @param isCut whether the end of the record is missing; then a phrase that ends in {@code {detail}}
   *     proves nothing, because the missing words may be those of another failure
   */
  Optional<Sign> sign(String line, boolean isCut) {
    String lowered = LogPhrase.lower(line);
    for (Failure failure : failures) {
      for (Phrase said : failure.said()) {
        boolean provesNothing = said.isExcluded(lowered) || (isCut && said.phrase.endsInDetail());
        Optional<LogPhrase.Match> match =
            provesNothing ? Optional.empty() : said.phrase.find(line, lowered);
        if (match.isPresent()) {
          return Optional.of(new Sign(
              failure.code, said.weighs(), match.get(), Optional.ofNullable(said.aftermath)));
        }
      }
    }
    return Optional.empty();
  }

  Optional<Step> step(String line) {
    String lowered = LogPhrase.lower(line);
    return marks.stream()
        .flatMap(known -> known.phrase.find(line, lowered).stream()
            .map(match -> new Step(known.mark, match.values())))
        .findFirst();
  }

  /** The component that a line or the name of a container before it shows. */
  Optional<LogComponent> speaker(String prefix, String line) {
    String container = LogPhrase.lower(prefix);
    String lowered = LogPhrase.lower(line);
    return components.stream()
        .filter(known -> known.containers.stream().anyMatch(container::contains))
        .findFirst()
        .or(() -> components.stream()
            .filter(known -> known.phrases.stream()
                .anyMatch(said -> said.phrase.find(line, lowered).isPresent()))
            .findFirst())
        .map(Speaker::component);
  }

  /** What to do about an error of a component that no phrase matches. */
  String remedy(LogComponent component) {
    return components.stream()
        .filter(speaker -> speaker.component == component)
        .findFirst()
        .map(Speaker::remedy)
        .orElseThrow(
            () -> new IllegalStateException("failures.json has no component " + component.name()));
  }

  /** Whether a line repeats in general words that something has failed. */
  boolean isConsequence(String line) {
    String lowered = LogPhrase.lower(line);
    return consequences.stream()
        .anyMatch(said -> said.phrase.find(line, lowered).isPresent());
  }

  private static FailureCatalogue read() {
    try (InputStream in = FailureCatalogue.class.getResourceAsStream("failures.json")) {
      return MAPPER.readValue(Objects.requireNonNull(in, "failures.json"), FailureCatalogue.class);
    } catch (IOException e) {
      throw new UncheckedIOException("failures.json cannot be read", e);
    }
  }
}
