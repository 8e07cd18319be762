package io.github.mig4j.text;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Distinguishes numbers, booleans and texts as go-yaml v2 does, which reads YAML 1.1 with a few
 * differences: {@code y} is a boolean, {@code 12:30} a text, {@code 0o7} a number and {@code 08} the
 * float 8.
 */
public final class GoScalar {
  private GoScalar() {}

  /** The tag of a scalar that has no tag and is not quoted. */
  public static final Tag PLAIN = new Tag("tag:mig4j.github.io,2026:plain");

  private static final Tag TIMESTAMP = new Tag(Tag.PREFIX + "timestamp");

  /** What a scalar with one of these tags has to be without it. */
  private static final Map<Tag, Class<? extends YamlValue>> KINDS = Map.of(
      Tag.NULL, YamlValue.Null.class,
      Tag.BOOL, YamlValue.Bool.class,
      Tag.INT, YamlValue.Int.class);

  private static final Set<String> TRUE =
      Set.of("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON");
  private static final Set<String> FALSE =
      Set.of("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF");
  private static final Set<String> NULL = Set.of("", "~", "null", "Null", "NULL");
  private static final Set<String> NAN = Set.of(".nan", ".NaN", ".NAN");
  private static final Pattern INFINITY = Pattern.compile("([-+]?)\\.(?:inf|Inf|INF)");

  private static final Pattern INTEGER =
      Pattern.compile("([-+]?)(?:0[xX]([0-9A-Fa-f]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))");
  private static final Pattern FLOAT =
      Pattern.compile("[-+]?(?:\\.[0-9]+|[0-9]+(?:\\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?");
  private static final Pattern DATE =
      Pattern.compile("[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}.*)?");

  /** The value, or empty if the tag does not allow the text. */
  public static Optional<YamlValue> resolve(LineColumn at, String text, Tag tag) {
    if (tag.equals(PLAIN)) {
      return Optional.of(plain(at, text));
    }
    Class<? extends YamlValue> kind = KINDS.get(tag);
    if (kind != null) {
      return Optional.of(plain(at, text)).filter(kind::isInstance);
    }
    if (tag.equals(Tag.FLOAT)) {
      return tagged(at, text, plain(at, text));
    }
    if (tag.equals(TIMESTAMP)) {
      return Optional.<YamlValue>of(new YamlValue.Text(at, text))
          .filter(any -> DATE.matcher(text).matches());
    }
    if (tag.equals(Tag.BINARY)) {
      return binary(at, text);
    }
    return Optional.of(new YamlValue.Text(at, text));
  }

  private static Optional<YamlValue> tagged(LineColumn at, String text, YamlValue value) {
    if (value instanceof YamlValue.Int number) {
      return Optional.of(new YamlValue.Decimal(at, text, number.value().doubleValue()));
    }
    return Optional.of(value).filter(YamlValue.Decimal.class::isInstance);
  }

  private static Optional<YamlValue> binary(LineColumn at, String text) {
    String base64 = text.replace("\n", "").replace("\r", "");
    if (base64.length() % 4 != 0) {
      return Optional.empty();
    }
    try {
      byte[] bytes = Base64.getDecoder().decode(base64);
      return Optional.of(new YamlValue.Text(at, new String(bytes, StandardCharsets.UTF_8)));
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
  }

  private static YamlValue plain(LineColumn at, String text) {
    if (TRUE.contains(text) || FALSE.contains(text)) {
      return new YamlValue.Bool(at, TRUE.contains(text));
    }
    if (NULL.contains(text)) {
      return new YamlValue.Null(at);
    }
    boolean looksLikeNumber = "+-.0123456789".indexOf(text.charAt(0)) >= 0;
    return looksLikeNumber && text.length() <= 400
        ? number(at, text)
        : new YamlValue.Text(at, text);
  }

  private static YamlValue number(LineColumn at, String text) {
    if (NAN.contains(text)) {
      return new YamlValue.Decimal(at, text, Double.NaN);
    }
    Matcher infinity = INFINITY.matcher(text);
    if (infinity.matches()) {
      double sign = infinity.group(1).equals("-") ? -1 : 1;
      return new YamlValue.Decimal(at, text, sign * Double.POSITIVE_INFINITY);
    }
    String digits = text.charAt(0) == '.' ? text : text.replace("_", "");
    Matcher integer = INTEGER.matcher(digits);
    if (integer.matches()) {
      BigInteger value = integer(integer);
      if (value.bitLength() <= (value.signum() < 0 ? Long.SIZE - 1 : Long.SIZE)) {
        return new YamlValue.Int(at, text, value);
      }
    }
    if (FLOAT.matcher(digits).matches()) {
      double value = Double.parseDouble(digits);
      if (Double.isFinite(value)) {
        return new YamlValue.Decimal(at, text, value);
      }
    }
    return new YamlValue.Text(at, text);
  }

  private static BigInteger integer(Matcher form) {
    int[] radixes = {16, 2, 8, 10};
    for (int group = 2; group <= 5; group++) {
      if (form.group(group) != null) {
        BigInteger magnitude = new BigInteger(form.group(group), radixes[group - 2]);
        return form.group(1).equals("-") ? magnitude.negate() : magnitude;
      }
    }
    throw new IllegalStateException("One of the groups matches");
  }

  /** The key that sigs.k8s.io/yaml makes of a value, or empty if it refuses it. */
  public static Optional<String> key(YamlValue value) {
    if (value instanceof YamlValue.Text text) {
      return Optional.of(text.value());
    }
    if (value instanceof YamlValue.Bool bool) {
      return Optional.of(String.valueOf(bool.value()));
    }
    if (value instanceof YamlValue.Int number && number.value().bitLength() < Long.SIZE) {
      return Optional.of(number.value().toString());
    }
    if (value instanceof YamlValue.Decimal number) {
      return Optional.of(shortest((float) number.value()));
    }
    return Optional.empty();
  }

  /** Go's {@code FormatFloat(value, 'g', -1, 32)}, with YAML's words for what is no number. */
  private static String shortest(float value) {
    if (Float.isNaN(value)) {
      return ".nan";
    }
    if (Float.isInfinite(value)) {
      return value > 0 ? ".inf" : "-.inf";
    }
    BigDecimal exact = new BigDecimal(Float.toString(value)).stripTrailingZeros();
    int exponent = exact.precision() - exact.scale() - 1;
    if (exact.signum() == 0) {
      return 1 / value < 0 ? "-0" : "0";
    }
    return exponent >= -4 && exponent < 6 ? exact.toPlainString() : scientific(exact, exponent);
  }

  private static String scientific(BigDecimal exact, int exponent) {
    String digits = exact.unscaledValue().abs().toString();
    String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
    return String.format(
        Locale.ROOT,
        "%s%s%se%s%02d",
        exact.signum() < 0 ? "-" : "",
        digits.charAt(0),
        fraction,
        exponent < 0 ? "-" : "+",
        Math.abs(exponent));
  }
}
