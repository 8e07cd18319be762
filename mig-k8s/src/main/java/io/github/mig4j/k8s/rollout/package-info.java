/**
 * Many nodes: a configuration rolled out over a fleet, a few nodes at a time.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.rollout.Rollout}. All state is in the cluster: a record in a
 * ConfigMap, and on each node the annotations of {@link io.github.mig4j.k8s.change.MigNode#apply}. After
 * a crash the next process continues where this one stopped.
 */
@NullMarked
package io.github.mig4j.k8s.rollout;

import org.jspecify.annotations.NullMarked;
