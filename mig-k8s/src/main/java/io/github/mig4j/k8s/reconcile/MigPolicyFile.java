package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The policies of a file, and its findings.
 *
 * <pre>{@code
 * MigPolicyFile file = MigPolicyFile.read(yaml);
 * file.findings().forEach(System.out::println);   // 7:19: error: a100-40gb has no profile 1g.12gb; …
 * List<MigPolicy> policies = file.policies();
 * }</pre>
 */
public final class MigPolicyFile implements JsonForm {

  private final PolicyReader.Reading reading;

  private MigPolicyFile(PolicyReader.Reading reading) {
    this.reading = reading;
  }

  /**
   * Reads a file with the bundled catalogue. Whatever the text, this throws nothing.
   *
   * @param text YAML or JSON
   * @return the policies and the findings
   */
  public static MigPolicyFile read(String text) {
    Objects.requireNonNull(text, "text");
    return read(text, GpuCatalog.bundled());
  }

  /**
   * Reads a file. Whatever the text, this throws nothing.
   *
   * @param text YAML or JSON
   * @param catalog the GPU models that the policies can name
   * @return the policies and the findings
   */
  public static MigPolicyFile read(String text, GpuCatalog catalog) {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(catalog, "catalog");
    return new MigPolicyFile(PolicyReader.read(text, catalog));
  }

  /** {@return what is wrong with the file, in its order} */
  public List<Finding> findings() {
    return reading.findings();
  }

  /** {@return the policies without an error, in the order of the file} */
  public List<MigPolicy> policies() {
    return reading.policies();
  }

  /**
   * {@return policies as YAML, which {@link #read(String)} reads as the same policies}
   *
   * @param policies the policies
   */
  public static String yaml(List<MigPolicy> policies) {
    Objects.requireNonNull(policies, "policies");
    return Serialization.asYaml(PolicyWriter.tree(policies));
  }

  /**
   * {@return policies as JSON, which {@link #read(String)} reads as the same policies}
   *
   * @param policies the policies
   */
  public static String json(List<MigPolicy> policies) {
    Objects.requireNonNull(policies, "policies");
    return Serialization.asJson(PolicyWriter.tree(policies));
  }

  /** The number of policies and findings, e.g. {@code policy file with 2 policies and 0 findings}. */
  @Override
  public String toString() {
    return "policy file with %d policies and %d findings"
        .formatted(policies().size(), findings().size());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("policies", policies()).and("findings", findings()).map();
  }
}
