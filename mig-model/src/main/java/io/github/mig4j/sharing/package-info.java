/**
 * Sharing a GPU, or a MIG device, among several containers: the configuration file of NVIDIA's
 * device plugin with time-slicing and MPS, what a node offers with it, and which way of sharing
 * suits a need.
 *
 * <p>Begin at {@link io.github.mig4j.sharing.DevicePluginConfig} to build a configuration, at {@link
 * io.github.mig4j.sharing.DevicePluginConfigFile} for a text and its findings, and at {@link
 * io.github.mig4j.sharing.SharingAdvice} to choose. Inside, {@code DevicePluginConfigReader} reads a
 * file, and each class named {@code Rules} reads and checks one part of it. Every type here is
 * immutable and thread-safe.
 *
 * <p>Facts about the plugin are from the source of NVIDIA/k8s-device-plugin v0.17 to v0.20.
 */
@NullMarked
package io.github.mig4j.sharing;

import org.jspecify.annotations.NullMarked;
