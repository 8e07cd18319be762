/**
 * Sharing a GPU, or a MIG device, among several containers: the configuration file of NVIDIA's
 * device plugin with time-slicing and MPS, what a node offers under it, and which way of sharing
 * suits a need.
 *
 * <p>Begin at {@link io.github.mig4j.sharing.DevicePluginConfig} to make a configuration, at {@link
 * io.github.mig4j.sharing.DevicePluginConfigFile} for a text and all that is to say about it, and at
 * {@link io.github.mig4j.sharing.SharingAdvice} to choose. Every type here is immutable and
 * thread-safe, and depends only on {@link io.github.mig4j.gpu}.
 *
 * <p>Facts about the plugin are from the source of NVIDIA/k8s-device-plugin v0.17 to v0.20.
 */
@NullMarked
package io.github.mig4j.sharing;

import org.jspecify.annotations.NullMarked;
