/**
 * Many GPUs: where the next MIG device goes, found in nanoseconds and without garbage.
 *
 * <p>Begin at {@link io.github.mig4j.fleet.Fleet}, which chooses among the GPUs of a cluster, or at
 * {@link io.github.mig4j.fleet.GpuStates}, which knows all that one GPU can hold. A {@link
 * io.github.mig4j.fleet.PlacementPolicy} says which of the possible places is best. A scheduler does
 * this for a pod that asks for two instances, on the nodes that passed its other filters:
 *
 * <pre>{@code
 * GpuSet candidates = GpuSet.where(fleet.size(), gpu -> fits(nodeOf[gpu]));
 * FleetRequest request = fleet.request("2g.20gb");
 * int mark = fleet.mark();
 * long first = fleet.place(request, candidates);
 * long second = fleet.place(request, candidates);
 * if (first == Fleet.NONE || second == Fleet.NONE) {
 *   fleet.rollback(mark);                               // as if nothing had been tried
 * } else {
 *   fleet.keep(mark);
 *   bind(pod, Fleet.gpuOf(first), fleet.placementOf(first));
 * }
 * }</pre>
 *
 * <p>Nothing here touches a cluster: a fleet is what its caller tells it.
 */
@NullMarked
package io.github.mig4j.fleet;

import org.jspecify.annotations.NullMarked;
