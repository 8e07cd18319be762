/**
 * Changing one node: a layout or a sharing configuration is requested, followed and verified by
 * evidence, and undone.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.change.MigNode} and {@link
 * io.github.mig4j.k8s.change.ApplyRequest}. Every write is idempotent and conditional on the version
 * of the object; all state is in the cluster.
 */
@NullMarked
package io.github.mig4j.k8s.change;

import org.jspecify.annotations.NullMarked;
