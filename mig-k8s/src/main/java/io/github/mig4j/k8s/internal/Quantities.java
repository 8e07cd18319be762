package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.util.Objects;
import java.util.OptionalLong;

/** Whole numbers of resources, as nodes and pods state them. */
public final class Quantities {

  private static final BigDecimal LARGEST = BigDecimal.valueOf(Long.MAX_VALUE);

  private Quantities() {}

  /**
   * A quantity as it is written.
   *
   * @param quantity the quantity
   * @return its text, which is empty if it has none
   */
  public static String text(Quantity quantity) {
    Objects.requireNonNull(quantity, "quantity");
    return quantity.getAmount() == null ? "" : quantity.toString();
  }

  /**
   * Reads a quantity. The API server accepts only valid ones, but objects of a caller can have any text.
   *
   * @param quantity the quantity of one resource
   * @return the number, rounded down; empty if it is not a quantity or too large
   */
  public static OptionalLong wholeNumber(Quantity quantity) {
    Objects.requireNonNull(quantity, "quantity");
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
