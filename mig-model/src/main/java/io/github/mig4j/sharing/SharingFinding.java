package io.github.mig4j.sharing;

import java.util.Locale;
import java.util.Objects;

/**
 * Something to say about one place of a device plugin's file.
 *
 * @param code what kind of finding it is, and thereby how bad
 * @param message subject, value and remedy in one line, without a full stop
 * @param place where it stands
 */
public record SharingFinding(SharingFindingCode code, String message, Place place) {
  public SharingFinding {
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(message, "message");
    Objects.requireNonNull(place, "place");
  }

  /** How bad a finding is; the constants run from the worst to the least. */
  public enum Severity {
    /** The device plugin, feature discovery or the MPS daemon does not start with it. */
    ERROR,
    /** Accepted, but it does something else than it seems to. */
    WARNING,
    /** Good to know. */
    NOTE;

    /** The word as compilers print it, e.g. {@code error}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Where in a file something stands.
   *
   * @param line the line, from 1; of the whole file where the configuration is embedded in one
   * @param column the character in that line, from 1
   * @param path the way from the root of the configuration, e.g. {@code
   *     sharing.timeSlicing.resources[0]}; empty at the root
   */
  public record Place(int line, int column, String path) {

    public Place {
      Objects.requireNonNull(path, "path");
      if (line < 1 || column < 1) {
        throw new IllegalArgumentException(
            "Lines and columns count from 1, but were %d and %d".formatted(line, column));
      }
    }

    /** Line and column as compilers print them, e.g. {@code 12:7}. */
    @Override
    public String toString() {
      return line + ":" + column;
    }
  }

  /**
   * How bad it is.
   *
   * @return the severity of the code
   */
  public Severity severity() {
    return code.severity();
  }

  /**
   * Whether this finding blocks.
   *
   * @return true for errors
   */
  public boolean isError() {
    return severity() == Severity.ERROR;
  }

  /** The line that a compiler would print, e.g. {@code 5:7: error: … [too-few-replicas]}. */
  @Override
  public String toString() {
    return "%s: %s: %s [%s]".formatted(place, severity(), message, code);
  }
}
