package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import java.net.HttpURLConnection;
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
  private static final int TOO_MANY_REQUESTS = 429;

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

  /** What a request ends with that was answered so: an exception that names a remedy. */
  RuntimeException exception(String what, RuntimeException cause) {
    if (code == HttpURLConnection.HTTP_CONFLICT || isPatchConflict()) {
      return new MigConflictException(
          "Could not %s: another client kept changing it. Try again".formatted(what), cause);
    }
    String verdict = "The API server answered %d to: %s%s"
        .formatted(code, what, message.map(text -> " (" + text + ")").orElse(""));
    return switch (code) {
      case HttpURLConnection.HTTP_FORBIDDEN ->
        MigClusterException.forbidden(
            what,
            isRbac() ? verdict + ". Grant the verb to the user of this client in RBAC" : verdict,
            cause);
      case HttpURLConnection.HTTP_UNAUTHORIZED ->
        new MigClusterException(
            verdict + ". Renew the credentials of the user in the kubeconfig's current context",
            cause);
      case HttpURLConnection.HTTP_NOT_FOUND ->
        new MigClusterException(
            verdict
                + ". If the GPU Operator runs in another namespace, set that namespace; see 'kubectl get pods -A -l app=nvidia-mig-manager'",
            cause);
      default ->
        isTransient(cause)
            ? MigClusterException.temporary(verdict, cause, retryAfter.orElse(Cluster.RETRY))
            : new MigClusterException(verdict, cause);
    };
  }

  /**
   * Whether a request may succeed when it is repeated: the API server did not answer, is overloaded,
   * or no longer has the version from which a watch should start.
   */
  static boolean isTransient(Throwable failure) {
    int code = code(failure);
    return code == 0
        || code == HttpURLConnection.HTTP_GONE
        || code == TOO_MANY_REQUESTS
        || code >= HttpURLConnection.HTTP_INTERNAL_ERROR;
  }

  /** The HTTP status of an answer that is a cause of the failure; 0 if the API server did not answer. */
  static int code(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .filter(KubernetesClientException.class::isInstance)
        .mapToInt(e -> ((KubernetesClientException) e).getCode())
        .filter(code -> code > 0)
        .findFirst()
        .orElse(0);
  }
}
