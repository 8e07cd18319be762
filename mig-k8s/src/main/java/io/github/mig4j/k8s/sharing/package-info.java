/**
 * Time-slicing and MPS on nodes: named configurations of the device plugin published, asked for and
 * verified, for GPUs without MIG and with it.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.sharing.SharingClient}. As in {@link io.github.mig4j.k8s},
 * writes are idempotent and conditional on the object's version, and only evidence is success: the
 * device plugin reports no state.
 *
 * <p>Facts about the operator and the plugin are from the sources of NVIDIA/gpu-operator v26.7.0
 * and NVIDIA/k8s-device-plugin v0.20.0.
 */
@NullMarked
package io.github.mig4j.k8s.sharing;

import org.jspecify.annotations.NullMarked;
