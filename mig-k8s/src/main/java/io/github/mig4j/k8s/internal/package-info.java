/**
 * Not API: requests to the API server whose failures are typed exceptions, patches of one version of an
 * object, and views of the cluster. Anything here may change without notice.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.internal.Cluster}.
 */
@NullMarked
package io.github.mig4j.k8s.internal;

import org.jspecify.annotations.NullMarked;
