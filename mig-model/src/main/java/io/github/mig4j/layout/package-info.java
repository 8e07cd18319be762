/**
 * What fits on one GPU: layouts and the placement validator {@link
 * io.github.mig4j.layout.MigLayout#place}.
 *
 * <p>Begin at {@link io.github.mig4j.layout.MigLayout}. Every layout object is legal, and a request
 * without a layout returns every reason. {@link io.github.mig4j.layout.Layouts} lists all layouts
 * of a GPU, {@link io.github.mig4j.layout.LayoutDiagram} draws a layout.
 *
 * <p>Every type here is immutable and thread-safe, and depends only on {@link io.github.mig4j.gpu}.
 */
@NullMarked
package io.github.mig4j.layout;

import org.jspecify.annotations.NullMarked;
