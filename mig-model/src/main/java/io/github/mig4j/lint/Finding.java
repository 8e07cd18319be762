package io.github.mig4j.lint;

import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.Quoted;
import java.util.Map;
import java.util.Optional;
import org.immutables.value.Value;

/**
 * A problem that a check found, or a note, in a file, on a node or in the cluster.
 *
 * <pre>{@code
 * MigConfigFile.read(yaml).findings().forEach(System.out::println);
 * // 7:5: error: mig-enabled is missing; add 'mig-enabled: true' [missing-field]
 * }</pre>
 */
@Value.Immutable
public abstract class Finding implements JsonForm {

  Finding() {}

  /** {@return how bad the problem is} */
  public abstract Severity severity();

  /** {@return the kind of the problem: a constant of the enum of the package that checks} */
  public abstract Code code();

  /** {@return where in a text the problem is; empty if the problem is not in a text} */
  public abstract Optional<SourceLocation> location();

  /** {@return what has the problem, e.g. {@code config 'small'} or {@code node gpu-node}} */
  public abstract String subject();

  /** {@return what is wrong, with the value that is wrong, in one line without a full stop} */
  public abstract String message();

  /** {@return what to do, in one line without a full stop; empty if there is nothing to do} */
  @Value.Default
  public String remedy() {
    return "";
  }

  /** {@return the facts for programs: a record of the package that checks, if there are more} */
  public abstract Optional<Record> facts();

  /** Escapes what cannot be printed, since names and values of a text are part of a finding. */
  @Value.Check
  Finding escaped() {
    return ((ImmutableFinding) this)
        .withSubject(Quoted.printable(subject()))
        .withMessage(Quoted.printable(message()))
        .withRemedy(Quoted.printable(remedy()));
  }

  /** {@return the same finding with another subject, for findings of several files together} */
  public abstract Finding withSubject(String subject);

  /** {@return whether this is an error, which prevents a change} */
  public boolean isError() {
    return severity() == Severity.ERROR;
  }

  /** {@return what is wrong and, after a semicolon, what to do} */
  public String sentence() {
    return remedy().isEmpty() ? message() : message() + "; " + remedy();
  }

  /**
   * {@return the sentence with the location in front, if it has one, for messages that name the
   * file themselves, e.g. {@code 7:5: mig-enabled is missing; …}}
   */
  public String locatedSentence() {
    return location().map(at -> at + ": ").orElse("") + sentence();
  }

  /** The line that a compiler prints, e.g. {@code 7:5: error: … [missing-field]}. */
  @Override
  public final String toString() {
    return "%s%s: %s [%s]"
        .formatted(location().map(at -> at + ": ").orElse(""), severity(), sentence(), code());
  }

  /** {@return a builder; severity, code, subject and message are required} */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link Finding}. */
  public static final class Builder extends ImmutableFinding.Builder {
    Builder() {}
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("severity", severity())
        .and("code", code())
        .and("subject", subject())
        .and("message", message())
        .and("remedy", remedy())
        .and("line", location().map(SourceLocation::line))
        .and("column", location().map(SourceLocation::column))
        .and("path", location().map(SourceLocation::path))
        .and("config", location().flatMap(SourceLocation::config))
        .and("facts", facts())
        .map();
  }
}
