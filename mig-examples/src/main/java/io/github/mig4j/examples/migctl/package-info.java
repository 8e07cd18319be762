/**
 * The command-line tool {@code migctl}: one class per subcommand.
 *
 * <p>Begin at {@link io.github.mig4j.examples.migctl.Migctl}. {@code offline} has the subcommands
 * that read files and the catalogue, {@code cluster} those that read or change a cluster, {@code
 * dra} those for dynamic resource allocation, and {@code console} what all of them share.
 */
@NullMarked
package io.github.mig4j.examples.migctl;

import org.jspecify.annotations.NullMarked;
