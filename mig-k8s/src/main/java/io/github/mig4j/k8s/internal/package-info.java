/**
 * How this library's own packages speak with the API server: requests with failures turned into
 * exceptions, and patches that hold on one version of an object. No API: it may change without notice.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.internal.Cluster}.
 */
@NullMarked
package io.github.mig4j.k8s.internal;

import org.jspecify.annotations.NullMarked;
