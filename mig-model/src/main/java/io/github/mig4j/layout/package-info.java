/**
 * What fits on one GPU: {@link io.github.mig4j.layout.MigLayout} and the placement validator {@link
 * io.github.mig4j.layout.MigLayout#place}.
 *
 * <p>Begin at {@link io.github.mig4j.layout.MigLayout}. A layout that exists is legal; whatever has
 * none is answered with every reason. {@link io.github.mig4j.layout.Layouts} lists what there can
 * be, {@link io.github.mig4j.layout.LayoutDiagram} draws it.
 *
 * <p>Every type here is immutable and thread-safe, and depends only on {@link io.github.mig4j.gpu}.
 */
@NullMarked
package io.github.mig4j.layout;

import org.jspecify.annotations.NullMarked;
