package io.github.mig4j.examples;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** What a program prints to the streams of its process; a class that uses it is {@code Isolated}. */
public final class Console {

  private Console() {}

  /** Runs a program and returns what it prints to standard output. */
  public static String outputOf(Runnable program) {
    return printed(program, System.out, System::setOut);
  }

  /** Runs a program and returns what it prints to standard error. */
  public static String errorsOf(Runnable program) {
    return printed(program, System.err, System::setErr);
  }

  private static String printed(
      Runnable program, PrintStream console, Consumer<PrintStream> stream) {
    var captured = new ByteArrayOutputStream();
    stream.accept(new PrintStream(captured, true, StandardCharsets.UTF_8));
    try {
      program.run();
    } finally {
      stream.accept(console);
    }
    return captured.toString(StandardCharsets.UTF_8);
  }
}
