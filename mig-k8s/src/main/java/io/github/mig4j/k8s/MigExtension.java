package io.github.mig4j.k8s;

import io.fabric8.kubernetes.client.Client;
import io.fabric8.kubernetes.client.extension.ExtensionAdapter;
import io.github.mig4j.k8s.cluster.MigSettings;
import java.util.Objects;

/**
 * Makes {@code client.adapt(MigClient.class)} work; fabric8 finds it as a service. Not for use
 * otherwise.
 */
public final class MigExtension implements ExtensionAdapter<MigClient> {

  /** Called by fabric8. */
  public MigExtension() {}

  @Override
  public Class<MigClient> getExtensionType() {
    return MigClient.class;
  }

  @Override
  public MigClient adapt(Client client) {
    Objects.requireNonNull(client, "client");
    return new MigClient(client, MigSettings.defaults());
  }
}
