package io.github.mig4j.examples;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.dra.DraClient;
import io.github.mig4j.k8s.dra.DraNode;
import io.github.mig4j.k8s.dra.DraObject;
import io.github.mig4j.k8s.dra.DraVersion;
import io.github.mig4j.k8s.dra.MigClaim;
import io.github.mig4j.k8s.dra.PodClaims;
import io.github.mig4j.k8s.simulator.EmbeddedCluster;
import io.github.mig4j.k8s.simulator.SimulatedDraDriver;
import io.github.mig4j.layout.MigLayout;
import java.util.List;

/**
 * A pod gets a seventh of a B200 by dynamic resource allocation, on an API server, a DRA driver and
 * a scheduler that are simulated in this process.
 */
public final class DynamicAllocation {

  private static final String NODE = "gpu-node";
  private static final String NAMESPACE = "team-a";

  private DynamicAllocation() {}

  /**
   * Runs the example.
   *
   * @param args none
   */
  public static void main(String[] args) {
    try (EmbeddedCluster cluster = new EmbeddedCluster()) {
      run(cluster.client());
    }
  }

  private static void run(KubernetesClient client) {
    GpuModel b200 = GpuCatalog.bundled().require("NVIDIA-B200");
    SimulatedDraDriver driver = SimulatedDraDriver.of(client);
    driver.publishStatic(NODE, List.of(MigLayout.on(b200).add("1g.23gb", 7).build()));
    DraClient dra = MigClient.of(client).dra();

    MigClaim seventh = MigClaim.of(MigProfile.parse("1g.23gb"));
    DraObject claim = seventh.claim("train").inNamespace(NAMESPACE);
    System.out.println("1. Claim a device");
    System.out.print(claim.toYaml(DraVersion.V1).indent(3));
    dra.apply(claim);

    System.out.println("2. Name the claim in a pod");
    System.out.print(
        Serialization.asYaml(pod("train").getSpec()).replaceFirst("---\n", "").indent(3));
    client.resource(pod("train")).create();
    print("3. The driver publishes", dra);

    driver.schedule();
    print("4. The scheduler has given the claim a device", dra);
  }

  private static Pod pod(String claim) {
    return new PodBuilder()
        .withNewMetadata()
        .withNamespace(NAMESPACE)
        .withName("train")
        .endMetadata()
        .withNewSpec()
        .addToResourceClaims(PodClaims.fromClaim("gpu", claim))
        .addNewContainer()
        .withName("main")
        .withImage("nvidia/cuda")
        .withResources(PodClaims.use("gpu"))
        .endContainer()
        .endSpec()
        .build();
  }

  private static void print(String what, DraClient dra) {
    System.out.println(what);
    DraNode node = dra.inventory().node(NODE).orElseThrow();
    System.out.println("   cut into " + node.resources());
    System.out.println("   room for " + node.room());
    node.gpus().stream()
        .flatMap(gpu -> gpu.devices().stream())
        .filter(device -> !device.claims().isEmpty())
        .forEach(device ->
            System.out.println("   " + device.name() + " is " + device.claims().get(0) + "'s"));
  }
}
