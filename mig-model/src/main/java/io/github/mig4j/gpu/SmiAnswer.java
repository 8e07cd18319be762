package io.github.mig4j.gpu;

import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What stands where a listing of nvidia-smi is expected, if it has nothing to list or fails. */
enum SmiAnswer {
  NO_MIG_GPU("No MIG-supported .*", true, "run it on a machine with a GPU that supports MIG"),
  NO_MIG_MODE("No MIG.*", true, "enable MIG mode first"),
  NO_GPU("No devices were found.*", true, "run it on a machine whose driver has a GPU"),
  NO_COMMAND(
      ".*nvidia-smi\\W+(?:command )?not (?:found|recognized).*|.*nvidia-smi: No such file.*",
      false,
      "run it on the machine or in the pod that has the driver"),
  NO_RIGHTS(".*Insufficient Permissions.*", false, "run it as root, or in a privileged container"),
  OTHER_VERSION(
      ".*Driver/library version mismatch.*", false, "reload the driver, or reboot the machine"),
  NO_DRIVER(
      "Failed to initialize NVML.*|NVIDIA-SMI has failed.*|Unable to determine the device handle.*",
      false,
      "check the driver of the machine");

  private final Pattern line;
  private final boolean isEmpty;
  private final String remedy;

  SmiAnswer(String line, boolean isEmpty, String remedy) {
    this.line = Pattern.compile(line);
    this.isEmpty = isEmpty;
    this.remedy = remedy;
  }

  static Optional<SmiAnswer> of(String line) {
    return Stream.of(values())
        .filter(answer -> answer.line.matcher(line).matches())
        .findFirst();
  }

  /** What the answer means, such as {@code nvidia-smi found nothing to list}. */
  String meaning() {
    return isEmpty ? "nvidia-smi found nothing to list" : "nvidia-smi failed";
  }

  String remedy() {
    return remedy;
  }
}
