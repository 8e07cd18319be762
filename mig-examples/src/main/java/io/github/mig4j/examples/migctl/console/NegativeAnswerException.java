package io.github.mig4j.examples.migctl.console;

/** The answer is no; the message says why. */
public final class NegativeAnswerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NegativeAnswerException(String message) {
    super(message);
  }
}
