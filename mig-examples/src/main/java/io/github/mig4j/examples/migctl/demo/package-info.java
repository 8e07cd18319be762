/**
 * A cluster within migctl's process, for a first hour without GPUs.
 *
 * <p>Begin at {@link io.github.mig4j.examples.migctl.demo.DemoCommand}.
 */
@NullMarked
package io.github.mig4j.examples.migctl.demo;

import org.jspecify.annotations.NullMarked;
