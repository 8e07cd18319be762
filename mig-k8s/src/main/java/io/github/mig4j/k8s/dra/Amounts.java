package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Quantities by name, in capacities and counters. */
final class Amounts {

  /** Values that fit into a long; the API server rejects texts that are not quantities. */
  private static final Pattern QUANTITY =
      Pattern.compile("[0-9]{1,18}(\\.[0-9]{1,9})?([KMGTPE]i|[numkMGTPE])?");

  private Amounts() {}

  /** Reads {@code {memory: {value: 9984Mi}}}; an entry that is not a quantity is skipped. */
  static Map<String, Long> of(JsonNode named) {
    Map<String, Long> amounts = new LinkedHashMap<>();
    named
        .properties()
        .forEach(entry -> parse(entry.getValue().path("value").asText(""))
            .ifPresent(amount -> amounts.put(local(entry.getKey()), amount.longValue())));
    return amounts;
  }

  /** An amount that is not negative, and not above a long; empty if the text is another. */
  static Optional<BigDecimal> parse(String text) {
    return Optional.of(text)
        .filter(given -> QUANTITY.matcher(given).matches())
        .map(given -> Quantity.parse(given).getNumericalAmount())
        .filter(amount -> amount.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0);
  }

  /** A name without the driver's domain, which is an optional prefix. */
  static String local(String name) {
    String domain = Wire.DRIVER + "/";
    return name.startsWith(domain) ? name.substring(domain.length()) : name;
  }
}
