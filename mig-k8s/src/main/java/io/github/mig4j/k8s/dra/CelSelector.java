package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.mig4j.text.Quoted;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A selector of a claim or a device class, read from CEL and evaluated as the scheduler does. Only what is
 * usual for the devices of this driver is read: these conditions, joined by {@code &&}.
 *
 * <pre>
 * device.driver == 'gpu.nvidia.com'
 * device.attributes['gpu.nvidia.com'].profile == '1g.23gb'
 * device.attributes['gpu.nvidia.com'].productName in ['NVIDIA B200', "NVIDIA B300"]
 * device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('20480Mi')) &gt;= 0
 * device.capacity['gpu.nvidia.com'].memory.isGreaterThan(quantity("10Gi"))
 * </pre>
 *
 * <p>Source: kubernetes/kubernetes, dynamic-resource-allocation/cel/compile.go and semverlib.go.
 */
record CelSelector(List<Condition> conditions) {

  /** The result of reading an expression. */
  sealed interface Reading {}

  /** The expression is read. */
  record Read(CelSelector selector) implements Reading {}

  /** The expression has another form than the ones above. */
  record NotRead(String message) implements Reading {}

  /** The result of a selector for one device. An error ends the allocation. */
  sealed interface Verdict {}

  /** Whether the device is selected. */
  enum Selection implements Verdict {
    SELECTED,
    NOT_SELECTED
  }

  /** The evaluation fails, e.g. because the device does not have the attribute. */
  record Fails(String message) implements Verdict {}

  /** A condition on one value of a device. */
  sealed interface Condition {
    Verdict of(PublishedDevice device);
  }

  /** The driver is one of these. Every published device that is read here is of one driver. */
  record DriverIs(List<String> drivers) implements Condition {
    @Override
    public Verdict of(PublishedDevice device) {
      return selection(drivers.contains(Wire.DRIVER));
    }
  }

  /** An attribute has one of these texts. */
  record AttributeIs(String domain, String name, List<String> values, boolean isList)
      implements Condition {

    @Override
    public Verdict of(PublishedDevice device) {
      Optional<JsonNode> value = device.value(domain, name);
      if (value.isEmpty()) {
        return new Fails("device %s has no attribute %s/%s".formatted(device.name(), domain, name));
      }
      if (!isList && value.get().has("version")) {
        return new Fails(
            "attribute %s/%s of device %s is a version, which == cannot compare with a text"
                .formatted(domain, name, device.name()));
      }
      return selection(
          Slice.text(value.get().path("string")).filter(values::contains).isPresent());
    }

    /** Whether it is about an attribute of the driver. */
    boolean isOf(String attribute) {
      return domain.equals(Wire.DRIVER) && name.equals(attribute);
    }
  }

  /** A capacity is in relation to an amount. */
  record CapacityIs(String domain, String name, String operator, long amount) implements Condition {

    @Override
    public Verdict of(PublishedDevice device) {
      @Nullable
      Long value = device.capacities().get(domain.equals(Wire.DRIVER) ? name : domain + "/" + name);
      if (value == null) {
        return new Fails("device %s has no capacity %s/%s".formatted(device.name(), domain, name));
      }
      int sign = Long.compare(value, amount);
      return selection(
          switch (operator) {
            case ">=" -> sign >= 0;
            case ">" -> sign > 0;
            case "<=" -> sign <= 0;
            case "<" -> sign < 0;
            default -> sign == 0;
          });
    }
  }

  private static final String STRING =
      "'[^'\\\\\\r\\n]*+(?:\\\\.[^'\\\\\\r\\n]*+)*+'|\"[^\"\\\\\\r\\n]*+(?:\\\\.[^\"\\\\\\r\\n]*+)*+\"";
  private static final Pattern TOKEN =
      Pattern.compile("(?<text>" + STRING + ")|\\w++|&&|==|>=|<=|[\\[\\].(),<>]");
  private static final Pattern SPACE = Pattern.compile("[ \\t\\r\\n\\f]*+");
  private static final Pattern ESCAPE = Pattern.compile("\\\\(.)");

  /** The maximum of the API server. */
  private static final int MAX_LENGTH = 10 * 1024;

