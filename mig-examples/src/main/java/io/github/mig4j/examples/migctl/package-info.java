/**
 * The command-line tool {@code migctl}: one class per subcommand.
 *
 * <p>Begin at {@link io.github.mig4j.examples.migctl.Migctl}.
 */
@NullMarked
package io.github.mig4j.examples.migctl;

import org.jspecify.annotations.NullMarked;
