/**
 * YAML as NVIDIA's Go programs read it, with the place of everything, for the readers of this
 * module alone: the package is not exported.
 *
 * <p>Begin at {@link io.github.mig4j.yaml.YamlText} for a text, and at {@link
 * io.github.mig4j.yaml.GoYaml} for the values in it. Depends on no other package of this library.
 */
@NullMarked
package io.github.mig4j.yaml;

import org.jspecify.annotations.NullMarked;
