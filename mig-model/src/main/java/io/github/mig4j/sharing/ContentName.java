package io.github.mig4j.sharing;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** Names that change with what they name. */
final class ContentName {
  private static final int MAX_LABEL_LENGTH = 63;
  private static final int HASH_LENGTH = 8;

  /** Every label value is a key that a ConfigMap can have, too. */
  private static final Pattern LABEL_VALUE =
      Pattern.compile("[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");

  private ContentName() {}

  static String join(String base, String hash) {
    if (!LABEL_VALUE.matcher(base).matches()) {
      throw new IllegalArgumentException(
          ("Config name '%s' is no label value, so no node can ask for it. Use 1 to 63 letters,"
                  + " digits, '.', '_' and '-', beginning and ending with a letter or digit")
              .formatted(base));
    }
    int room = MAX_LABEL_LENGTH - 1 - HASH_LENGTH;
    return base.substring(0, Math.min(base.length(), room)) + "-" + hash;
  }

  static String hash(String content) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest).substring(0, HASH_LENGTH);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
