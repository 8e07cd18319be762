package io.github.mig4j.examples.migctl.console;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A stream that keeps its first failure, which a {@link java.io.PrintWriter} does not report. */
public final class Sink extends FilterOutputStream {

  private @Nullable IOException failure;

  public Sink(OutputStream out) {
    super(out);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      failure = failure == null ? e : failure;
      throw e;
    }
  }

  /** The first failure of a write. */
  public Optional<IOException> failure() {
    return Optional.ofNullable(failure);
  }
}