  // The tokens of a condition with a space between them, in which " is any text.
  private static final String IS_ONE_OF = " (== \"|in \\[ (?:\" (?:, \" )*)?\\])";
  private static final Pattern DRIVER = Pattern.compile("device \\. driver" + IS_ONE_OF);
  private static final Pattern ATTRIBUTE =
      Pattern.compile("device \\. attributes \\[ \" \\] \\. (\\w+)" + IS_ONE_OF);
  private static final String QUANTITY = " \\( quantity \\( \" \\) \\)";
  private static final Pattern CAPACITY =
      Pattern.compile("device \\. capacity \\[ \" \\] \\. (\\w+) \\. (?:compareTo" + QUANTITY
          + " (>=|>|==|<=|<) 0|(isGreaterThan|isLessThan)" + QUANTITY + ")");

  CelSelector {
    conditions = List.copyOf(conditions);
  }

  /** Reads an expression. */
  static Reading read(String expression) {
    Optional<CelSelector> read =
        expression.length() > MAX_LENGTH ? Optional.empty() : parse(expression);
    return read.<Reading>map(Read::new)
        .orElseGet(() -> new NotRead(
            "the selector %s is not read; join conditions on driver, attributes and capacity by &&, such as %s == '1g.23gb'"
                .formatted(Quoted.of(expression.strip()), Wire.attribute(Wire.PROFILE))));
  }

  private static Optional<CelSelector> parse(String expression) {
    List<Condition> conditions = new ArrayList<>();
    List<String> tokens = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    Matcher token = TOKEN.matcher(expression);
    int at = skipSpace(expression, 0);
    while (at < expression.length()) {
      if (!token.region(at, expression.length()).lookingAt()) {
        return Optional.empty();
      }
      if (token.group().equals("&&")) {
        Optional<Condition> condition = condition(String.join(" ", tokens), texts);
        if (condition.isEmpty()) {
          return Optional.empty();
        }
        conditions.add(condition.get());
        tokens.clear();
        texts.clear();
      } else if (token.group("text") == null) {
        tokens.add(token.group());
      } else {
        Optional<String> text = unescaped(token.group());
        if (text.isEmpty()) {
          return Optional.empty();
        }
        tokens.add("\"");
        texts.add(text.get());
      }
      at = skipSpace(expression, token.end());
    }
    return condition(String.join(" ", tokens), texts).map(last -> {
      conditions.add(last);
      return new CelSelector(conditions);
    });
  }

  private static int skipSpace(String expression, int from) {
    Matcher space = SPACE.matcher(expression).region(from, expression.length());
    return space.lookingAt() ? space.end() : from;
  }

  /** The content of a literal; empty if it has an escape that stands for another character. */
  private static Optional<String> unescaped(String literal) {
    String content = literal.substring(1, literal.length() - 1);
    boolean isPlain =
        ESCAPE.matcher(content).results().allMatch(escape -> "\\'\"`?".contains(escape.group(1)));
    return isPlain ? Optional.of(ESCAPE.matcher(content).replaceAll("$1")) : Optional.empty();
  }

  private static Optional<Condition> condition(String tokens, List<String> texts) {
    List<String> values = List.copyOf(texts);
    if (DRIVER.matcher(tokens).matches()) {
      return Optional.of(new DriverIs(values));
    }
    Matcher attribute = ATTRIBUTE.matcher(tokens);
    if (attribute.matches()) {
      return Optional.of(new AttributeIs(
          values.get(0),
          attribute.group(1),
          values.subList(1, values.size()),
          attribute.group(2).startsWith("in")));
    }
    Matcher capacity = CAPACITY.matcher(tokens);
    if (!capacity.matches()) {
      return Optional.empty();
    }
    String operator = capacity.group(2) != null
        ? capacity.group(2)
        : capacity.group(3).equals("isGreaterThan") ? ">" : "<";
    return Amounts.parse(values.get(1))
        .filter(amount -> amount.stripTrailingZeros().scale() <= 0)
        .map(amount ->
            new CapacityIs(values.get(0), capacity.group(1), operator, amount.longValue()));
  }

  /** Evaluates the conditions. As in CEL, one that is false counts more than one that fails. */
  Verdict of(PublishedDevice device) {
    Verdict all = Selection.SELECTED;
    for (Condition condition : conditions) {
      Verdict verdict = condition.of(device);
      if (verdict == Selection.NOT_SELECTED) {
        return verdict;
      }
      if (all == Selection.SELECTED) {
        all = verdict;
      }
    }
    return all;
  }

  private static Verdict selection(boolean isSelected) {
    return isSelected ? Selection.SELECTED : Selection.NOT_SELECTED;
  }
}
