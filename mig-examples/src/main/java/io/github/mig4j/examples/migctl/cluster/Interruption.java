package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C ends a command in order: it prints what continues in the cluster, and no claim of a finished process
 * stays on a node.
 */
final class Interruption {

  private static final int MAX_SECONDS_TO_END = 5;

  private Interruption() {}

  /** A command that ends with a {@link CancellationException} if its thread is interrupted. */
  interface Interruptible {
    int run() throws IOException;
  }

  /** Runs a command, and returns its exit code. */
  static int byCtrlC(Interruptible command, PrintWriter err) throws IOException {
    Thread running = Thread.currentThread();
    CountDownLatch ended = new CountDownLatch(1);
    Thread hook = new Thread(() -> {
      running.interrupt();
      try {
        boolean unused = ended.await(MAX_SECONDS_TO_END, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      return command.run();
    } catch (CancellationException e) {
      err.println(e.getMessage());
      return ExitCode.NO;
    } finally {
      ended.countDown();
      try {
        boolean unused = Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException shuttingDown) {
        // The hook is running already.
      }
    }
  }
}
