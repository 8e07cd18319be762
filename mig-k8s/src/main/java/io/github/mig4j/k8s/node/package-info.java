/**
 * What a node says: its status, its capacity, and all nodes together as a fleet.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.node.MigNodeStatus}. Nothing here writes to a node.
 */
@NullMarked
package io.github.mig4j.k8s.node;

import org.jspecify.annotations.NullMarked;
