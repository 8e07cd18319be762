/**
 * Programs to run and to copy from, one per question.
 *
 * <p>Begin at {@link io.github.mig4j.examples.Quickstart}. Nothing here is a library.
 */
@NullMarked
package io.github.mig4j.examples;

import org.jspecify.annotations.NullMarked;
