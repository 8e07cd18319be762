/** Placeholder. */
package io.github.mig4j.k8s;
