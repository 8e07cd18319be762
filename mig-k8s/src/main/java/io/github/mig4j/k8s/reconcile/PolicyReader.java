package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.UnknownGpuException;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.reconcile.MigPolicy.OnDrift;
import io.github.mig4j.k8s.rollout.Amount;
import io.github.mig4j.k8s.rollout.Canary;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Findings;
import io.github.mig4j.sharing.SharingKind;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlText;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads a policy file. A policy with an error is not read; the others are. */
final class PolicyReader {

  static final List<String> POLICY =
      List.of("name", "nodes", "gpus", "pace", "disruption", "onDrift", "gated", "held");
  private static final List<String> NODES = List.of("labels", "names");
  private static final List<String> TARGET =
      List.of("layout", "config", "sharing", "timeSlicing", "mps", "whole", "demand");
  private static final List<String> DEMAND = List.of("stock", "servePods", "maxGpus");
  private static final List<String> PACE =
      List.of("maxUnavailable", "canary", "windows", "coolDown");
  private static final List<String> CANARY = List.of("nodes", "pause");
  private static final List<String> WINDOW = List.of("days", "from", "to", "zone");
  private static final Set<DayOfWeek> EVERY_DAY = Set.of(DayOfWeek.values());

  private static final Pattern DURATION =
      Pattern.compile("(?=[0-9])(?:[0-9]{1,4}h)?(?:[0-9]{1,6}m)?(?:[0-9]{1,6}s)?");

  private final Findings findings = new Findings("mig4j");
  private final GpuCatalog catalog;
  private final List<MigPolicy> policies = new ArrayList<>();

  private PolicyReader(GpuCatalog catalog) {
    this.catalog = catalog;
  }

  /** What a file contains. */
  record Reading(List<Finding> findings, List<MigPolicy> policies) {}

  static Reading read(String text, GpuCatalog catalog) {
    PolicyReader reader = new PolicyReader(catalog);
    reader.read(text);
    return new Reading(reader.findings.sorted(), List.copyOf(reader.policies));
  }

  private void read(String text) {
    YamlText yaml = YamlText.parse(text, Embedding.NONE, findings);
    yaml.fault().ifPresent(fault -> fault.report(findings));
    if (yaml.documents().isEmpty()) {
      if (yaml.fault().isEmpty()) {
        findings.error(
            PolicyCode.MISSING_KEY,
            YamlPath.ROOT.at(LineColumn.START),
            "The file is empty",
            "begin with 'policies:'");
      }
      return;
    }
    GoYaml.convert(yaml.documents().get(0), Embedding.NONE, findings)
        .map(value -> new PolicyFields(findings, YamlPath.ROOT, value.at(), value))
        .ifPresent(this::root);
  }

  private void root(PolicyFields root) {
    Map<String, PolicyFields> fields = root.known(List.of("policies"));
    Map<String, PolicyFields> named = new HashMap<>();
    for (PolicyFields item : root.require(fields, "policies", "policies: [{name: small, ...}]")
        .map(PolicyFields::list)
        .orElse(List.of())) {
      policy(item).ifPresent(policy -> {
        if (named.put(policy.name(), item) != null) {
          item.error(
              PolicyCode.DUPLICATE_NAME,
              "Two policies have the name '%s'".formatted(policy.name()),
              "rename one");
        } else {
          PolicyRules.overlaps(policy, policies, item);
          policies.add(policy);
        }
      });
    }
  }

  private Optional<MigPolicy> policy(PolicyFields item) {
    int errors = errors(findings);
    Map<String, PolicyFields> fields = item.known(POLICY);
    MigPolicy.Builder policy = MigPolicy.builder();
    item.require(fields, "name", "name: inference")
        .flatMap(PolicyFields::text)
        .ifPresent(policy::name);
    item.require(fields, "nodes", "nodes: {labels: {pool: inference}}")
        .flatMap(this::nodes)
        .ifPresent(policy::nodes);
    item.require(fields, "gpus", "gpus: {b200-180gb: {layout: {1g.23gb: 7}}}").ifPresent(gpus -> {
      SortedMap<String, PolicyTarget> targets = new TreeMap<>();
      gpus.map().forEach((model, field) -> target(model, field, targets));
      policy.putAllGpus(targets);
    });
    field(fields, "pace").flatMap(this::pace).ifPresent(policy::pace);
    field(fields, "disruption")
        .flatMap(field -> field.word(Disruption.class))
        .ifPresent(policy::disruption);
    field(fields, "onDrift").flatMap(field -> field.word(OnDrift.class)).ifPresent(policy::onDrift);
    field(fields, "gated").flatMap(PolicyFields::bool).ifPresent(policy::gated);
    field(fields, "held").flatMap(PolicyFields::bool).ifPresent(policy::held);
    return errors(findings) == errors ? item.built(policy::build) : Optional.empty();
  }

