/**
 * The subcommands that read or change a cluster.
 *
 * <p>Begin at {@link io.github.mig4j.examples.migctl.cluster.ChangeCommand}.
 */
@NullMarked
package io.github.mig4j.examples.migctl.cluster;

import org.jspecify.annotations.NullMarked;
