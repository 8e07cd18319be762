package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.examples.migctl.console.Sink;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SinkTest {

  /** A device without space, such as /dev/full. */
  private static final OutputStream FULL = new OutputStream() {
    private int writes;

    @Override
    public void write(int each) throws IOException {
      writes++;
      throw new IOException("No space left on device (%d)".formatted(writes));
    }
  };

  @Test
  void failure_ofAPrintWriter_isTheFirst() {
    Sink sink = new Sink(FULL);
    PrintWriter out = new PrintWriter(sink, true, StandardCharsets.UTF_8);

    out.println("one");
    out.println("two");

    assertThat(sink.failure())
        .hasValueSatisfying(e -> assertThat(e).hasMessage("No space left on device (1)"));
  }

  @Test
  void failure_ofAStreamThatTakesAll_isEmpty() {
    Sink sink = new Sink(OutputStream.nullOutputStream());
    new PrintWriter(sink, true, StandardCharsets.UTF_8).println("one");

    assertThat(sink.failure()).isEmpty();
  }
}