  private static int errors(Findings findings) {
    return (int) findings.sorted().stream().filter(Finding::isError).count();
  }

  private static Optional<PolicyFields> field(Map<String, PolicyFields> fields, String key) {
    return Optional.ofNullable(fields.get(key));
  }

  private Optional<PolicyNodes> nodes(PolicyFields field) {
    int errors = errors(findings);
    Map<String, PolicyFields> fields = field.known(NODES);
    SortedMap<String, String> labels = new TreeMap<>();
    field(fields, "labels")
        .ifPresent(map -> map.map()
            .forEach((key, value) -> value.text().ifPresent(text -> labels.put(key, text))));
    List<String> names = field(fields, "names").map(PolicyFields::list).orElse(List.of()).stream()
        .flatMap(name -> name.text().stream())
        .toList();
    return errors(findings) == errors
        ? field.built(() -> new PolicyNodes(labels, names))
        : Optional.empty();
  }

  private void target(String name, PolicyFields field, SortedMap<String, PolicyTarget> targets) {
    Optional<GpuModel> model = model(name, field);
    Map<String, PolicyFields> fields = field.known(TARGET);
    if (fields.size() != 1) {
      field.error(
          PolicyCode.INVALID_VALUE,
          "%s must have one target, but has %d".formatted(field.subject(), fields.size()),
          "write one of " + String.join(", ", TARGET));
      return;
    }
    Map.Entry<String, PolicyFields> only = fields.entrySet().iterator().next();
    Optional<PolicyTarget> target = target(only.getKey(), only.getValue());
    if (model.isPresent() && target.isPresent()) {
      PolicyRules.check(model.get(), target.get(), only.getValue());
      if (targets.put(model.get().id(), target.get()) != null) {
        field.error(
            PolicyCode.INVALID_VALUE,
            "%s is a second target for %s"
                .formatted(field.subject(), model.get().id()),
            "remove one");
      }
    }
  }

  private Optional<GpuModel> model(String name, PolicyFields field) {
    try {
      return Optional.of(catalog.require(name));
    } catch (UnknownGpuException e) {
      field.error(PolicyCode.UNKNOWN_MODEL, String.valueOf(e.getMessage()), "");
      return Optional.empty();
    }
  }

  private Optional<PolicyTarget> target(String kind, PolicyFields field) {
    return switch (kind) {
      case "layout" -> field.built(() -> new PolicyTarget.Layout(devices(field)));
      case "config" -> field.parsed(PolicyTarget.Config::new);
      case "sharing" -> field.parsed(PolicyTarget.SharingConfig::new);
      case "timeSlicing" -> shared(SharingKind.TIME_SLICING, field);
      case "mps" -> shared(SharingKind.MPS, field);
      case "whole" -> whole(field);
      default -> demand(field);
    };
  }

  private static Optional<PolicyTarget> whole(PolicyFields field) {
    Optional<Boolean> whole = field.bool();
    if (whole.equals(Optional.of(false))) {
      field.error(
          PolicyCode.INVALID_VALUE, field.subject() + " is false", "write true or another target");
    }
    return whole.map(any -> PolicyTarget.Whole.WHOLE);
  }

  private static Optional<PolicyTarget> shared(SharingKind kind, PolicyFields field) {
    return field
        .number()
        .flatMap(replicas -> field.built(() -> new PolicyTarget.Shared(kind, replicas)));
  }

