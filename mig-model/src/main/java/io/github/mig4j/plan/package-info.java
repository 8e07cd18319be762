/**
 * The planner for many GPUs: their layouts for a demand, the number of GPUs, and the moves of
 * instances that make slices free. Each result has a lower bound.
 *
 * <p>Begin at {@link io.github.mig4j.plan.Planner}. Every type here is immutable and thread-safe.
 */
@NullMarked
package io.github.mig4j.plan;

import org.jspecify.annotations.NullMarked;
