package embedder;

import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/** What is wrong with a policy, and how its nodes stand. */
public final class GpuPolicyStatus {

  private List<String> findings = List.of();
  private SortedMap<String, String> nodes = new TreeMap<>();

  public List<String> getFindings() {
    return findings;
  }

  public void setFindings(List<String> findings) {
    this.findings = findings;
  }

  public SortedMap<String, String> getNodes() {
    return nodes;
  }

  public void setNodes(SortedMap<String, String> nodes) {
    this.nodes = nodes;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GpuPolicyStatus that
        && findings.equals(that.findings)
        && nodes.equals(that.nodes);
  }

  @Override
  public int hashCode() {
    return Objects.hash(findings, nodes);
  }
}
