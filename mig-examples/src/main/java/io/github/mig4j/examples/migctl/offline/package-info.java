/**
 * The subcommands that read files and the catalogue only, and need no cluster.
 *
 * <p>Begin at {@link io.github.mig4j.examples.migctl.offline.ValidateCommand}.
 */
@NullMarked
package io.github.mig4j.examples.migctl.offline;

import org.jspecify.annotations.NullMarked;
