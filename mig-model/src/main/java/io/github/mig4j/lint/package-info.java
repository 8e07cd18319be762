/**
 * How every check of this library reports a problem: as a finding with a severity, a stable code, a
 * location if the problem is in a text, a message and a remedy.
 *
 * <p>Begin at {@link io.github.mig4j.lint.Finding}. Every type here is immutable and thread-safe but
 * {@link io.github.mig4j.lint.Findings}, which like {@link io.github.mig4j.lint.WrappingFindings} is not
 * API.
 */
@NullMarked
package io.github.mig4j.lint;

import org.jspecify.annotations.NullMarked;
