package io.github.mig4j.k8s.dra;

import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.layout.Violation;
import io.github.mig4j.lint.Severity;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Something in the driver's slices or in the claims that does not add up; carries the facts, and
 * says them in {@link #message}.
 *
 * <p>An error is in force: pods share what they should have alone, or hold what is gone. A warning
 * can become one, or makes numbers unsure. A note is good to know.
 */
public sealed interface DraFinding {

  /**
   * How bad it is.
   *
   * @return the severity
   */
  Severity severity();

  /**
   * The stable name of the kind, for programs: e.g. {@code double-booked}.
   *
   * @return lower case words joined by dashes
   */
  String code();

  /**
   * Subject, verdict, value and remedy in one line.
   *
   * @return the sentence, without a full stop
   */
  String message();

  /**
   * The line for a log or a terminal.
   *
   * @return e.g. {@code error: … [double-booked]}
   */
  default String line() {
    return "%s: %s [%s]".formatted(severity(), message(), code());
  }

  /**
   * Allocated devices of one GPU exclude each other.
   *
   * @param node the node
   * @param devices the devices
   * @param claims the claims that hold them
   */
  record DoubleBooked(String node, List<String> devices, List<String> claims)
      implements DraFinding {
    public DoubleBooked {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(devices, "devices");
      Objects.requireNonNull(claims, "claims");
      devices = List.copyOf(devices);
      claims = List.copyOf(claims);
    }

    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String code() {
      return "double-booked";
    }

    @Override
    public String message() {
      return "Node %s: claims %s hold %s, which cannot be had together; delete the pods of all claims but one"
          .formatted(node, String.join(", ", claims), String.join(", ", devices));
    }
  }

  /**
   * A claim holds a device that is not published any more. Where the whole pool is gone, the driver
   * is more likely to be restarting than the GPU to be cut anew, so that this is a warning.
   *
   * @param claim the claim's namespace and name
   * @param pool the device's pool
   * @param device the device's name
   * @param gone what is not published
   */
  record AllocatedButGone(String claim, String pool, String device, Gone gone)
      implements DraFinding {
    public AllocatedButGone {
      Objects.requireNonNull(claim, "claim");
      Objects.requireNonNull(pool, "pool");
      Objects.requireNonNull(device, "device");
      Objects.requireNonNull(gone, "gone");
    }

    /** How much is not published. */
    public enum Gone {
      /** The device, while others of its pool are. */
      DEVICE,
      /** Its pool. */
      POOL
    }

    @Override
    public Severity severity() {
      return gone == Gone.POOL ? Severity.WARNING : Severity.ERROR;
    }

    @Override
    public String code() {
      return "allocated-but-gone";
    }

    @Override
    public String message() {
      return gone == Gone.POOL
          ? "Claim %s holds %s of pool %s, of which the driver publishes nothing, as while it restarts; if that lasts, see whether the driver's pod runs on the node"
              .formatted(claim, device, pool)
          : "Claim %s holds %s of pool %s, which the driver does not publish; the GPU was probably cut anew, so delete the claim's pods"
              .formatted(claim, device, pool);
    }
  }

  /**
   * A GPU's devices exist in a way that the catalogue calls impossible.
   *
   * @param node the node
   * @param model the GPU's model
   * @param places the devices
   * @param violations why they cannot be
   */
  record ImpossibleLayout(
      String node, GpuModel model, List<Placement> places, List<Violation> violations)
      implements DraFinding {
    public ImpossibleLayout {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(places, "places");
      Objects.requireNonNull(violations, "violations");
      places = List.copyOf(places);
      violations = List.copyOf(violations);
    }

    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String code() {
      return "impossible-layout";
    }

    @Override
    public String message() {
      return "Node %s: a %s is cut into %s, which the catalogue calls impossible (%s); report it, or correct the model"
          .formatted(node, model.id(), places, Violation.summary(violations));
    }
  }

  /**
   * A GPU is offered as a whole beside the MIG devices that it is cut into, so that two claims can
   * get the same GPU (dra-driver-nvidia-gpu#719).
   *
   * @param node the node
   * @param device the whole GPU's name
   */
  record WholeBesideMig(String node, String device) implements DraFinding {
    public WholeBesideMig {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(device, "device");
    }

    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String code() {
      return "whole-beside-mig";
    }

    @Override
    public String message() {
      return "Node %s: %s is offered as a whole beside its MIG devices, so that both can be claimed; let no pod claim class gpu.nvidia.com on this node"
          .formatted(node, device);
    }
  }

  /**
   * The slices of a pool are not all there, as while the driver is publishing.
   *
   * @param pool the pool
   * @param generation which version of the pool
   * @param found how many slices there are
   * @param expected how many there should be
   */
  record IncompletePool(String pool, long generation, int found, long expected)
      implements DraFinding {
    public IncompletePool {
      Objects.requireNonNull(pool, "pool");
    }

    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String code() {
      return "incomplete-pool";
    }

    @Override
    public String message() {
      return "Pool %s has %d of %d slices of generation %d; what is free is not known before the driver has published all"
          .formatted(pool, found, expected, generation);
    }
  }

  /**
   * Several devices of a pool have one name, for which the scheduler refuses the pool.
   *
   * @param pool the pool
   * @param device the name
   */
  record DuplicateDevice(String pool, String device) implements DraFinding {
    public DuplicateDevice {
      Objects.requireNonNull(pool, "pool");
      Objects.requireNonNull(device, "device");
    }

    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String code() {
      return "duplicate-device";
    }

    @Override
    public String message() {
      return "Pool %s has several devices named %s, so that claims get none of the pool; restart the driver's pod on the node"
          .formatted(pool, device);
    }
  }

  /**
   * A MIG device whose profile cannot be read.
   *
   * @param node the node
   * @param device the device
   * @param profile what is published as its profile; empty if nothing is
   */
  record UnreadableProfile(String node, String device, String profile) implements DraFinding {
    public UnreadableProfile {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(device, "device");
      Objects.requireNonNull(profile, "profile");
    }

    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String code() {
      return "unreadable-profile";
    }

    @Override
    public String message() {
      return "Node %s: MIG device %s has profile '%s', which is none such as '1g.10gb'; it is not counted"
          .formatted(node, device, profile);
    }
  }

  /**
   * A device at a place where the catalogue has none of its profile.
   *
   * @param node the node
   * @param model the GPU's model
   * @param published the device's profile and place
   */
  record UnknownPlacement(String node, GpuModel model, Placement published) implements DraFinding {
    public UnknownPlacement {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(published, "published");
    }

    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String code() {
      return "unknown-placement";
    }

    @Override
    public String message() {
      return "Node %s: the driver publishes %s, but the catalogue has no such place on a %s; report it, or correct the model"
          .formatted(node, published, model.id());
    }
  }

  /**
   * A partitionable GPU lacks a place that the catalogue has.
   *
   * @param node the node
   * @param model the GPU's model
   * @param expected the profile and place
   */
  record MissingPlacement(String node, GpuModel model, Placement expected) implements DraFinding {
    public MissingPlacement {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(expected, "expected");
    }

    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String code() {
      return "missing-placement";
    }

    @Override
    public String message() {
      return "Node %s: the driver does not publish %s, which the catalogue has for a %s; report it, or correct the model"
          .formatted(node, expected, model.id());
    }
  }

  /**
   * A device or a whole GPU has another amount of something than the catalogue says. Memory moves
   * with the driver's version, so that a difference there is a note.
   *
   * @param node the node
   * @param model the GPU's model
   * @param profile the device's profile; empty for the counters of the GPU
   * @param difference what differs
   */
  record AmountDiffers(
      String node, GpuModel model, Optional<MigProfile> profile, Difference difference)
      implements DraFinding {
    public AmountDiffers {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(profile, "profile");
      Objects.requireNonNull(difference, "difference");
    }

    @Override
    public Severity severity() {
      return difference.budget() == Budget.MEMORY_MIB ? Severity.NOTE : Severity.WARNING;
    }

    @Override
    public String code() {
      return "amount-differs";
    }

    @Override
    public String message() {
      return "Node %s: %s of a %s has %d %s as published, but %d in the catalogue; report it, or correct the model"
          .formatted(
              node,
              profile.map(MigProfile::toString).orElse("all"),
              model.id(),
              difference.published(),
              difference.budget().noun(),
              difference.known());
    }
  }

  /**
   * Two figures for one thing.
   *
   * @param budget what is counted
   * @param published what the driver says, in the unit of the budget
   * @param known what the catalogue says, in the unit of the budget
   */
  record Difference(Budget budget, long published, int known) {
    public Difference {
      Objects.requireNonNull(budget, "budget");
    }
  }

  /**
   * A product that the catalogue does not have, or has for several models, so that nothing was
   * checked.
   *
   * @param node the node
   * @param product what is published as the product's name
   * @param candidates the models that it can be
   */
  record UnknownProduct(String node, String product, List<GpuModel> candidates)
      implements DraFinding {
    public UnknownProduct {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(product, "product");
      Objects.requireNonNull(candidates, "candidates");
      candidates = List.copyOf(candidates);
    }

    @Override
    public Severity severity() {
      return Severity.NOTE;
    }

    @Override
    public String code() {
      return "unknown-product";
    }

    @Override
    public String message() {
      return candidates.isEmpty()
          ? "Node %s: product '%s' is not in the catalogue; add its model to the settings, as docs/add-a-gpu.md says"
              .formatted(node, product)
          : "Node %s: product '%s' can be %s; narrow the catalogue in the settings"
              .formatted(
                  node,
                  product,
                  candidates.stream().map(GpuModel::id).collect(Collectors.joining(" or ")));
    }
  }
}
