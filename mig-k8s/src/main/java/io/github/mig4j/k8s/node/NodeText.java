package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.github.mig4j.gpu.MigProfile;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What kubectl prints about a node, also cut off at both ends: as JSON or YAML, by {@code describe},
 * with {@code --show-labels}, as columns of labels, or only its labels.
 *
 * <p>Headings such as {@code Allocatable:} say whether an entry {@code nvidia.com/gpu: 1} is a label or
 * a resource; without a heading it is a label, as {@code nvidia.com/gpu.count=1} always is. Of a node
 * that is printed twice, as before and after a change, the last print counts.
 */
final class NodeText {

  /** More than a node has; a longer text is searched only so far. */
  private static final int SEARCHED = 2_000_000;

  private static final String PREFIX = "nvidia.com/";
  private static final String NAMELESS = "NODE";

  private static final Pattern TOKEN = Pattern.compile(
      "(?m)(?:(?<![A-Za-z.'/-])\"?(?<heading>[Cc]apacity|[Aa]llocatable|[Ll]abels|[Aa]nnotations|[Cc]onditions|[Ss]tatus|Taints|Addresses|Allocated resources)\"?:)"
          + "|(?<![A-Za-z0-9.'/:-])\"?(?<key>nvidia\\.com/[A-Za-z0-9._-]{1,200}|cpu|memory|pods)\"?[ \\t]{0,8}(?<sign>[=:])[ \\t]{0,40}\"?(?<value>[^\",\\s}]{0,200})");
  private static final Pattern NAME = Pattern.compile(
      "(?m)^Name:\\s{1,40}(\\S{1,253})|kubernetes\\.io/hostname\"?[=:]\\s{0,8}\"?([^\",\\s}]{1,253})|^ {0,8}\"?name\"?:\\s{0,8}\"?([^\",\\s}]{1,253})|\"name\":\\s{0,8}\"([^\",\\s}]{1,253})");
  private static final Pattern RECORD =
      Pattern.compile("\\blevel=[a-z]{4}|\\b[IWEF][0-9]{4} [0-9]{2}:[0-9]{2}:");
  private static final Set<String> COLUMNS = Set.of(
      "mig.config",
      "mig.config.state",
      "mig.strategy",
      "mig.capable",
      "gpu.product",
      "gpu.count",
      "gpu.memory",
      "gpu.replicas",
      "gpu.sharing-strategy",
      "device-plugin.config");

  private enum Section {
    LABELS,
    CAPACITY,
    ALLOCATABLE,
    OTHER
  }

  private final String text;
  private final Map<String, String> labels = new TreeMap<>();
  private final Map<String, Quantity> capacity = new TreeMap<>();
  private final Map<String, Quantity> allocatable = new TreeMap<>();
  private String name = NAMELESS;

  private NodeText(String text) {
    this.text = text;
  }

  /** Reads the node of a text; empty if it has no label or resource of NVIDIA, or is a log. */
  static Optional<Node> parse(String text) {
    NodeText reader = new NodeText(text.length() <= SEARCHED ? text : text.substring(0, SEARCHED));
    if (RECORD.matcher(reader.text).find()) {
      return Optional.empty();
    }
    reader.readName();
    reader.readTokens();
    reader.readColumns();
    boolean isNode = !reader.labels.isEmpty()
        || reader.allocatable.keySet().stream().anyMatch(key -> key.startsWith(PREFIX))
        || reader.capacity.keySet().stream().anyMatch(key -> key.startsWith(PREFIX));
    return isNode ? Optional.of(reader.node()) : Optional.empty();
  }

  private void readName() {
    Matcher found = NAME.matcher(text);
    if (found.find()) {
      for (int group = 1; group <= found.groupCount(); group++) {
        if (found.group(group) != null) {
          name = found.group(group);
        }
      }
    }
  }

  private void readTokens() {
    Section section = Section.LABELS;
    Matcher token = TOKEN.matcher(text);
    while (token.find()) {
      String heading = token.group("heading");
      if (heading != null) {
        section = section(heading);
        if (section == Section.CAPACITY) {
          capacity.clear();
        } else if (section == Section.ALLOCATABLE) {
          allocatable.clear();
        }
      } else {
        read(section, token.group("key"), token.group("sign"), token.group("value"));
      }
    }
  }

  private static Section section(String heading) {
    return switch (heading.toLowerCase(Locale.ROOT)) {
      case "labels" -> Section.LABELS;
      case "capacity" -> Section.CAPACITY;
      case "allocatable" -> Section.ALLOCATABLE;
      default -> Section.OTHER;
    };
  }

  private void read(Section section, String key, String sign, String value) {
    boolean isOfNvidia = key.startsWith(PREFIX);
    if (isOfNvidia && (sign.equals("=") || section == Section.LABELS)) {
      labels.put(key, value);
    } else if (section == Section.CAPACITY) {
      quantity(value).ifPresent(amount -> capacity.put(key, amount));
    } else if (section == Section.ALLOCATABLE) {
      quantity(value).ifPresent(amount -> allocatable.put(key, amount));
    }
  }

  private static Optional<Quantity> quantity(String value) {
    return value.matches("[0-9]{1,15}(?:m|[KMGT]i?)?")
        ? Optional.of(new Quantity(value))
        : Optional.empty();
  }

  /** The first row of {@code kubectl get nodes -L nvidia.com/mig.config,…}. */
  private void readColumns() {
    List<String> lines = text.lines().filter(line -> !line.isBlank()).limit(2).toList();
    if (lines.size() < 2 || !lines.get(0).matches("(?:NAME|NODE)\\s.*")) {
      return;
    }
    List<String> heads = List.of(lines.get(0).strip().split("\\s{2,}", -1));
    List<String> cells = List.of(lines.get(1).strip().split("\\s{2,}", -1));
    name = cells.get(0);
    for (int i = 1; i < Math.min(heads.size(), cells.size()); i++) {
      String head = heads.get(i).toLowerCase(Locale.ROOT);
      String key = head.startsWith(PREFIX) ? head : PREFIX + head;
      String cell = cells.get(i);
      if (cell.equals("<none>")) {
        continue;
      }
      if (COLUMNS.contains(key.substring(PREFIX.length()))) {
        labels.putIfAbsent(key, cell);
      } else if (key.equals(PREFIX + "gpu") || MigProfile.ofResourceName(key).isPresent()) {
        quantity(cell).ifPresent(amount -> allocatable.putIfAbsent(key, amount));
      }
    }
  }

  private Node node() {
    return new NodeBuilder()
        .withNewMetadata()
        .withName(name)
        .withLabels(labels)
        .endMetadata()
        .withNewStatus()
        .withCapacity(capacity)
        .withAllocatable(allocatable)
        .endStatus()
        .build();
  }
}
