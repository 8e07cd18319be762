package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.node.NodeOffer;

/** Plans that passed every check, without a check. */
public final class Plans {

  private Plans() {}

  /** A layout that a node requests by an exact name. */
  public static ApplyPlan layout(Node node, MigConfig content, NodeOffer offer, String key) {
    return new LayoutPlan(node, "mig-config", MigConfigDocument.empty(), content, offer, "", key);
  }
}
