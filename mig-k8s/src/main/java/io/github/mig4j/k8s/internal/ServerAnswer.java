package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the API server says about a request that it did not carry out.
 *
 * @param code the HTTP status
 * @param message its own words; empty if it only sent a status line
 * @param details the messages of the causes
 * @param retryAfter when it wants the request to be repeated
 */
record ServerAnswer(
    int code, Optional<String> message, String details, Optional<Duration> retryAfter) {

  private static final int UNPROCESSABLE = 422;

  /** As the authorizers write it: {@code User "x" cannot patch resource "nodes" ...}. */
  private static final Pattern RBAC = Pattern.compile("(?s).*\\bcannot \\S+ (resource|path) \".*");

  /** What the API server's JSON patch library says of a test that fails, or of a missing path. */
  private static final Pattern PATCH_CONFLICT = Pattern.compile(
      "(?s).*(does not apply|missing (path|key|value)|nonexistent key|test failed|testing (value|path)).*");

  static ServerAnswer of(KubernetesClientException e) {
    Status status = e.getStatus();
    if (status == null) {
      return new ServerAnswer(e.getCode(), Optional.empty(), "", Optional.empty());
    }
    String details = status.getDetails() == null
        ? ""
        : Stream.ofNullable(status.getDetails().getCauses())
            .flatMap(causes -> causes.stream())
            .map(StatusCause::getMessage)
            .filter(Objects::nonNull)
            .collect(Collectors.joining("; "));
    return new ServerAnswer(
        e.getCode(),
        Optional.ofNullable(status.getMessage()).filter(text -> !text.isBlank()),
        details,
        Optional.ofNullable(status.getDetails())
            .map(StatusDetails::getRetryAfterSeconds)
            .filter(seconds -> seconds > 0)
            .map(Duration::ofSeconds));
  }

  /** Whether the client lacks a permission. An admission policy or a webhook answers 403 as well. */
  boolean isRbac() {
    return message.filter(text -> RBAC.matcher(text).matches()).isPresent();
  }

  /** Whether a JSON patch does not fit the object, because another client has changed it. */
  boolean isPatchConflict() {
    return code == UNPROCESSABLE
        && Stream.concat(message.stream(), Stream.of(details))
            .anyMatch(text -> PATCH_CONFLICT.matcher(text).matches());
  }
}
