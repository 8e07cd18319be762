/**
 * The file that NVIDIA's MIG manager reads: named configurations, each a list of entries that say
 * what to do with some of a node's GPUs.
 *
 * <p>Begin at {@link io.github.mig4j.config.MigConfigFile} for a text and all that is to say about
 * it, at {@link io.github.mig4j.config.MigConfigDocument} to make configurations, and at {@link
 * io.github.mig4j.node.NodeEffect} for what one does to a node. Every type here is immutable and
 * thread-safe, and depends only on {@link io.github.mig4j.gpu} and {@link io.github.mig4j.layout}.
 */
@NullMarked
package io.github.mig4j.config;

import org.jspecify.annotations.NullMarked;
