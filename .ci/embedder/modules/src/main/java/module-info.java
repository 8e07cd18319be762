module embedder.modules {
  requires com.fasterxml.jackson.databind;
  requires io.github.mig4j.model;
  requires tools.jackson.databind;

  exports embedder;
}
