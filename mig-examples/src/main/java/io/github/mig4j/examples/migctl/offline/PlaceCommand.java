package io.github.mig4j.examples.migctl.offline;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.LayoutDiagram;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.layout.PlacementResult.Placed;
import io.github.mig4j.layout.PlacementResult.Rejected;
import io.github.mig4j.layout.PlacementResult.Undetermined;
import io.github.mig4j.layout.Violation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Says whether devices fit on one GPU. */
@Command(
    name = "place",
    mixinStandardHelpOptions = true,
    description = "Says whether MIG devices fit on one GPU, and draws where; or why they do not,"
        + " and what would.",
    footer = {
      "",
      "Examples:",
      "  migctl place --gpu b200-180gb 1g.23gb:7",
      "  migctl place --gpu h100-sxm-80gb 3g.40gb:2 1g.10gb:1      no, and why",
      "  migctl place --gpu a100-40gb 3g.20gb@4 1g.5gb:4           with a given start",
      "  migctl place --gpu a100-40gb 3g.20gb@4:4                  as 'layouts' prints it",
      "  migctl place --gpu a100-40gb 1c.3g.20gb:3                 compute instances",
      "  migctl place --gpu b200-180gb 2g.45gb:3 --svg b200.svg",
      "",
      "A resource's name, such as nvidia.com/mig-1g.10gb.me, is a profile's name too.",
      "",
      "Exit code 0: it fits. 1: it does not, or cannot be told."
    })
public final class PlaceCommand implements Callable<Integer> {

  private static final Pattern DEVICE =
      Pattern.compile("([^:@]+)(?::([0-9]{1,9})|@([0-9]{1,9})(?::([0-9]{1,9}))?)?");
  private static final int SUGGESTIONS = 3;

  @Mixin
  private final Output output = new Output();

  @Option(names = "--gpu", required = true, paramLabel = "ID", description = "Id or product.")
  private String gpu = "";

  @Option(names = "--svg", paramLabel = "FILE", description = "Write a picture of the layout.")
  private @Nullable Path svg;

  @Parameters(
      arity = "1..*",
      paramLabel = "PROFILE[:COUNT]",
      description =
          "Devices, such as 1g.23gb:7; PROFILE@START or PROFILE@START:SIZE chooses the first memory"
              + " slice.")
  private List<String> devices = List.of();

  @Override
  public Integer call() throws IOException {
    GpuModel model = GpuCatalog.bundled().require(gpu);
    MigLayout.Builder request = MigLayout.on(model);
    for (String device : devices) {
      add(request, model, device);
    }
    PlacementResult result = request.place();
    if (output.isJson()) {
      output.print(json(result));
    }
    if (result instanceof Placed placed) {
      LayoutDiagram diagram = LayoutDiagram.of(placed.layout());
      if (!output.isJson()) {
        print(placed.layout(), diagram);
      }
      if (svg != null) {
        Output.write(svg, diagram.toSvg());
      }
      return ExitCode.YES;
    }
    explain(result, request);
    return ExitCode.NO;
  }

  private void add(MigLayout.Builder request, GpuModel model, String device) {
    Matcher form = DEVICE.matcher(device);
    try {
      if (!form.matches()) {
        throw new IllegalArgumentException(
            "Not a device: '%s'. Expected PROFILE, PROFILE:COUNT, PROFILE@START or"
                    .formatted(device)
                + " PROFILE@START:SIZE, e.g. '1g.5gb:7'");
      }
      String profile = Input.profile(form.group(1));
      String count = form.group(2);
      String start = form.group(3);
      String size = form.group(4);
      if (start == null) {
        request.add(profile, count == null ? 1 : Integer.parseInt(count));
        return;
      }
      if (size != null) {
        requireSize(model, profile, Integer.parseInt(size));
      }
      request.addAt(profile, Integer.parseInt(start));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(output.commandLine(), e.getMessage(), e);
    }
  }

  /** A size follows from the profile, so a wrong one comes from another GPU's layout. */
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
    output.out().println(output.styled("@|bold,green fits|@"));
    output.out().print(diagram.toText());
    output.out().println("confidence: " + layout.confidence());
    if (!layout.uncheckedBudgets().isEmpty()) {
      output
          .out()
          .println("not checked, as the figures are not published: "
              + layout.uncheckedBudgets().stream()
                  .map(budget -> budget.noun())
                  .collect(Collectors.joining(", ")));
    }
  }

  private void explain(PlacementResult result, MigLayout.Builder request) {
    if (result instanceof Undetermined undetermined) {
      output
          .err()
          .println(output.styled("@|bold,yellow cannot be told:|@ ") + undetermined.message());
      return;
    }
    output.err().println(output.styled("@|bold,red does not fit:|@"));
    violations(result).forEach(violation -> output.err().println("  " + violation.message()));
    List<MigLayout> nearest = request.nearest(SUGGESTIONS);
    if (!nearest.isEmpty()) {
      output.err().println("what would fit:");
      nearest.forEach(layout -> output.err().println("  " + Output.joined(layout.devices())));
    }
  }

  private static List<Violation> violations(PlacementResult result) {
    return result instanceof Rejected rejected ? rejected.violations() : List.of();
  }

  private static ObjectNode json(PlacementResult result) {
    ObjectNode answer = Output.object();
    if (result instanceof Undetermined) {
      answer.putNull("fits");
    } else {
      answer.put("fits", result instanceof Placed);
    }
    answer.set(
        "placements",
        result instanceof Placed placed ? Output.placements(placed.layout()) : Output.array());
    ArrayNode violations = answer.putArray("violations");
    violations(result)
        .forEach(violation -> violations
            .addObject()
            .put("code", violation.code())
            .put("message", violation.message()));
    if (result instanceof Undetermined undetermined) {
      violations.addObject().put("code", "undetermined").put("message", undetermined.message());
    }
    return answer.put("confidence", result.confidence().toString());
  }
}
