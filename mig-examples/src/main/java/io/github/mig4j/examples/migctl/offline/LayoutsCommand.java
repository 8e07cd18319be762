package io.github.mig4j.examples.migctl.offline;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.NegativeAnswerException;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.examples.migctl.console.UnusableFileException;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.LayoutDiagram;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.layout.MigLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "layouts",
    description = "Lists or counts every layout that a GPU can have.",
    footer = {
      "",
      "A state is a set of profiles with their starts; a multiset has only counts.",
      "Both include the empty one. Maximal means that none of the chosen profiles can",
      "be added.",
      "",
      "Examples:",
      "  migctl layouts --gpu a100-40gb --count",
      "  migctl layouts --gpu a30-24gb --of multisets --maximal",
      "  migctl layouts --gpu a100-40gb --profiles 1g.5gb,3g.20gb --maximal --count"
    })
public final class LayoutsCommand extends AnswerCommand {

  enum Kind {
    STATES,
    MULTISETS;

    @Override
    public String toString() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  private static final int MAX_DRAWN = 100;

  @Option(
      names = {"--gpu", "--gpus"},
      required = true,
      paramLabel = "ID",
      completionCandidates = Candidates.Gpus.class,
      description = "Id or product.")
  private String gpu = "";

  @Option(
      names = "--profiles",
      split = ",",
      paramLabel = "PROFILE",
      completionCandidates = Candidates.Profiles.class,
      description = "Only these profiles, separated by commas; all by default.")
  private List<String> profiles = List.of();

  @Option(
      names = "--of",
      defaultValue = "states",
      paramLabel = "KIND",
      description = "${COMPLETION-CANDIDATES}; states by default.")
  private Kind kind = Kind.STATES;

  @Option(names = "--maximal", description = "Only those to which nothing can be added.")
  private boolean maximal;

  @Option(names = "--count", description = "Print their number instead.")
  private boolean count;

  @Option(
      names = "--svg",
      paramLabel = "FILE",
      description = "Write a picture of the layouts, of at most 100.")
  private @Nullable Path svg;

  @Override
  public Integer call() throws UnusableFileException {
    GpuModel model = GpuCatalog.bundled().require(gpu);
    Layouts layouts = layouts(model);
    if (count) {
      printCount(
          kind == Kind.STATES ? states(layouts).count() : multisets(layouts).count());
    } else if (kind == Kind.STATES) {
      printAll(
          states(layouts),
          LayoutsCommand::joined,
          layout -> Output.object().set("placements", Output.tree(layout.placements())));
    } else {
      printAll(
          multisets(layouts),
          Output::joined,
          devices -> Output.object().set("devices", Output.json(devices)));
    }
    if (svg != null) {
      Map<MigLayout, Integer> drawn = new LinkedHashMap<>();
      states(layouts).limit(MAX_DRAWN).forEach(layout -> drawn.put(layout, 1));
      write(svg, LayoutDiagram.ofCounts(drawn).toSvg());
    }
    return ExitCode.YES;
  }

  private Layouts layouts(GpuModel model) {
    List<MigProfile> chosen =
        profiles.stream().map(name -> MigProfile.parse(Input.profile(name))).toList();
    try {
      boolean isAll =
          chosen.isEmpty() || !model.profiles().stream().allMatch(GpuInstanceProfile::isPlaceable);
      return isAll
          ? Layouts.of(model)
          : Layouts.of(model)
              .over(chosen.stream().map(MigProfile::toString).toArray(String[]::new));
    } catch (IllegalArgumentException e) {
      throw new NegativeAnswerException(String.valueOf(e.getMessage()));
    }
  }

  private Stream<MigLayout> states(Layouts layouts) {
    return maximal ? layouts.maximalStates() : layouts.states();
  }

  private Stream<SortedMap<MigProfile, Integer>> multisets(Layouts layouts) {
    return maximal ? layouts.maximalMultisets() : layouts.multisets();
  }

  private void printCount(long number) {
    answer(Map.of("count", number), () -> out().println(number));
  }

  private <T> void printAll(
      Stream<T> layouts, Function<T, String> text, Function<T, JsonNode> json) {
    if (isJson()) {
      ArrayNode list = Output.array();
      layouts.forEach(layout -> list.add(json.apply(layout)));
      print(Output.object().put("count", list.size()).set("layouts", list));
    } else {
      layouts.map(text).forEach(line -> out().println(line.isEmpty() ? "(empty)" : line));
    }
  }

  private static String joined(MigLayout layout) {
    return layout.placements().stream().map(Object::toString).collect(Collectors.joining(" "));
  }
}
