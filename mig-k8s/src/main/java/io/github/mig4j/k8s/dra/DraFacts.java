package io.github.mig4j.k8s.dra;

import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.layout.Violation;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The facts of a {@link Finding} about the driver's slices or the claims, one record for each {@link
 * DraCode}.
 *
 * <pre>{@code
 * if (finding.facts().orElse(null) instanceof DraFacts.DoubleBooked facts) {
 *   evict(facts.claims());
 * }
 * }</pre>
 */
public sealed interface DraFacts extends JsonForm {

  /**
   * {@return the node that the finding concerns; if the driver publishes nothing of a pool, the
   * pool's name, because the driver names a pool after its node}
   */
  String node();

  /**
   * Claims hold devices of one GPU that exclude each other.
   *
   * @param node the node
   * @param devices the devices
   * @param claims the claims that hold them
   */
  record DoubleBooked(String node, List<String> devices, List<String> claims) implements DraFacts {
    public DoubleBooked {
      Objects.requireNonNull(node, "node");
      devices = List.copyOf(Objects.requireNonNull(devices, "devices"));
      claims = List.copyOf(Objects.requireNonNull(claims, "claims"));
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node)
          .and("devices", devices)
          .and("claims", claims)
          .map();
    }
  }

  /**
   * A claim holds a device that the driver does not publish.
   *
   * @param node the node; the pool's name if nothing of the pool is published
   * @param claim the claim's namespace and name
   * @param pool the device's pool
   * @param device the device's name
   * @param gone what is not published
   */
  record AllocatedButGone(String node, String claim, String pool, String device, Gone gone)
      implements DraFacts {
    public AllocatedButGone {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(claim, "claim");
      Objects.requireNonNull(pool, "pool");
      Objects.requireNonNull(device, "device");
      Objects.requireNonNull(gone, "gone");
    }

    /** What the driver does not publish. */
    public enum Gone implements JsonName {
      /** The driver publishes other devices of the pool, but not this one. */
      DEVICE,
      /** The driver publishes nothing of the pool; it is probably restarting. */
      POOL
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node)
          .and("claim", claim)
          .and("pool", pool)
          .and("device", device)
          .and("gone", gone)
          .map();
    }
  }

  /**
   * The catalogue says that the devices of a GPU cannot exist together.
   *
   * @param node the node
   * @param model the GPU's model
   * @param placements the devices
   * @param violations why they cannot exist together
   */
  record ImpossibleLayout(
      String node, GpuModel model, List<Placement> placements, List<Violation> violations)
      implements DraFacts {
    public ImpossibleLayout {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(model, "model");
      placements = List.copyOf(Objects.requireNonNull(placements, "placements"));
      violations = List.copyOf(Objects.requireNonNull(violations, "violations"));
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node)
          .and("model", model.id())
          .and("placements", placements)
          .and("violations", violations)
          .map();
    }
  }

  /**
   * A GPU is offered as a whole beside its MIG devices, so that two claims can get the same GPU
   * (dra-driver-nvidia-gpu#719).
   *
   * @param node the node
   * @param device the whole GPU's name
   */
  record WholeBesideMig(String node, String device) implements DraFacts {
    public WholeBesideMig {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(device, "device");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node).and("device", device).map();
    }
  }

  /**
   * Slices of a pool are missing, as while the driver publishes them.
   *
   * @param node the node
   * @param pool the pool
   * @param generation the version of the pool
   * @param found the number of slices that exist
   * @param expected the number of slices that should exist
   */
  record IncompletePool(String node, String pool, long generation, int found, long expected)
      implements DraFacts {
    public IncompletePool {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(pool, "pool");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node)
          .and("pool", pool)
          .and("generation", generation)
          .and("found", found)
          .and("expected", expected)
          .map();
    }
  }

  /**
   * Several devices of a pool have the same name, so that the scheduler refuses the pool.
   *
   * @param node the node
   * @param pool the pool
   * @param device the name
   */
  record DuplicateDevice(String node, String pool, String device) implements DraFacts {
    public DuplicateDevice {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(pool, "pool");
      Objects.requireNonNull(device, "device");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node).and("pool", pool).and("device", device).map();
    }
  }

  /**
   * The profile of a MIG device cannot be read.
   *
   * @param node the node
   * @param device the device
   * @param profile what is published as its profile; empty if nothing is
   */
  record UnreadableProfile(String node, String device, String profile) implements DraFacts {
    public UnreadableProfile {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(device, "device");
      Objects.requireNonNull(profile, "profile");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node)
          .and("device", device)
          .and("profile", profile)
          .map();
    }
  }

  /**
   * The type of a device is not one that this library knows, so that the device is not counted.
   *
   * @param node the node
   * @param device the device
   * @param type what is published as its type; empty if nothing is
   */
  record UnknownType(String node, String device, String type) implements DraFacts {
    public UnknownType {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(device, "device");
      Objects.requireNonNull(type, "type");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node).and("device", device).and("type", type).map();
    }
  }

  /**
   * A device, whose placement is not published, has a profile that the catalogue does not have.
   *
   * @param node the node
   * @param model the GPU's model
   * @param profile the device's profile
   */
  record UnknownProfile(String node, GpuModel model, MigProfile profile) implements DraFacts {
    public UnknownProfile {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(profile, "profile");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node)
          .and("model", model.id())
          .and("profile", profile)
          .map();
    }
  }

  /**
   * A device is at a placement that the catalogue does not have.
   *
   * @param node the node
   * @param model the GPU's model
   * @param published the device's profile and placement
   */
  record UnknownPlacement(String node, GpuModel model, Placement published) implements DraFacts {
    public UnknownPlacement {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(published, "published");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node)
          .and("model", model.id())
          .and("published", published)
          .map();
    }
  }

  /**
   * The driver does not publish a placement that the catalogue has.
   *
   * @param node the node
   * @param model the GPU's model
   * @param expected the profile and placement
   */
  record MissingPlacement(String node, GpuModel model, Placement expected) implements DraFacts {
    public MissingPlacement {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(expected, "expected");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node)
          .and("model", model.id())
          .and("expected", expected)
          .map();
    }
  }

  /**
   * The driver publishes another amount than the catalogue has.
   *
   * @param node the node
   * @param model the GPU's model
   * @param profile the device's profile; empty for the counters of the GPU
   * @param difference what differs
   */
  record AmountDiffers(
      String node, GpuModel model, Optional<MigProfile> profile, Difference difference)
      implements DraFacts {
    public AmountDiffers {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(profile, "profile");
      Objects.requireNonNull(difference, "difference");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node)
          .and("model", model.id())
          .and("profile", profile)
          .and("difference", difference)
          .map();
    }
  }

  /**
   * Two amounts of the same thing.
   *
   * @param budget what is counted
   * @param published what the driver publishes, in the unit of the budget
   * @param known what the catalogue has, in the unit of the budget
   */
  record Difference(Budget budget, long published, int known) implements JsonForm {
    public Difference {
      Objects.requireNonNull(budget, "budget");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("budget", budget)
          .and("published", published)
          .and("known", known)
          .map();
    }
  }

  /**
   * The product is not in the catalogue, or can be several models, so that nothing was checked.
   *
   * @param node the node
   * @param product what is published as the product's name
   * @param candidates the models that it can be
   */
  record UnknownProduct(String node, String product, List<GpuModel> candidates)
      implements DraFacts {
    public UnknownProduct {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(product, "product");
      candidates = List.copyOf(Objects.requireNonNull(candidates, "candidates"));
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node)
          .and("product", product)
          .and("candidates", candidates.stream().map(GpuModel::id).toList())
          .map();
    }
  }
}
