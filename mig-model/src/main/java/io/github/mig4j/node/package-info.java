/**
 * A node's GPUs: what a configuration does to them, the rules that compare a configuration with
 * them, and what the node then offers.
 *
 * <p>Begin at {@link io.github.mig4j.node.NodeGpu} for a GPU of a node, and at {@link
 * io.github.mig4j.node.NodeEffect} for what a configuration does to it. {@code NodeLint} checks a file; each class
 * named {@code Rules} is one family of its rules. Every type here is immutable and thread-safe.
 */
@NullMarked
package io.github.mig4j.node;

import org.jspecify.annotations.NullMarked;
