/**
 * The configuration of the cluster: ConfigMaps of MIG and of sharing configurations, the GPU Operator's
 * settings, and the roles that a client needs.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.config.MigConfigMap}. Every write is idempotent, conditional
 * on the version of the object, and repeated after a conflict.
 */
@NullMarked
package io.github.mig4j.k8s.config;

import org.jspecify.annotations.NullMarked;
