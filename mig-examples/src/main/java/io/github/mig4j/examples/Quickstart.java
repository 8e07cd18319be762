package io.github.mig4j.examples;

/** The guide, end to end. */
public final class Quickstart {
  private Quickstart() {}

  /**
   * Runs.
   *
   * @param args none
   */
  public static void main(String[] args) {
    System.out.println("hello");
  }
}
