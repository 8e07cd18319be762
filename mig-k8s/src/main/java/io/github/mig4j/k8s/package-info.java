/**
 * The cluster side: MIG configurations published, applied to nodes and verified.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.MigClient}. Only this package and its subpackages know
 * fabric8. Every write is idempotent, conditional on the object's version and retried on a conflict;
 * state lives in the cluster.
 */
@NullMarked
@ValueStyle
package io.github.mig4j.k8s;

import org.jspecify.annotations.NullMarked;
