/**
 * Plans for many GPUs: how they should be cut for a demand, how many are needed, and which moves make
 * room. Each answer has a lower bound.
 *
 * <p>Begin at {@link io.github.mig4j.plan.Planner}. Every type here is immutable and thread-safe.
 */
@NullMarked
package io.github.mig4j.plan;

import org.jspecify.annotations.NullMarked;
