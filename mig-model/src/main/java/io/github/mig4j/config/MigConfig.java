package io.github.mig4j.config;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A configuration: what stands under one name in the file. Its entries apply in order, and the last
 * one that is for a GPU decides.
 *
 * @param entries at least one entry
 */
public record MigConfig(List<MigConfigSpec> entries) {

  private static final int MAX_LABEL_LENGTH = 63;
  private static final int HASH_LENGTH = 8;
  private static final Pattern LABEL_VALUE =
      Pattern.compile("[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");

  public MigConfig {
    entries = List.copyOf(entries);
    if (entries.isEmpty()) {
      throw new IllegalArgumentException("A configuration needs at least one entry, but had none");
    }
  }

  /**
   * A configuration of these entries.
   *
   * @param entries at least one, in the order in which they apply
   * @return the configuration
   */
  public static MigConfig of(MigConfigSpec... entries) {
    return new MigConfig(List.of(entries));
  }

  /**
   * Checks that a name can be the value of the node label {@code nvidia.com/mig.config}, which is
   * narrower than what the file accepts as a key.
   *
   * @param name a configuration's name
   * @return the same name
   * @throws IllegalArgumentException if it is no label value
   */
  public static String requireLabelValue(String name) {
    if (!isLabelValue(name)) {
      throw new IllegalArgumentException(
          ("Config name '%s' is no label value, so no node can ask for it. Use 1 to 63 letters,"
                  + " digits, '.', '_' and '-', beginning and ending with a letter or digit")
              .formatted(name));
    }
    return name;
  }

  static boolean isLabelValue(String name) {
    return LABEL_VALUE.matcher(name).matches();
  }

  /**
   * The name under which this very content is published: the base name and a hash of the content.
   * The MIG manager does not look at a file again until the label's value changes, so content that
   * changes under one name goes unnoticed (mig-parted#108); under this name it cannot.
   *
   * @param base a name; cut if the result would be longer than a label value
   * @return e.g. {@code b200-split-small-4f1c09ae}
   * @throws IllegalArgumentException if the base is no label value
   */
  public String contentName(String base) {
    return join(requireLabelValue(base), contentHash());
  }

  /**
   * A hash of what this configuration means, equal for equal configurations whoever wrote them.
   *
   * @return 8 hexadecimal digits
   */
  public String contentHash() {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256")
          .digest(canonicalText().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest).substring(0, HASH_LENGTH);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }

  /** Independent of how the file is written; changing it changes every published name. */
  private String canonicalText() {
    StringBuilder text = new StringBuilder();
    for (MigConfigSpec entry : entries) {
      text.append(entry.deviceFilters())
          .append(entry.devices())
          .append(entry.migEnabled())
          .append(entry.migDevices())
          .append('\n');
    }
    return text.toString();
  }

  private static String join(String base, String suffix) {
    int room = MAX_LABEL_LENGTH - 1 - suffix.length();
    return base.substring(0, Math.min(base.length(), room)) + "-" + suffix;
  }
}
