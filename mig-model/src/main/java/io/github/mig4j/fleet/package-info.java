/**
 * The placement engine for schedulers: it finds the placement of the next MIG device in
 * nanoseconds, without allocation.
 *
 * <p>Begin at {@link io.github.mig4j.fleet.Fleet}, which chooses among the GPUs of a cluster, or at
 * {@link io.github.mig4j.fleet.GpuStates}, which has all states of one GPU. A {@link
 * io.github.mig4j.fleet.PlacementPolicy} defines the best placement. This is the code of a
 * scheduler for a pod that requests two instances, on the nodes that pass its other filters:
 *
 * <pre>{@code
 * GpuSet candidates = GpuSet.where(fleet.size(), gpu -> fits(nodeOf[gpu]));
 * FleetRequest request = fleet.request("2g.20gb");
 * int mark = fleet.mark();
 * long first = fleet.place(request, candidates);
 * long second = fleet.place(request, candidates);
 * if (first == Fleet.NONE || second == Fleet.NONE) {
 *   fleet.rollback(mark);                               // nothing has changed
 * } else {
 *   fleet.keep(mark);
 *   bind(pod, Fleet.gpuOf(first), fleet.placementOf(first));
 * }
 * }</pre>
 *
 * <p>This package does not access a cluster. The caller adds GPUs and instances to a fleet.
 */
@NullMarked
package io.github.mig4j.fleet;

import org.jspecify.annotations.NullMarked;
