/**
 * Dynamic resource allocation (DRA), by which pods claim MIG devices without the device plugin:
 * claims and device classes for profiles, and an inventory of what NVIDIA's DRA driver publishes.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.dra.MigClaim} to ask for devices and at {@link
 * io.github.mig4j.k8s.dra.DraClient} to see them. Values here are immutable; only {@code DraClient}
 * speaks to a cluster.
 */
@NullMarked
package io.github.mig4j.k8s.dra;

import org.jspecify.annotations.NullMarked;
