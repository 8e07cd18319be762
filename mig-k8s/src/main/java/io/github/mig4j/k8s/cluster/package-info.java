/**
 * Settings, the labels of NVIDIA's operator, and the exceptions that need no other package.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.cluster.MigSettings}. Depends on no other package of this
 * module.
 */
@NullMarked
package io.github.mig4j.k8s.cluster;

import org.jspecify.annotations.NullMarked;
