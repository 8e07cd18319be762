package io.github.mig4j.k8s.dra;

import io.github.mig4j.gpu.GpuCatalog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DraInventoryTest {

  static String resource(String name) throws IOException {
    try (var in = DraInventoryTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void probe() throws IOException {
    for (String name : new String[] {
      "h100-static-v1.yaml",
      "h100-static-v1beta1.yaml",
      "h100-partitionable-v1.yaml",
      "h100-partitionable-combined-v1beta1.yaml"
    }) {
      var inventory = DraInventory.parse(
          resource(name) + "---\n" + resource("h100-claims-v1.yaml"), GpuCatalog.bundled());
      System.out.println(name);
      inventory
          .nodes()
          .forEach(n ->
              System.out.println(n.name() + n.resources() + n.room() + n.model().map(m -> m.id())));
      inventory
          .nodes()
          .get(0)
          .gpus()
          .forEach(g -> System.out.println(g.uuid() + " " + g.form() + g.layout()));
      inventory.findings().forEach(f -> System.out.println(f.line()));
    }
  }
}
