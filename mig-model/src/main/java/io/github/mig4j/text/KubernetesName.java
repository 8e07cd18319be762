package io.github.mig4j.text;

import java.util.regex.Pattern;

/** Kubernetes' rules for names (apimachinery pkg/util/validation). */
public final class KubernetesName {

  /** The most characters of a label value and of a DNS label. */
  public static final int MAX_LABEL_LENGTH = 63;

  private static final int MAX_SUBDOMAIN_LENGTH = 253;

  private static final Pattern LABEL_VALUE =
      Pattern.compile("[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");

  private static final Pattern DNS_LABEL = Pattern.compile("[a-z0-9](?:[a-z0-9-]*[a-z0-9])?");

  private static final Pattern DNS_SUBDOMAIN =
      Pattern.compile(DNS_LABEL + "(?:\\." + DNS_LABEL + ")*");

  private KubernetesName() {}

  /** Whether a text can be the value of a label, and so a key of a ConfigMap too; not if empty. */
  public static boolean isLabelValue(String text) {
    return LABEL_VALUE.matcher(text).matches();
  }

  /** Whether a text can be the name of a namespace, or a part of a DNS subdomain. */
  public static boolean isDnsLabel(String text) {
    return text.length() <= MAX_LABEL_LENGTH && DNS_LABEL.matcher(text).matches();
  }

  /** Whether a text can be the name of most objects, such as a ConfigMap. */
  public static boolean isDnsSubdomain(String text) {
    return text.length() <= MAX_SUBDOMAIN_LENGTH && DNS_SUBDOMAIN.matcher(text).matches();
  }

  /** Returns the name of a configuration if a node can request it by a label. */
  public static String requireConfigName(String name) {
    if (!isLabelValue(name)) {
      throw new IllegalArgumentException(
          ("Config name %s is no label value, so no node can request it; use 1 to 63 letters,"
                  + " digits, '.', '_' and '-', beginning and ending with a letter or digit")
              .formatted(Quoted.of(name)));
    }
    return name;
  }
}
