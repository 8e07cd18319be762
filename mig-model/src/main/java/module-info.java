/** What NVIDIA GPUs can be cut into, and whether a layout fits: no I/O, no Kubernetes. */
@SuppressWarnings("module") // mig-k8s is built after this module
module io.github.mig4j.model {
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.yaml;
  requires org.yaml.snakeyaml;
  requires static transitive org.jspecify;
  requires static org.immutables.value;
  requires static java.compiler;

  exports io.github.mig4j;
  exports io.github.mig4j.config;
  exports io.github.mig4j.fleet;
  exports io.github.mig4j.gpu;
  exports io.github.mig4j.layout;
  exports io.github.mig4j.lint;
  exports io.github.mig4j.node;
  exports io.github.mig4j.plan;
  exports io.github.mig4j.sharing;
  exports io.github.mig4j.text to
      io.github.mig4j.k8s;

  opens io.github.mig4j.config to
      com.fasterxml.jackson.databind;
  opens io.github.mig4j.gpu to
      com.fasterxml.jackson.databind;
}
