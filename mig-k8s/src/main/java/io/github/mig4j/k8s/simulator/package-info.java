/**
 * A GPU Operator without GPUs, for tests, examples and clusters without hardware.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.simulator.GpuOperatorSimulator}. It acts on any API server
 * through a client, as NVIDIA's operator, MIG manager, device plugin and feature discovery do
 * (gpu-operator a22dbf67, mig-parted bd7160f4, k8s-device-plugin 1b826acc), and asks {@link
 * io.github.mig4j.layout.MigLayout#place} what a driver would accept.
 */
@NullMarked
package io.github.mig4j.k8s.simulator;

import org.jspecify.annotations.NullMarked;
