package io.github.mig4j.examples.migctl.console;

/** What the exit code of every subcommand means. */
public final class ExitCode {
  /** Yes: done, valid or fitting, warnings included. */
  public static final int YES = 0;
  /** No: refused, unknown profile or not fitting; the reasons are on stderr. */
  public static final int NO = 1;
  /** Wrong usage, an unknown GPU, or input that cannot be read. */
  public static final int USAGE = 2;
  /** The cluster failed or a deadline passed. */
  public static final int CLUSTER = 3;
  /** A bug of this program. */
  public static final int BUG = 70;

  private ExitCode() {}
}
