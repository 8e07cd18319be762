package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.SharingAdvice;
import io.github.mig4j.sharing.SharingNeed;
import io.github.mig4j.sharing.SharingNeed.Isolation;
import io.github.mig4j.sharing.SharingOption;
import io.github.mig4j.sharing.SharingOption.Reason;
import io.github.mig4j.sharing.SharingOption.Verdict;
import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "advise",
    description =
        "Prints which way of sharing one GPU suits its tenants (MIG, time-slicing or MPS),"
            + " and why the others do not.",
    footer = {
      "",
      "Isolation: none, memory (no tenant can use the memory of another) or fault",
      "(in addition, a crash of one tenant cannot end another).",
      "",
      "Examples:",
      "  migctl advise --gpu l40s --tenants 4 --memory 10",
      "  migctl advise --gpu b200-180gb --tenants 7 --memory 20 --isolation fault",
      "  migctl advise --gpu l4 --tenants 3 --isolation memory --json",
      "",
      "Exit code 0: a way suits. 1: no way is known to suit."
    })
public final class AdviseCommand extends AnswerCommand {

  @Option(
      names = {"--gpu", "--gpus"},
      required = true,
      paramLabel = "ID",
      completionCandidates = Candidates.Gpus.class,
      description = "Id or product.")
  private String gpu = "";

  @Option(
      names = "--tenants",
      required = true,
      paramLabel = "N",
      description = "How many tenants share the GPU.")
  private int tenants;

  @Option(
      names = "--memory",
      paramLabel = "GIB",
      description = "Memory that each tenant needs, in GiB.")
  private double memory;

  @Option(
      names = "--isolation",
      paramLabel = "KIND",
      description =
          "The isolation that each tenant needs: ${COMPLETION-CANDIDATES}; none by default.")
  private Isolation isolation = Isolation.NONE;

  @Override
  public Integer call() {
    GpuModel model = GpuCatalog.bundled().require(gpu);
    SharingNeed need = new SharingNeed(tenants, memory, isolation);
    SharingAdvice advice = SharingAdvice.of(model, need);
    answer(advice, () -> {
      advice.options().forEach(this::print);
      advice.best().ifPresent(best -> printNext(model, best, advice));
    });
    return advice.best().isPresent() ? ExitCode.YES : ExitCode.NO;
  }

  private void print(SharingOption option) {
    PrintWriter out = out();
    String words = switch (option.verdict()) {
      case SUITS -> "@|bold,green suits|@";
      case UNKNOWN -> "@|bold,yellow may suit|@";
      case SUITS_NOT -> "@|bold,red does not suit|@";
    };
    out.println(option.method() + " " + styled(words));
    for (Reason reason : option.reasons()) {
      out.println(
          "  %s %s: %s".formatted(sign(reason.verdict()), reason.topic(), reason.message()));
    }
  }

  private static String sign(Verdict verdict) {
    return switch (verdict) {
      case SUITS -> " ";
      case UNKNOWN -> "?";
      case SUITS_NOT -> "-";
    };
  }

  private void printNext(GpuModel model, SharingOption best, SharingAdvice advice) {
    next(model, best).ifPresent(next -> out().println("next: " + next));
    advice.sharing().ifPresent(sharing -> {
      out().println("device plugin configuration:");
      out().print(DevicePluginConfig.of(sharing.oneReplicaEach()).toYaml().indent(2));
    });
  }

  private Optional<String> next(GpuModel model, SharingOption best) {
    return switch (best.method()) {
      case MIG ->
        best.profile()
            .map(profile -> "migctl place --gpu %s %s:%d".formatted(model.id(), profile, tenants));
      case TIME_SLICING ->
        Optional.of("migctl share NODE --time-slicing %d --one-each".formatted(tenants));
      case MPS -> Optional.of("migctl share NODE --mps %d --one-each".formatted(tenants));
      case WHOLE_GPU -> Optional.empty();
    };
  }
}