  private Optional<PolicyTarget> demand(PolicyFields field) {
    Map<String, PolicyFields> fields = field.known(DEMAND);
    SortedMap<MigProfile, Integer> stock =
        field(fields, "stock").map(PolicyReader::devices).orElseGet(TreeMap::new);
    boolean serves = field(fields, "servePods").flatMap(PolicyFields::bool).orElse(true);
    OptionalInt maxGpus = field(fields, "maxGpus")
        .flatMap(PolicyFields::number)
        .map(OptionalInt::of)
        .orElse(OptionalInt.empty());
    return field.built(() -> new PolicyTarget.ForDemand(
        stock,
        serves ? PolicyTarget.ForDemand.Pods.SERVED : PolicyTarget.ForDemand.Pods.IGNORED,
        maxGpus));
  }

  private static SortedMap<MigProfile, Integer> devices(PolicyFields field) {
    SortedMap<MigProfile, Integer> devices = new TreeMap<>();
    field.map().forEach((name, count) -> {
      Optional<MigProfile> profile = count.built(() -> MigProfile.parse(name));
      Optional<Integer> number = count.number();
      profile.ifPresent(known -> number.ifPresent(some -> devices.put(known, some)));
    });
    return devices;
  }

  private Optional<Pace> pace(PolicyFields field) {
    Map<String, PolicyFields> fields = field.known(PACE);
    Pace.Builder pace = Pace.builder();
    field(fields, "maxUnavailable")
        .flatMap(amount -> amount.parsed(Amount::parse))
        .ifPresent(pace::maxUnavailable);
    field(fields, "canary").ifPresent(canary -> canary(canary, pace));
    field(fields, "windows").map(PolicyFields::list).orElse(List.of()).stream()
        .flatMap(window -> window(window).stream())
        .forEach(pace::addWindows);
    field(fields, "coolDown").flatMap(PolicyReader::duration).ifPresent(pace::coolDown);
    return field.built(pace::build);
  }

  private static void canary(PolicyFields field, Pace.Builder pace) {
    Map<String, PolicyFields> fields = field.known(CANARY);
    field(fields, "nodes").flatMap(PolicyFields::number).ifPresent(pace::canaryNodes);
    pace.canary(new Canary(field(fields, "pause").flatMap(PolicyReader::duration)));
  }

  private static Optional<Duration> duration(PolicyFields field) {
    return field.parsed(text -> {
      if (!DURATION.matcher(text).matches()) {
        throw new IllegalArgumentException(
            "'%s' is no duration; write e.g. 90s, 10m or 1h30m".formatted(text));
      }
      return Duration.parse("PT" + text.toUpperCase(Locale.ROOT));
    });
  }

  private static Optional<MaintenanceWindow> window(PolicyFields field) {
    Map<String, PolicyFields> fields = field.known(WINDOW);
    Set<DayOfWeek> days = field(fields, "days").map(PolicyReader::days).orElse(EVERY_DAY);
    Optional<LocalTime> from = time(field, fields, "from", "from: \"22:00\"");
    Optional<LocalTime> to = time(field, fields, "to", "to: \"04:00\"");
    Optional<ZoneId> zone = field(fields, "zone")
        .map(given -> given.parsed(ZoneId::of))
        .orElseGet(() -> Optional.of(ZoneId.of("UTC")));
    return from.isEmpty() || to.isEmpty() || zone.isEmpty()
        ? Optional.empty()
        : field.built(() -> new MaintenanceWindow(days, from.get(), to.get(), zone.get()));
  }

  private static Set<DayOfWeek> days(PolicyFields field) {
    return field.list().stream()
        .flatMap(day -> day.parsed(PolicyReader::day).stream())
        .collect(Collectors.toSet());
  }

  /** A day by its name or its first three letters. */
  private static DayOfWeek day(String text) {
    return Stream.of(DayOfWeek.values())
        .filter(day ->
            day.name().equalsIgnoreCase(text) || PolicyWriter.day(day).equalsIgnoreCase(text))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("'%s' is no day; write e.g. Sat".formatted(text)));
  }

  private static Optional<LocalTime> time(
      PolicyFields window, Map<String, PolicyFields> fields, String key, String example) {
    return window
        .require(fields, key, example)
        .flatMap(field -> field.text())
        .flatMap(text -> window.built(() -> LocalTime.parse(text)));
  }
}
