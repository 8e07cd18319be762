package io.github.mig4j.k8s.dra;

import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import java.util.Objects;

/**
 * The fields of a pod that uses a claim: the pod references a claim or a template, and each container
 * that uses the devices references that entry of the pod.
 *
 * <pre>{@code
 * new PodSpecBuilder()
 *     .addToResourceClaims(PodClaims.fromTemplate("gpu", "mig-1g"))
 *     .addNewContainer().withName("main").withImage("cuda").withResources(PodClaims.use("gpu"))
 *     .endContainer()
 * }</pre>
 */
public final class PodClaims {

  private PodClaims() {}

  /**
   * Devices for this pod only, released when the pod ends.
   *
   * @param name the name with which containers of this pod reference them, e.g. {@code gpu}
   * @param template a template's name, in the pod's namespace
   * @return an entry for the pod's {@code resourceClaims}
   */
  public static PodResourceClaim fromTemplate(String name, String template) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(template, "template");
    return new PodResourceClaimBuilder()
        .withName(name)
        .withResourceClaimTemplateName(template)
        .build();
  }

  /**
   * Devices of a claim that other pods may use as well.
   *
   * @param name the name with which containers of this pod reference them, e.g. {@code gpu}
   * @param claim a claim's name, in the pod's namespace
   * @return an entry for the pod's {@code resourceClaims}
   */
  public static PodResourceClaim fromClaim(String name, String claim) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(claim, "claim");
    return new PodResourceClaimBuilder()
        .withName(name)
        .withResourceClaimName(claim)
        .build();
  }

  /**
   * {@return the value for {@code resources} of a container that gets all devices of a claim}
   *
   * @param name the name of an entry of the pod's {@code resourceClaims}
   */
  public static ResourceRequirements use(String name) {
    Objects.requireNonNull(name, "name");
    return new ResourceRequirementsBuilder()
        .addNewClaim()
        .withName(name)
        .endClaim()
        .build();
  }

  /**
   * Gives a container the devices of one request of a claim.
   *
   * @param name the name of an entry of the pod's {@code resourceClaims}
   * @param request one of {@link MigClaim#requestNames()}
   * @return the value for the container's {@code resources}
   */
  public static ResourceRequirements use(String name, String request) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(request, "request");
    return new ResourceRequirementsBuilder()
        .addNewClaim()
        .withName(name)
        .withRequest(request)
        .endClaim()
        .build();
  }
}
