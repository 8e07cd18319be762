/**
 * Dynamic resource allocation (DRA), with which pods claim MIG devices without the device plugin:
 * claims and device classes for profiles, and an inventory of the devices of NVIDIA's DRA driver.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.dra.MigClaim} to request devices and at {@link
 * io.github.mig4j.k8s.dra.DraClient} to list them. Values here are immutable; only {@code DraClient}
 * sends requests.
 */
@NullMarked
package io.github.mig4j.k8s.dra;

import org.jspecify.annotations.NullMarked;
