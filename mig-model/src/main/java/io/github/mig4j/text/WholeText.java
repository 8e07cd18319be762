package io.github.mig4j.text;

import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.reader.StreamReader;

/**
 * A text for SnakeYAML's scanner, and the place that it has reached. SnakeYAML's own reader copies
 * what it holds of a token with each further kilobyte, which takes gigabytes for a long line.
 */
final class WholeText extends StreamReader {

  private static final String NAME = "'string'";

  private final int[] characters;
  private int index;
  private int documentIndex;
  private int line;
  private int column;

  WholeText(String text) {
    super("");
    this.characters = text.codePoints().toArray();
  }

  @Override
  public Mark getMark() {
    return new Mark(NAME, index, line, column, characters, index);
  }

  @Override
  public void forward() {
    forward(1);
  }

  @Override
  public void forward(int length) {
    for (int i = 0; i < length && index < characters.length; i++) {
      int c = characters[index];
      index++;
      documentIndex++;
      boolean crBeforeOther = c == '\r' && index < characters.length && characters[index] != '\n';
      if (c == '\n' || c == 0x85 || c == 0x2028 || c == 0x2029 || crBeforeOther) {
        line++;
        column = 0;
      } else if (c != 0xFEFF) {
        column++;
      }
    }
  }

  @Override
  public int peek() {
    return peek(0);
  }

  @Override
  public int peek(int offset) {
    return index + offset < characters.length ? characters[index + offset] : 0;
  }

  @Override
  public String prefix(int length) {
    return new String(characters, index, Math.min(length, characters.length - index));
  }

  @Override
  public String prefixForward(int length) {
    String prefix = prefix(length);
    int read = Math.min(length, characters.length - index);
    index += read;
    documentIndex += read;
    column += read;
    return prefix;
  }

  @Override
  public int getColumn() {
    return column;
  }

  @Override
  public int getDocumentIndex() {
    return documentIndex;
  }

  @Override
  public void resetDocumentIndex() {
    documentIndex = 0;
  }

  @Override
  public int getIndex() {
    return index;
  }

  @Override
  public int getLine() {
    return line;
  }
}
