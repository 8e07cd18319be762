package io.github.mig4j.examples.migctl;

/** The answer is no; the message says why. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Refusal(String message) {
    super(message);
  }
}
