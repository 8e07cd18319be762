/**
 * How every check of this library reports a problem: with a severity, a stable code, a place in the
 * text where there is one, and a message.
 *
 * <p>Begin at {@link io.github.mig4j.lint.Finding}. Every type here is immutable and thread-safe.
 */
@NullMarked
package io.github.mig4j.lint;

import org.jspecify.annotations.NullMarked;
