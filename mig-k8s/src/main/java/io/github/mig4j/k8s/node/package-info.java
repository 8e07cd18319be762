/**
 * The state of nodes: the status and the capacity of one node, and all nodes as a fleet.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.node.MigNodeStatus}. Nothing here writes to a node.
 */
@NullMarked
package io.github.mig4j.k8s.node;

import org.jspecify.annotations.NullMarked;
