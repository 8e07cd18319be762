package io.github.mig4j.examples.migctl.offline;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ConfigForm;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.examples.migctl.console.UnusableFileException;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.NvidiaSmi;
import io.github.mig4j.layout.LayoutDiagram;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.layout.PlacementResult.Placed;
import io.github.mig4j.layout.PlacementResult.Rejected;
import io.github.mig4j.layout.PlacementResult.Undetermined;
import io.github.mig4j.layout.RunningInstances;
import io.github.mig4j.layout.Violation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "place",
    description =
        "Prints whether MIG devices fit on one GPU, with a drawing; or why they do not fit,"
            + " and what would fit.",
    footer = {
      "",
      "Examples:",
      "  migctl place --gpu b200-180gb 1g.23gb:7",
      "  migctl place --gpu h100-sxm-80gb 3g.40gb:2 1g.10gb:1   no, and why",
      "  migctl place --gpu a100-40gb 3g.20gb@4 1g.5gb:4        with a given start",
      "  migctl place --gpu a100-40gb 3g.20gb@4:4               as 'layouts' prints it",
      "  migctl place --gpu a100-40gb 1c.3g.20gb:3              compute instances",
      "  migctl place --gpu b200-180gb 2g.45gb:3 --svg b200.svg",
      "",
      "  migctl place --gpu h100-sxm-80gb 1g.10gb:7 -o configmap",
      "  migctl place --gpu h100-sxm-80gb --beside 3g.40gb@4 1g.10gb:4",
      "  nvidia-smi mig -lgi | migctl place --gpu h100-sxm-80gb --beside - 2g.20gb",
      "",
      "A resource's name, such as nvidia.com/mig-1g.10gb.me, is a profile's name too.",
      "--beside keeps running instances in place. If several GPUs are listed, there is",
      "an answer for each, or for the one that --gpu-index names.",
      "",
      "Exit code 0: it fits, with --beside on one of the GPUs at least.",
      "1: it does not fit, or it is not known."
    })
public final class PlaceCommand extends AnswerCommand {

  private static final Pattern DEVICE =
      Pattern.compile("([^:@]+)(?::([0-9]{1,9})|@([0-9]{1,9})(?::([0-9]{1,9}))?)?");
  private static final Pattern PLACED =
      Pattern.compile("[^@, ]+@[0-9]+(:[0-9]+)?([, ]+[^@, ]+@[0-9]+(:[0-9]+)?)*");
  private static final int SUGGESTIONS = 3;

  @Option(
      names = {"--gpu", "--gpus"},
      required = true,
      paramLabel = "ID",
      completionCandidates = Candidates.Gpus.class,
      description = "Id or product.")
  private String gpu = "";

  @Option(names = "--svg", paramLabel = "FILE", description = "Write a picture of the layout.")
  private @Nullable Path svg;

