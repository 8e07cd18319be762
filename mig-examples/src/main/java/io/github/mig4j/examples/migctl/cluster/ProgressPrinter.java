package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.k8s.change.ApplyEvent;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Timer;
import java.util.TimerTask;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** Prints the steps of a change: one line each, and on a terminal a last line that counts seconds. */
final class ProgressPrinter implements Consumer<ApplyEvent>, AutoCloseable {

  private static final String LINE_START = "\r\033[K";

  private final PrintWriter out;
  private final @Nullable Timer ticker;
  private @Nullable ApplyEvent last;
  private long lastNanos;

  private ProgressPrinter(PrintWriter out, @Nullable Timer ticker) {
    this.out = out;
    this.ticker = ticker;
  }

  /** Progress is for people, so it is printed to stderr and never enters a pipe. */
  static ProgressPrinter on(PrintWriter out) {
    return CommandLine.Help.Ansi.AUTO.enabled() ? live(out) : plain(out);
  }

  static ProgressPrinter plain(PrintWriter out) {
    return new ProgressPrinter(out, null);
  }

  static ProgressPrinter live(PrintWriter out) {
    Timer ticker = new Timer("progress", true);
    ProgressPrinter progress = new ProgressPrinter(out, ticker);
    ticker.schedule(
        new TimerTask() {
          @Override
          public void run() {
            progress.tick();
          }
        },
        1000,
        1000);
    return progress;
  }

  @Override
  public synchronized void accept(ApplyEvent event) {
    String line = String.format(
        Locale.ROOT,
        "  %6.1fs  %-10s %s",
        event.elapsed().toMillis() / 1000.0,
        event.phase(),
        event.detail());
    last = event;
    lastNanos = System.nanoTime();
    out.print(ticker == null ? line + System.lineSeparator() : LINE_START + line + '\n');
    out.flush();
  }

  private synchronized void tick() {
    if (last != null) {
      long waited = (System.nanoTime() - lastNanos) / 1_000_000;
      out.print(LINE_START
          + String.format(
              Locale.ROOT,
              "  %6.1fs  ... since %s",
              (last.elapsed().toMillis() + waited) / 1000.0,
              last.phase()));
      out.flush();
    }
  }

  @Override
  public synchronized void close() {
    if (ticker != null) {
      ticker.cancel();
      out.print(LINE_START);
      out.flush();
      last = null;
    }
  }
}
