/**
 * What a GPU can be cut into: its {@linkplain io.github.mig4j.gpu.GpuModel model}, its {@linkplain
 * io.github.mig4j.gpu.MigProfile profiles}, and how certain each of these facts is.
 *
 * <p>Begin at {@link io.github.mig4j.gpu.GpuCatalog}, or at {@link io.github.mig4j.gpu.NvidiaSmi}
 * for a GPU that is not in the catalogue. {@link io.github.mig4j.gpu.ProfileNeed} chooses a
 * profile.
 *
 * <p>Every type here is immutable and thread-safe, and depends on no package of this library but
 * {@link io.github.mig4j.lint}.
 */
@NullMarked
package io.github.mig4j.gpu;

import org.jspecify.annotations.NullMarked;
