/**
 * What prevents a change of a node, found before anything is written.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.check.Preflight}.
 */
@NullMarked
package io.github.mig4j.k8s.check;

import org.jspecify.annotations.NullMarked;
