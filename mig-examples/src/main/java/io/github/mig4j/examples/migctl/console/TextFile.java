package io.github.mig4j.examples.migctl.console;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.IntStream;

/** Reads a file of text, and says of any other what it is and what helps. */
public final class TextFile {

  /** More than any file that a person wrote, and than most logs. */
  private static final int MAX_MIB = 64;

  private static final int MAX_BYTES = MAX_MIB * 1024 * 1024;
  /** Text without a zero byte in its beginning is text, as git decides it. */
  private static final int BEGINNING = 8000;

  private TextFile() {}

  /**
   * The bytes of a text that need not be UTF-8 to the end, such as a log.
   *
   * @param file the file; {@code -} is standard input
   * @throws UnusableFileException if it cannot be read, is empty, is no text or has more than 64 MiB
   */
  public static byte[] bytes(Path file) throws IOException {
    byte[] bytes = read(file);
    String name = Input.name(file);
    if (beginsWith(bytes, 0xFF, 0xFE) || beginsWith(bytes, 0xFE, 0xFF)) {
      throw new UnusableFileException("%s is text in UTF-16; save it as UTF-8".formatted(name));
    }
    if (beginsWith(bytes, 0x1F, 0x8B) || beginsWith(bytes, 'P', 'K', 3, 4)) {
      throw new UnusableFileException("%s is compressed; unpack it first".formatted(name));
    }
    for (int i = 0; i < Math.min(bytes.length, BEGINNING); i++) {
      if (bytes[i] == 0) {
        throw new UnusableFileException(
            "%s is not a text: its byte %d is zero; name a file of text in UTF-8"
                .formatted(name, i));
      }
    }
    if (bytes.length > MAX_BYTES) {
      throw new UnusableFileException(
          "%s has more than %d MiB, which is too much to read; name the right file, or a part of it"
              .formatted(name, MAX_MIB));
    }
    if (isBlank(bytes)) {
      throw new UnusableFileException(
          "%s is empty; check the command or the editor that writes it".formatted(name));
    }
    return bytes;
  }

  /**
   * A text in UTF-8.
   *
   * @param file the file; {@code -} is standard input
   * @throws UnusableFileException also if it is not UTF-8
   */
  public static String text(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(bytes(file));
    CharBuffer text = CharBuffer.allocate(bytes.limit());
    CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    CoderResult result = utf8.decode(bytes, text, true);
    text.flip();
    if (result.isError()) {
      String before = text.toString();
      throw new UnusableFileException(
          "%s is not UTF-8: byte 0x%02X in line %d, column %d; save it as UTF-8"
              .formatted(
                  Input.name(file),
                  bytes.get(bytes.position()),
                  1 + before.chars().filter(c -> c == '\n').count(),
                  before.length() - before.lastIndexOf('\n')));
    }
    return text.toString();
  }

  private static byte[] read(Path file) throws IOException {
    if (Input.isStandardInput(file)) {
      return System.in.readNBytes(MAX_BYTES + 1);
    }
    if (Files.isDirectory(file)) {
      throw new UnusableFileException(file + " is a directory; name a file in it");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      throw new UnusableFileException("File does not exist: %s".formatted(file));
    } catch (AccessDeniedException e) {
      throw new UnusableFileException(
          "Cannot read %s: permission denied; allow this user to read it".formatted(file));
    }
  }

  private static boolean beginsWith(byte[] bytes, int... beginning) {
    return bytes.length >= beginning.length
        && IntStream.range(0, beginning.length).allMatch(i -> bytes[i] == (byte) beginning[i]);
  }

  private static boolean isBlank(byte[] bytes) {
    return IntStream.range(0, bytes.length).allMatch(i -> " \n\r\t".indexOf(bytes[i]) >= 0);
  }
}
