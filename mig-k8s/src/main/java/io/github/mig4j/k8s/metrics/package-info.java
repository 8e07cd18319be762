/**
 * Meters for Micrometer, which is an optional dependency.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.metrics.MigMetrics}.
 */
@NullMarked
package io.github.mig4j.k8s.metrics;

import org.jspecify.annotations.NullMarked;
