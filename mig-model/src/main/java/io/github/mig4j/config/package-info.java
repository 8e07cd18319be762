/**
 * The file that NVIDIA's MIG manager reads: named configurations, each a list of entries that say
 * what to do with some of a node's GPUs.
 *
 * <p>Begin at {@link io.github.mig4j.config.MigConfigFile} for a text and its findings, and at {@link
 * io.github.mig4j.config.MigConfigDocument} to build configurations. Inside, {@code MigConfigReader}
 * finds the document in a file, and each class named {@code Rules} reads and checks one part of it.
 * Every type here is immutable and thread-safe.
 */
@NullMarked
package io.github.mig4j.config;

import org.jspecify.annotations.NullMarked;
