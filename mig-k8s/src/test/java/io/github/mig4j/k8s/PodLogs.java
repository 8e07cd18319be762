package io.github.mig4j.k8s;

import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The logs that {@link MockApiServer} shows; a test says of which pods. */
public final class PodLogs {

  /** An answer to a request for a log. */
  record Answer(int code, String body) {}

  private volatile Function<String, Optional<Answer>> source = pod -> Optional.empty();

  /** Shows what simulated pods write. */
  public void from(GpuOperatorSimulator simulator) {
    source = pod -> simulator.podLog(pod).map(PodLogs::found);
  }

  /** Shows these lines as the log of one pod, beside what is shown of others. */
  void set(String pod, String... lines) {
    var others = source;
    source = name -> name.equals(pod) ? Optional.of(found(List.of(lines))) : others.apply(name);
  }

  /** Shows nothing, as if no pod were there any more. */
  void clear() {
    source = pod -> Optional.of(new Answer(404, "{\"kind\": \"Status\", \"code\": 404}"));
  }

  /** Answers that logs may not be read. */
  void forbid() {
    source = pod -> Optional.of(new Answer(403, "{\"kind\": \"Status\", \"code\": 403}"));
  }

  Optional<Answer> of(String pod) {
    return source.apply(pod);
  }

  private static Answer found(List<String> lines) {
    return new Answer(200, String.join("\n", lines));
  }
}
