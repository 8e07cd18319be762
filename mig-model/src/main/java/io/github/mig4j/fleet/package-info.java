/**
 * Many GPUs: where a scheduler puts the next MIG device, in nanoseconds and without garbage.
 *
 * <p>Begin at {@link io.github.mig4j.fleet.Fleet}, which chooses among the GPUs of a cluster, or at
 * {@link io.github.mig4j.fleet.GpuStates}, which knows everything that one GPU can hold. {@link
 * io.github.mig4j.fleet.PlacementPolicy} says which of the possible places is best.
 *
 * <p>Nothing here touches a cluster: a fleet is what its caller tells it.
 */
@NullMarked
package io.github.mig4j.fleet;

import org.jspecify.annotations.NullMarked;
