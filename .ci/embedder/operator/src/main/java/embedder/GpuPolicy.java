package embedder;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Version;

/** What the GPUs of some nodes are to be: its spec is a policy, and its name that of the policy. */
@Group("example.com")
@Version("v1")
@Plural("gpupolicies")
public final class GpuPolicy extends CustomResource<GpuPolicySpec, GpuPolicyStatus> {

  @Override
  protected GpuPolicySpec initSpec() {
    return new GpuPolicySpec();
  }

  @Override
  protected GpuPolicyStatus initStatus() {
    return new GpuPolicyStatus();
  }
}
