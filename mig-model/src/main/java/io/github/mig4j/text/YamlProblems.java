package io.github.mig4j.text;

/** Receives the problems of a text, which one of NVIDIA's programs will read. */
public interface YamlProblems {

  /** Receives a problem. */
  void report(YamlProblem problem, YamlLocation where, String message, String remedy);

  /** The program that will read the text, for messages, e.g. {@code mig-parted}. */
  String program();
}
