package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.github.mig4j.k8s.cluster.MigClusterException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Whether an informer may list and watch. fabric8 repeats a watch that is refused without a word, so
 * this asks the API server, and only while the informer does not watch. It believes an answer that holds
 * for some seconds: an API server that has just started denies everything.
 */
public final class WatchPermission {

  private final Cluster cluster;
  private final String what;
  private final String resource;
  private final Optional<String> namespace;
  private final WatchRetry retry;
  private final SharedIndexInformer<?> informer;
  private OptionalLong deniedSinceNanos = OptionalLong.empty();

  /**
   * Creates a question.
   *
   * @param what the request, for messages
   * @param resource the plural of a kind without an API group, e.g. {@code pods}
   * @param namespace empty for all namespaces
   * @param retry the handler of the informer's failures
   */
  public WatchPermission(
      Cluster cluster,
      String what,
      String resource,
      Optional<String> namespace,
      WatchRetry retry,
      SharedIndexInformer<?> informer) {
    this.cluster = cluster;
    this.what = what;
    this.resource = resource;
    this.namespace = namespace;
    this.retry = retry;
    this.informer = informer;
  }

  /** The request that is forbidden; empty if it is allowed, or the API server does not answer. */
  public synchronized Optional<String> forbidden() {
    if (informer.isWatching()) {
      retry.forget();
      deniedSinceNanos = OptionalLong.empty();
      return Optional.empty();
    }
    if (retry.isRefused()) {
      return Optional.of(what);
    }
    if (Stream.of("list", "watch").noneMatch(this::isDenied)) {
      deniedSinceNanos = OptionalLong.empty();
      return Optional.empty();
    }
    long now = System.nanoTime();
    if (deniedSinceNanos.isEmpty()) {
      deniedSinceNanos = OptionalLong.of(now);
    }
    return now - deniedSinceNanos.getAsLong() >= Cluster.FORBIDDEN_RETRY.toNanos()
        ? Optional.of(what)
        : Optional.empty();
  }

  /**
   * A permission that is missing, in words.
   *
   * @param forbidden the request that is forbidden
   * @param role the ClusterRole that has the permission
   */
  public static String missing(String forbidden, String role) {
    return "this client is not allowed to %s; grant it the permissions of ClusterRole %s"
        .formatted(forbidden, role);
  }

  /** What a wait ends with that sees nothing any more; as {@link #missing}. */
  public static MigClusterException failure(String forbidden, String role) {
    String message = missing(forbidden, role);
    return MigClusterException.forbidden(
        forbidden, Character.toUpperCase(message.charAt(0)) + message.substring(1));
  }

  private boolean isDenied(String verb) {
    return cluster
        .mayI(Cluster.review(verb, "", resource, namespace.orElse(null)))
        .equals(Optional.of(false));
  }
}
