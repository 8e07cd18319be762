/**
 * Why a change failed: the operator's logs, the catalogue of failures, and the diagnosis from both.
 *
 * <p>Begin at {@link io.github.mig4j.k8s.diagnosis.Diagnosis}. Nothing here writes to the cluster.
 */
@NullMarked
package io.github.mig4j.k8s.diagnosis;

import org.jspecify.annotations.NullMarked;
