/**
 * Where a subcommand reads and writes: files, standard input, text and JSON, exit codes.
 *
 * <p>Begin at {@link io.github.mig4j.examples.migctl.console.AnswerCommand}.
 */
@NullMarked
package io.github.mig4j.examples.migctl.console;

import org.jspecify.annotations.NullMarked;
