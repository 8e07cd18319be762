/**
 * A GPU Operator without GPUs, for tests, examples and clusters without hardware.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.simulator.GpuOperatorSimulator}. It writes to
 * any API server what NVIDIA's operator, MIG manager, device plugin and feature discovery write
 * (gpu-operator a22dbf67, mig-parted bd7160f4, k8s-device-plugin 1b826acc), and {@link
 * io.github.mig4j.layout.MigLayout#place} decides what the driver accepts.
 */
@NullMarked
package io.github.mig4j.k8s.simulator;

import org.jspecify.annotations.NullMarked;
