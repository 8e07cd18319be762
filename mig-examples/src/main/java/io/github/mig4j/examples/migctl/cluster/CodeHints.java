package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.k8s.check.PreflightCode;
import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;

/** The options of this tool that help with a finding, whose remedy cannot name them. */
public final class CodeHints {

  private static final Map<Code, String> HINTS = Map.of(
      PreflightCode.SEVERAL_MODELS,
      "State the GPUs with --gpus, in the order of 'nvidia-smi -L' on the node, e.g. --gpus h100-sxm-80gb:2,l40s",
      PreflightCode.UNKNOWN_GPU_COUNT,
      "State the number of GPUs with --gpus, e.g. --gpus 8",
      PreflightCode.SHARING_MAP_UNSET,
      "'migctl share' creates and sets it with --setup NAME, e.g. --setup device-plugin-config");

  private CodeHints() {}

  /** Whether the API server forbids a request that is needed. */
  public static boolean isForbidden(List<Finding> findings) {
    return findings.stream().anyMatch(found -> found.code() == PreflightCode.MISSING_PERMISSION);
  }

  /** Prints what helps with these findings, a line each. */
  public static void print(List<Finding> findings, PrintWriter out) {
    findings.stream()
        .filter(Finding::isError)
        .map(finding -> HINTS.getOrDefault(finding.code(), ""))
        .filter(hint -> !hint.isEmpty())
        .distinct()
        .forEach(out::println);
  }
}
