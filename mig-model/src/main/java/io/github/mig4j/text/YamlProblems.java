package io.github.mig4j.text;

/** Where problems of a text are told, by whoever reads it on behalf of a program of NVIDIA's. */
public interface YamlProblems {

  /** Takes note of a problem. */
  void report(YamlProblem problem, Spot spot, String message);

  /** The program that will read the text, for messages, e.g. {@code mig-parted}. */
  String program();
}
