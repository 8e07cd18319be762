/** Placeholder. */
package io.github.mig4j.examples;
