/**
 * Nodes that stay as declared: a policy says what the GPUs of some nodes are to be, and a reconciler
 * repairs what differs.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.reconcile.MigPolicyFile} for the declared state. All state is in the cluster: the policies are
 * the caller's, and what is known of a node is on the node.
 */
@NullMarked
package io.github.mig4j.k8s.reconcile;

import org.jspecify.annotations.NullMarked;
