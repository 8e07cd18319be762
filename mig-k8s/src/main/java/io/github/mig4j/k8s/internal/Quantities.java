package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Numbers of resources, as nodes and pods state them. */
public final class Quantities {

  private static final BigDecimal LARGEST = BigDecimal.valueOf(Long.MAX_VALUE);

  private Quantities() {}

  /** What pods can use of a node's resources; nothing where its status does not say it. */
  public static Map<String, Quantity> allocatable(Node node) {
    return Optional.ofNullable(node.getStatus()).map(NodeStatus::getAllocatable).orElse(Map.of());
  }

  /** A node's resources, whether pods can use them or not; as {@link #allocatable}. */
  public static Map<String, Quantity> capacity(Node node) {
    return Optional.ofNullable(node.getStatus()).map(NodeStatus::getCapacity).orElse(Map.of());
  }

  /** A quantity as it is written; empty if it has no text. */
  public static String text(Quantity quantity) {
    return quantity.getAmount() == null ? "" : quantity.toString();
  }

  /**
   * Reads a quantity. The API server accepts only valid ones, but objects of a caller can have any text.
   *
   * @return the number, rounded down; empty if it is not a quantity or too large
   */
  public static OptionalLong wholeNumber(Quantity quantity) {
    if (quantity.getAmount() == null) {
      return OptionalLong.empty();
    }
    try {
      BigDecimal amount = quantity.getNumericalAmount();
      return amount.abs().compareTo(LARGEST) > 0
          ? OptionalLong.empty()
          : OptionalLong.of(amount.longValue());
    } catch (IllegalArgumentException | ArithmeticException notAQuantity) {
      return OptionalLong.empty();
    }
  }
}
