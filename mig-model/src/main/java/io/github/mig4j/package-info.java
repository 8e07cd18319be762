/**
 * The root of the library: the exception type that all its exceptions extend.
 *
 * <p>Begin at {@link io.github.mig4j.gpu} for the hardware, {@link io.github.mig4j.layout} for what
 * fits on one GPU, {@link io.github.mig4j.fleet} for many GPUs, or {@link io.github.mig4j.config} for
 * the file that NVIDIA's MIG manager reads.
 */
@NullMarked
@ValueStyle
package io.github.mig4j;

import org.jspecify.annotations.NullMarked;
