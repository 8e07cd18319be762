package io.github.mig4j.k8s.dra;

import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.dra.DraFacts.AllocatedButGone;
import io.github.mig4j.k8s.dra.DraFacts.AmountDiffers;
import io.github.mig4j.k8s.dra.DraFacts.DoubleBooked;
import io.github.mig4j.k8s.dra.DraFacts.DuplicateDevice;
import io.github.mig4j.k8s.dra.DraFacts.ImpossibleLayout;
import io.github.mig4j.k8s.dra.DraFacts.IncompletePool;
import io.github.mig4j.k8s.dra.DraFacts.MissingPlacement;
import io.github.mig4j.k8s.dra.DraFacts.UnknownPlacement;
import io.github.mig4j.k8s.dra.DraFacts.UnknownProduct;
import io.github.mig4j.k8s.dra.DraFacts.UnknownProfile;
import io.github.mig4j.k8s.dra.DraFacts.UnknownType;
import io.github.mig4j.k8s.dra.DraFacts.UnreadableProfile;
import io.github.mig4j.k8s.dra.DraFacts.WholeBesideMig;
import io.github.mig4j.layout.Violation;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Collects the findings about slices and claims, and says the facts in words. An error means that
 * pods share what each should have alone, or hold what does not exist.
 */
final class DraFindings {

  private static final String REPORT_IT = "report it, or correct the model";

  private final Set<Finding> found = new LinkedHashSet<>();

  /** The findings, errors first. */
  List<Finding> sorted() {
    return found.stream().sorted(Comparator.comparing(Finding::severity)).toList();
  }

  private void add(
      Severity severity,
      DraCode code,
      String subject,
      Record facts,
      String message,
      String remedy) {
    found.add(Finding.builder()
        .severity(severity)
        .code(code)
        .subject(subject)
        .facts(facts)
        .message(message)
        .remedy(remedy)
        .build());
  }

  private <F extends Record & DraFacts> void onNode(
      Severity severity, DraCode code, F facts, String message, String remedy) {
    String node = facts.node();
    add(severity, code, "node " + node, facts, "Node %s: %s".formatted(node, message), remedy);
  }

  private <F extends Record & DraFacts> void onNode(
      DraCode code, F facts, String message, String remedy) {
    onNode(Severity.WARNING, code, facts, message, remedy);
  }

  private void inPool(DraCode code, String pool, Record facts, String message, String remedy) {
    String text = "Pool %s has %s".formatted(pool, message);
    add(Severity.WARNING, code, "pool " + pool, facts, text, remedy);
  }

  void add(DoubleBooked facts) {
    onNode(
        Severity.ERROR,
        DraCode.DOUBLE_BOOKED,
        facts,
        "claims %s hold %s, which exclude each other"
            .formatted(String.join(", ", facts.claims()), String.join(", ", facts.devices())),
        "delete the pods of all claims but one");
  }

  /** Without the whole pool the driver is probably restarting, so that this is a warning. */
  void add(AllocatedButGone facts) {
    boolean pool = facts.gone() == AllocatedButGone.Gone.POOL;
    add(
        pool ? Severity.WARNING : Severity.ERROR,
        DraCode.ALLOCATED_BUT_GONE,
        "claim " + facts.claim(),
        facts,
        "Claim %s holds %s of pool %s, %s"
            .formatted(
                facts.claim(),
                facts.device(),
                facts.pool(),
                pool
                    ? "of which the driver publishes nothing, as while it restarts"
                    : "which the driver does not publish, probably because the GPU was partitioned again"),
        pool
            ? "if that lasts, check whether the driver's pod runs on the node"
            : "delete the claim's pods");
  }

  void add(ImpossibleLayout facts) {
    onNode(
        DraCode.IMPOSSIBLE_LAYOUT,
        facts,
        "a %s has devices %s, which the catalogue calls impossible (%s)"
            .formatted(
                facts.model().id(), facts.placements(), Violation.summary(facts.violations())),
        REPORT_IT);
  }

  void add(WholeBesideMig facts) {
    onNode(
        DraCode.WHOLE_BESIDE_MIG,
        facts,
        "%s is offered as a whole beside its MIG devices, so that both can be claimed"
            .formatted(facts.device()),
        "let no pod claim class gpu.nvidia.com on this node");
  }

  void add(IncompletePool facts) {
    inPool(
        DraCode.INCOMPLETE_POOL,
        facts.pool(),
        facts,
        "%d of %d slices of generation %d, so that it is not known what is free"
            .formatted(facts.found(), facts.expected(), facts.generation()),
        "wait until the driver has published all slices");
  }

  void add(DuplicateDevice facts) {
    inPool(
        DraCode.DUPLICATE_DEVICE,
        facts.pool(),
        facts,
        "several devices named %s, so that claims get no device of the pool"
            .formatted(facts.device()),
        "restart the driver's pod on the node");
  }

  void add(UnreadableProfile facts) {
    onNode(
        DraCode.UNREADABLE_PROFILE,
        facts,
        "MIG device %s has profile '%s', which is not one such as '1g.10gb', so that it is not counted"
            .formatted(facts.device(), facts.profile()),
        "report it");
  }

  void add(UnknownType facts) {
    onNode(
        DraCode.UNKNOWN_TYPE,
        facts,
        "device %s has type '%s', which is not gpu, mig or vfio, so that it is not counted"
            .formatted(facts.device(), facts.type()),
        "report it");
  }

  void add(UnknownProfile facts) {
    onNode(
        DraCode.UNKNOWN_PROFILE,
        facts,
        "the driver publishes a device with profile %s, but a %s has no such profile in the catalogue"
            .formatted(facts.profile(), facts.model().id()),
        REPORT_IT);
  }

  void add(UnknownPlacement facts) {
    onNode(
        DraCode.UNKNOWN_PLACEMENT,
        facts,
        "the driver publishes %s, but the catalogue has no such placement on a %s"
            .formatted(facts.published(), facts.model().id()),
        REPORT_IT);
  }

  void add(MissingPlacement facts) {
    onNode(
        DraCode.MISSING_PLACEMENT,
        facts,
        "the driver does not publish %s, which the catalogue has for a %s"
            .formatted(facts.expected(), facts.model().id()),
        REPORT_IT);
  }

  /** Memory differs between versions of the driver, so that a difference of memory is a note. */
  void add(AmountDiffers facts) {
    DraFacts.Difference difference = facts.difference();
    onNode(
        difference.budget() == Budget.MEMORY_MIB ? Severity.NOTE : Severity.WARNING,
        DraCode.AMOUNT_DIFFERS,
        facts,
        "%s of a %s has %d %s as published, but %d in the catalogue"
            .formatted(
                facts.profile().map(MigProfile::toString).orElse("all"),
                facts.model().id(),
                difference.published(),
                difference.budget().noun(),
                difference.known()),
        REPORT_IT);
  }

  void add(UnknownProduct facts) {
    boolean absent = facts.candidates().isEmpty();
    onNode(
        Severity.NOTE,
        DraCode.UNKNOWN_PRODUCT,
        facts,
        "product '%s' %s"
            .formatted(
                facts.product(),
                absent
                    ? "is not in the catalogue"
                    : "can be "
                        + facts.candidates().stream()
                            .map(GpuModel::id)
                            .collect(Collectors.joining(" or "))),
        absent
            ? "add its model as docs/add-a-gpu.md describes"
            : "restrict the catalogue in the settings");
  }
}
