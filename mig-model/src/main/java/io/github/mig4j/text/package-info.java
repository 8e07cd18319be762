/**
 * What every reader and writer of text in this library shares: spelling, content hashes, Kubernetes'
 * rules for names, and YAML as NVIDIA's Go programs read it, with the place of everything.
 *
 * <p>Not API: this package is exported to mig-k8s alone and may change without notice. Begin at
 * {@link io.github.mig4j.text.YamlText} for a text, and at {@link io.github.mig4j.text.GoYaml} for
 * the values in it. Depends on no other package of this library.
 */
@NullMarked
package io.github.mig4j.text;

import org.jspecify.annotations.NullMarked;
