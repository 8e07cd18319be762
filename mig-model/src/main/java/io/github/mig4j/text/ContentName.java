package io.github.mig4j.text;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** Names that consist of a base and a hash of the content, so that changed content has another name. */
public final class ContentName {
  private static final int HASH_LENGTH = 8;
  private static final Pattern SUFFIX = Pattern.compile("-[0-9a-f]{8}(-r[0-9]+)?$");

  private ContentName() {}

  /** The base, cut if needed, with a suffix: at most as long as a label value may be. */
  public static String join(String base, String suffix) {
    int room = KubernetesName.MAX_LABEL_LENGTH - 1 - suffix.length();
    return base.substring(0, Math.min(base.length(), room)) + "-" + suffix;
  }

  /** A name without the suffix of a content hash. */
  public static String baseOf(String name) {
    return SUFFIX.matcher(name).replaceFirst("");
  }

  /** The first 8 hexadecimal digits of the content's SHA-256. */
  public static String hash(String content) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest).substring(0, HASH_LENGTH);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
