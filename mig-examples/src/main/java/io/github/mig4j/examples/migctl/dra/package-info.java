/**
 * The subcommands for dynamic resource allocation.
 *
 * <p>Begin at {@link io.github.mig4j.examples.migctl.dra.DraCommand}.
 */
@NullMarked
package io.github.mig4j.examples.migctl.dra;

import org.jspecify.annotations.NullMarked;
