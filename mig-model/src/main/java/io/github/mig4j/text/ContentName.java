package io.github.mig4j.text;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Names that consist of a base and a hash of the content, so that changed content has another name. */
public final class ContentName {
  private static final int HASH_LENGTH = 8;

  private ContentName() {}

  /**
   * The name of a configuration with a hash and what follows it: the base is cut so that the name is not
   * longer than a label value, and does not get a hash again that it has.
   */
  public static String of(String base, String hash, String end) {
    String name = withoutHash(KubernetesName.requireConfigName(base), hash);
    String suffix = "-" + hash + end;
    int room = KubernetesName.MAX_LABEL_LENGTH - suffix.length();
    return name.substring(0, Math.min(name.length(), room)) + suffix;
  }

  /**
   * A name without this hash and the number of a repetition behind it. A name that only looks as if it
   * had a hash, such as one that ends in a date, stays as it is.
   */
  public static String withoutHash(String name, String hash) {
    String first = withoutRepetition(name);
    boolean hasHash = first.endsWith("-" + hash) && first.length() > hash.length() + 1;
    return hasHash ? first.substring(0, first.length() - hash.length() - 1) : name;
  }

  /** A name without the number that distinguishes two requests for the same content. */
  public static String withoutRepetition(String name) {
    return name.replaceFirst("-r[0-9]+$", "");
  }

  /** Whether a name is the other one, perhaps with the number of a repetition behind it. */
  public static boolean isOf(String name, String first) {
    return name.equals(first) || withoutRepetition(name).equals(first);
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
