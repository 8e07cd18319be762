package io.github.mig4j.k8s.change;

import io.github.mig4j.JsonForm;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.text.JsonFields;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.immutables.value.Value;

/** How long {@link ApplyRequest} waits for what cannot be seen at once. */
@Value.Immutable
public interface ApplyTimings extends JsonForm {

  /** The longest time. */
  Duration MAX = Duration.ofDays(1);

  /** {@return how long the evidence must hold before it is believed; 5 seconds unless set} */
  @Value.Default
  default Duration stability() {
    return Duration.ofSeconds(5);
  }

  /**
   * How long the state must be {@code failed} before it is believed. Before that it may be the state
   * of an earlier request, after which the MIG manager begins this one. A state that was {@code
   * failed} before the request is believed only if the MIG manager's log shows that it belongs to
   * this one; otherwise it is no sign at all, and {@link #reaction} is the limit.
   *
   * @return 15 seconds unless set
   */
  @Value.Default
  default Duration failure() {
    return Duration.ofSeconds(15);
  }

  /**
   * {@return how long to wait for a stop and start of the GPU's clients where the node offered the
   * same before, so that nothing else shows that the change was made; 2 minutes unless set, which
   * covers the kubelet's refresh of the mounted ConfigMap}
   */
  @Value.Default
  default Duration transition() {
    return Duration.ofMinutes(2);
  }

  /**
   * How long the MIG manager may not know a configuration that was just published. The kubelet
   * refreshes the file that it mounts about once a minute; until then the manager fails at once, and
   * the node requests the same content by another name.
   *
   * @return 3 minutes unless set
   */
  @Value.Default
  default Duration propagation() {
    return Duration.ofMinutes(3);
  }

  /**
   * How long the MIG manager may show no sign of a request. It writes nothing where its pod does not
   * run, or where it fails before it reads the node.
   *
   * @return 5 minutes unless set
   */
  @Value.Default
  default Duration reaction() {
    return Duration.ofMinutes(5);
  }

  /**
   * How long the MIG manager may be at work, reboot included. It waits for each of the GPU's
   * clients up to 5 minutes.
   *
   * @return 45 minutes unless set
   */
  @Value.Default
  default Duration work() {
    return Duration.ofMinutes(45);
  }

  /**
   * {@return how long the node may take to offer its devices, once the MIG manager is done; 5
   * minutes unless set}
   */
  @Value.Default
  default Duration offer() {
    return Duration.ofMinutes(5);
  }

  /**
   * {@return how long pods may take to leave a node that is {@linkplain Disruption#DRAIN drained};
   * 10 minutes unless set}
   */
  @Value.Default
  default Duration drain() {
    return Duration.ofMinutes(10);
  }

  /** Checks that no time is negative or longer than a day. */
  @Value.Check
  default void check() {
    Map<String, Duration> times = new LinkedHashMap<>();
    times.put("stability", stability());
    times.put("failure", failure());
    times.put("transition", transition());
    times.put("propagation", propagation());
    times.put("reaction", reaction());
    times.put("work", work());
    times.put("offer", offer());
    times.put("drain", drain());
    times.forEach((name, time) -> {
      if (time.isNegative() || time.compareTo(MAX) > 0) {
        throw new IllegalArgumentException("The time %s must be between 0 s and 24 h, but was %s"
            .formatted(name, DurationText.of(time)));
      }
    });
  }

  /** {@return the timings for a real cluster} */
  static ApplyTimings defaults() {
    return builder().build();
  }

  /** {@return a builder of timings that differ from the defaults} */
  static Builder builder() {
    return new Builder();
  }

  /** Builds {@link ApplyTimings}. */
  final class Builder extends ImmutableApplyTimings.Builder {
    Builder() {}
  }

  @Override
  default Map<String, Object> toJson() {
    return JsonFields.of("reaction", reaction())
        .and("transition", transition())
        .and("work", work())
        .and("propagation", propagation())
        .and("offer", offer())
        .and("stability", stability())
        .and("failure", failure())
        .and("drain", drain())
        .map();
  }
}