  @Option(
      names = "--beside",
      paramLabel = "FILE",
      description = "What runs: the output of 'nvidia-smi mig -lgi', '-' for stdin; or a layout"
          + " such as 3g.40gb@4,1g.10gb@0.")
  private @Nullable Path beside;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      description = "Print a configuration of these devices for every GPU of a node instead: "
          + ConfigForm.CHOICES)
  private @Nullable ConfigForm form;

  @Option(
      names = "--gpu-index",
      paramLabel = "INDEX",
      description = "The GPU of --beside, from 0; all that are listed by default.")
  private @Nullable Integer gpuIndex;

  @Parameters(
      arity = "1..*",
      paramLabel = "PROFILE[:COUNT]",
      completionCandidates = Candidates.Profiles.class,
      description =
          "Devices, such as 1g.23gb:7; PROFILE@START or PROFILE@START:SIZE chooses the first memory"
              + " slice.")
  private List<String> devices = List.of();

  /** Devices as they are written on the command line. */
  private record Device(String profile, int count, OptionalInt start) {
    void addTo(MigLayout.Builder request) {
      if (start.isPresent()) {
        request.addAt(profile, start.getAsInt());
      } else {
        request.add(profile, count);
      }
    }

    @Override
    public String toString() {
      return start.isPresent() ? profile + "@" + start.getAsInt() : profile + ":" + count;
    }
  }

  @Override
  public Integer call() throws IOException {
    GpuModel model = GpuCatalog.bundled().require(gpu);
    List<Device> request = devices.stream().map(text -> device(model, text)).toList();
    request(model, List.of(), request);
    if (gpuIndex != null && beside == null) {
      throw usage("--gpu-index names a GPU of --beside FILE, which is missing");
    }
    if (form != null && isJson()) {
      throw usage(ConfigForm.NOT_BESIDE_JSON);
    }
    if (form != null && beside != null) {
      throw usage("--output cannot be used with --beside: a configuration is for whole GPUs");
    }
    return beside == null ? onEmptyGpu(model, request) : besideWhatRuns(model, request, beside);
  }

  private int onEmptyGpu(GpuModel model, List<Device> request) throws IOException {
    PlacementResult result = request(model, List.of(), request).place();
    if (isJson()) {
      print(Output.json(result));
    }
    if (result instanceof Placed placed) {
      fits(placed.layout());
      return ExitCode.YES;
    }
    explain(model, result, List.of(), request);
    return ExitCode.NO;
  }

  private int besideWhatRuns(GpuModel model, List<Device> request, Path file) throws IOException {
    if (PLACED.matcher(file.toString()).matches()) {
      List<Device> running = Stream.of(file.toString().split("[, ]+"))
          .map(text -> device(model, text))
          .toList();
      PlacementResult there = request(model, List.of(), running).place();
      if (!(there instanceof Placed layout)) {
        throw usage("The layout '%s' is not possible: %s"
            .formatted(
                file,
                violations(there).stream()
                    .map(Violation::message)
                    .findFirst()
                    .orElseGet(() -> "its placements are not known")));
      }
      return beside(
          model,
          request,
          List.of(
              new RunningInstances(0, layout.layout().placements(), Collections.emptySortedMap())),
          true);
    }
    NvidiaSmi listing = Listings.read(err(), file);
    return beside(model, request, running(file, listing), listing.isComplete());
  }

  private int beside(
      GpuModel model, List<Device> request, List<RunningInstances> gpus, boolean complete)
      throws IOException {
    if (svg != null && gpus.size() > 1) {
      throw usage("--svg draws one GPU, but %d are listed; choose one with --gpu-index"
          .formatted(gpus.size()));
    }
    ArrayNode answers = Output.array();
    boolean yes = false;
    for (RunningInstances running : gpus) {
      PlacementResult result = request(model, running.placements(), request).place();
      boolean fits = result instanceof Placed && complete;
      yes |= fits;
      if (isJson()) {
        answers.add(json(running, result, fits));
      }
      heading(running, fits ? out() : err());
      if (result instanceof Placed placed && fits) {
        fits(placed.layout());
      } else if (result instanceof Placed) {
        err()
            .println(styled("@|bold,yellow not known whether it fits:|@ ")
                + "it fits beside what was read, but other instances may run");
      } else {
        explain(model, result, running.placements(), request);
      }
    }
    if (isJson()) {
      ObjectNode answer = Output.object();
      answer.set("gpus", answers);
      print(answer);
    }
    return yes ? ExitCode.YES : ExitCode.NO;
  }

  private List<RunningInstances> running(Path file, NvidiaSmi listing)
      throws UnusableFileException {
    if (!listing.listings().contains(NvidiaSmi.Listing.GPU_INSTANCES)) {
      throw new UnusableFileException(
          "%s is a listing of %s, which does not say what runs; use the output of 'nvidia-smi mig -lgi'"
              .formatted(Input.name(file), Listings.options(listing)));
    }
    List<RunningInstances> all = RunningInstances.in(listing);
    if (gpuIndex == null && all.isEmpty()) {
      return List.of(new RunningInstances(0, List.of(), Collections.emptySortedMap()));
    }
    if (gpuIndex == null) {
      return all;
    }
    List<RunningInstances> chosen =
        all.stream().filter(running -> running.gpu() == gpuIndex).toList();
    if (chosen.isEmpty()) {
      throw new UnusableFileException(
          "%s lists no instance of GPU %d, only of %s; for an empty GPU remove --beside"
              .formatted(
                  Input.name(file),
                  gpuIndex,
                  all.isEmpty()
                      ? "no GPU"
                      : all.stream()
                          .map(running -> "GPU " + running.gpu())
                          .collect(Collectors.joining(", "))));
    }
    return chosen;
  }

  private void heading(RunningInstances running, PrintWriter to) {
    if (!isJson()) {
      to.println(
          running.placements().isEmpty()
              ? "nothing runs on the GPU"
              : "GPU %d runs %s".formatted(running.gpu(), starts(running.placements())));
    }
  }

  private void fits(MigLayout layout) throws IOException {
    LayoutDiagram diagram = LayoutDiagram.of(layout);
    if (form != null) {
      MigConfig config = MigConfig.of(MigConfigSpec.allDevices(layout));
      out()
          .print(form.of(
              MigConfigDocument.empty().with(config.contentName(layout.gpu().id()), config),
              Map.of()));
    } else if (!isJson()) {
      print(layout, diagram);
    }
    if (svg != null) {
      write(svg, diagram.toSvg());
    }
  }

  private static Device device(GpuModel model, String device) {
    Matcher form = DEVICE.matcher(device);
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "Not a device: '%s'; expected PROFILE, PROFILE:COUNT, PROFILE@START or".formatted(device)
              + " PROFILE@START:SIZE, e.g. '1g.5gb:7'");
    }
    String profile = Input.profile(form.group(1));
    String count = form.group(2);
    String start = form.group(3);
    String size = form.group(4);
    if (size != null) {
      requireSize(model, profile, Integer.parseInt(size));
    }
    return new Device(
        profile,
        count == null ? 1 : Integer.parseInt(count),
        start == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(start)));
  }

  private MigLayout.Builder request(GpuModel model, List<Placement> running, List<Device> request) {
    MigLayout.Builder builder = MigLayout.on(model).keeping(running);
    request.forEach(device -> device.addTo(builder));
    return builder;
  }

  /** The profile determines the size, so a wrong size is from the layout of another GPU. */
  private static void requireSize(GpuModel model, String profile, int size) {
    model
        .profile(MigProfile.parse(profile))
        .map(GpuInstanceProfile::size)
        .filter(known -> known.isPresent() && known.getAsInt() != size)
        .ifPresent(known -> {
          throw new IllegalArgumentException("%s takes %d memory slices of %s, not %d"
              .formatted(profile, known.getAsInt(), model.id(), size));
        });
  }

  private void print(MigLayout layout, LayoutDiagram diagram) {
    out().println(styled("@|bold,green fits|@"));
    out().print(diagram.toText());
    out().println("confidence: " + layout.confidence());
    if (!layout.uncheckedBudgets().isEmpty()) {
      out()
          .println("not checked, because the numbers are not published: "
              + layout.uncheckedBudgets().stream()
                  .map(budget -> budget.noun())
                  .collect(Collectors.joining(", ")));
    }
  }

  private void explain(
      GpuModel model, PlacementResult result, List<Placement> running, List<Device> request) {
    if (result instanceof Undetermined undetermined) {
      err().println(styled("@|bold,yellow not known whether it fits:|@ ") + undetermined.message());
      return;
    }
    err().println(styled("@|bold,red does not fit:|@"));
    violations(result).forEach(violation -> err().println("  " + violation.message()));
    List<MigLayout> nearest = request.stream().anyMatch(device -> isLikeOneOf(model, device))
        ? request(model, running, request).nearest(SUGGESTIONS)
        : List.of();
    if (!nearest.isEmpty()) {
      err()
          .println(
              running.isEmpty()
                  ? "what would fit:"
                  : "what would fit beside the running instances:");
      nearest.forEach(layout -> err().println("  " + suggestion(model, layout, running, request)));
    }
    explainMoves(model, running, request);
  }

  /** Whether the device is one of the GPU's, or could be meant for one. */
  private static boolean isLikeOneOf(GpuModel model, Device device) {
    MigProfile profile = MigProfile.parse(device.profile);
    return model.profile(profile).isPresent() || !model.suggestions(profile).isEmpty();
  }

  /** Whether everything fits if nothing must keep its start. */
  private void explainMoves(GpuModel model, List<Placement> running, List<Device> request) {
    List<Device> given =
        request.stream().filter(device -> device.start.isPresent()).toList();
    boolean possible = MigLayout.on(model).keeping(running).place() instanceof Placed;
    if (!possible || (running.isEmpty() && given.isEmpty())) {
      return;
    }
    MigLayout.Builder anywhere = MigLayout.on(model);
    running.forEach(placement -> anywhere.add(placement.profile(), 1));
    request.forEach(device -> anywhere.add(device.profile, device.count));
    if (anywhere.place() instanceof Placed placed) {
      err()
          .println("it would all fit if %s could move: %s"
              .formatted(
                  running.isEmpty() ? "the chosen starts" : "running instances",
                  starts(placed.layout().placements())));
    }
  }

  /** What to request instead: with the starts that are kept, and those that are not. */
  private static String suggestion(
      GpuModel model, MigLayout layout, List<Placement> running, List<Device> request) {
    List<Placement> added = new ArrayList<>(layout.placements());
    running.forEach(added::remove);
    List<String> parts = new ArrayList<>();
    List<Device> lost = new ArrayList<>();
    List<Placement> others = new ArrayList<>(added);
    for (Device device : request) {
      if (device.start.isPresent()) {
        Optional<Placement> kept = others.stream()
            .filter(placement -> placement.start() == device.start.getAsInt())
            .filter(placement -> placement.profile().equals(MigProfile.parse(device.profile)))
            .findFirst();
        kept.ifPresent(others::remove);
        if (kept.isEmpty() && model.profile(MigProfile.parse(device.profile)).isPresent()) {
          lost.add(device);
        }
      }
    }
    added.removeAll(others);
    if (running.isEmpty()) {
      SortedMap<MigProfile, Integer> counts = new TreeMap<>();
      others.forEach(placement -> counts.merge(placement.profile(), 1, Integer::sum));
      added.forEach(placement -> parts.add(start(placement)));
      if (!counts.isEmpty()) {
        parts.add(Output.joined(counts));
      }
    } else {
      layout.placements().stream()
          .filter(placement -> !running.contains(placement))
          .forEach(placement -> parts.add(start(placement)));
    }
    String changes =
        lost.stream().map(device -> moved(device, others)).collect(Collectors.joining(", "));
    return String.join(" ", parts) + (changes.isEmpty() ? "" : " (%s)".formatted(changes));
  }

  /** What a suggestion does with a chosen start that it does not keep. */
  private static String moved(Device device, List<Placement> others) {
    Optional<Placement> to = others.stream()
        .filter(placement -> placement.profile().equals(MigProfile.parse(device.profile)))
        .findFirst();
    to.ifPresent(others::remove);
    return to.map(placement -> "moves %s to %d".formatted(device, placement.start()))
        .orElseGet(() -> "without " + device);
  }

  private static String starts(List<Placement> placements) {
    return placements.stream().map(PlaceCommand::start).collect(Collectors.joining(" "));
  }

  private static String start(Placement placement) {
    return placement.profile() + "@" + placement.start();
  }

  private static List<Violation> violations(PlacementResult result) {
    return result instanceof Rejected rejected ? rejected.violations() : List.of();
  }

  private static ObjectNode json(RunningInstances running, PlacementResult result, boolean fits) {
    ObjectNode answer = Output.object().put("index", running.gpu());
    answer.set("running", Output.tree(running.placements()));
    answer.setAll(Output.json(result));
    if (result instanceof Placed && !fits) {
      answer.remove("fits");
    }
    return answer;
  }
}
