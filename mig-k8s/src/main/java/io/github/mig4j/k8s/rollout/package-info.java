/**
 * Many nodes: a configuration rolled out over a fleet, a few nodes at a time.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.rollout.Rollout}. All state lives in the cluster: a record in
 * a ConfigMap, and on each node what {@link io.github.mig4j.k8s.change.MigNode#apply} leaves there. A process
 * that dies leaves nothing behind that the next one would need.
 */
@NullMarked
package io.github.mig4j.k8s.rollout;

import org.jspecify.annotations.NullMarked;
