package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.mig4j.k8s.dra.CelSelector.NotRead;
import io.github.mig4j.k8s.dra.CelSelector.Read;
import io.github.mig4j.k8s.dra.CelSelector.Reading;
import io.github.mig4j.k8s.dra.CelSelector.Selection;
import io.github.mig4j.k8s.dra.CelSelector.Verdict;
import io.github.mig4j.k8s.dra.ClaimSpec.Constraint;
import io.github.mig4j.k8s.dra.ClaimSpec.Exact;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Not API: allocates claims as the scheduler does, and keeps account of what it has allocated. It takes the
 * first devices, in the order of publication, that are free, that the selectors of class and request select,
 * whose counters suffice, and that satisfy the constraints; it goes back where the rest finds none.
 *
 * <p>Source: kubernetes/kubernetes, dynamic-resource-allocation/structured. Not thread-safe.
 */
public final class ClaimAllocator {

  /** After so many devices were tried, a search is given up; the scheduler gives up after 10 s. */
  private static final int MAX_STEPS = 20_000;

  private final Map<String, ClaimSpec> claims;
  private final Map<String, List<String>> classes;
  private final Map<String, List<Candidate>> byNode = new TreeMap<>();
  private final Map<String, Counters> counters = new HashMap<>();
  private final Set<DeviceName> taken = new HashSet<>();
  private final Map<String, Reading> readings = new HashMap<>();
  private final Map<String, Boolean> unpublished = new HashMap<>();

  /** By kind of claims and node. Claims that found no devices find none later: nothing is given back. */
  private final Map<List<Object>, Map<String, Unallocated>> inVain = new HashMap<>();

  private record DeviceName(String pool, String device) {}

  private record Candidate(String pool, PublishedDevice device) {
    DeviceName name() {
      return new DeviceName(pool, device.name());
    }
  }

  /** What happens to claims. */
  public sealed interface Outcome {}

  /**
   * All of them are allocated on one node.
   *
   * @param devices the devices, in the order of the requests
   */
  public record Allocated(String node, List<Device> devices) implements Outcome {}

  /**
   * An allocated device.
   *
   * @param claim the claim, e.g. {@code team-a/train}
   * @param request the name of its request
   */
  public record Device(String claim, String request, String pool, String device) {}

  /** No devices are found on a node that the pod can run on. */
  public enum Unallocated implements Outcome {
    /** The devices are not there, or not free. */
    NO_DEVICES,
    /** There are too many ways to choose devices, so that the search was given up. */
    GIVEN_UP
  }

  /**
   * The claims cannot be allocated whatever is free.
   *
   * @param reason the reason with a remedy
   */
  public record Fails(String reason) implements Outcome {}

  /** Takes the usable pools: the scheduler ignores the others. */
  ClaimAllocator(
      Map<String, ClaimSpec> claims,
      Map<String, List<String>> classes,
      List<Pool> pools,
      List<InventoryReader.Allocation> allocations) {
    this.claims = claims;
    this.classes = classes;
    allocations.forEach(each -> taken.add(new DeviceName(each.pool(), each.device())));
    for (Pool pool : pools) {
      Counters left = new Counters(pool.counterSets());
      counters.put(pool.name(), left);
      for (PublishedDevice device : pool.devices()) {
        Candidate candidate = new Candidate(pool.name(), device);
        if (!pool.node().isEmpty()) {
          byNode.computeIfAbsent(pool.node(), node -> new ArrayList<>()).add(candidate);
        }
        if (taken.contains(candidate.name())) {
          left.take(device);
        }
      }
    }
  }

  /**
   * Allocates the claims of one pod together, on the first node by name that has the devices.
   *
   * @param names claims that are not allocated, e.g. {@code team-a/train}
   * @param isFor whether the pod can run on a node
   */
  public Outcome allocate(List<String> names, Predicate<String> isFor) {
    Objects.requireNonNull(names, "names");
    Objects.requireNonNull(isFor, "isFor");
    List<String> nodes = byNode.keySet().stream().filter(isFor).toList();
    if (nodes.isEmpty()) {
      return Unallocated.NO_DEVICES;
    }
    List<ClaimSpec> specs = names.stream()
        .map(name -> Objects.requireNonNull(claims.get(name), name))
        .toList();
    for (ClaimSpec spec : specs) {
      Optional<String> problem = spec.more().or(() -> problem(spec));
      if (problem.isPresent()) {
        return new Fails("claim %s: %s".formatted(spec.claim(), problem.get()));
      }
    }
    List<Object> kind = new ArrayList<>();
    specs.forEach(spec -> kind.addAll(List.of(spec.requests(), spec.constraints())));
    Map<String, Unallocated> vain = inVain.computeIfAbsent(kind, any -> new HashMap<>());
    for (String node : nodes) {
      if (!vain.containsKey(node)) {
        Outcome outcome = new Search(specs, node).run();
        if (!(outcome instanceof Unallocated unallocated)) {
          return outcome;
        }
        vain.put(node, unallocated);
      }
    }
    return nodes.stream().anyMatch(node -> vain.get(node) == Unallocated.GIVEN_UP)
        ? Unallocated.GIVEN_UP
        : Unallocated.NO_DEVICES;
  }

  /** Why claims were {@link Unallocated#GIVEN_UP}, with a remedy. */
  public static String reasonToGiveUp(List<String> names) {
    return "claim %s: its devices were not found after %d steps; request fewer in one claim"
        .formatted(String.join(", ", names), MAX_STEPS);
  }

  /** What is wrong with a claim whatever the devices are. */
  private Optional<String> problem(ClaimSpec spec) {
    return spec.requests().stream()
        .flatMap(request -> request.alternatives().stream())
        .flatMap(exact -> problem(exact).stream())
        .findFirst()
        .or(() -> spec.constraints().stream()
            .flatMap(constraint -> constraint.attribute().stream())
            .filter(attribute -> unpublished.computeIfAbsent(attribute, this::isUnpublished))
            .map(
                ("its devices must have the same %s, which no device publishes; correct matchAttribute, such as "
                        + Wire.DRIVER + "/" + Wire.PARENT_UUID)::formatted)
            .findFirst());
  }

  /** As long as there is no MIG device, it is not known what MIG devices publish. */
  private boolean isUnpublished(String attribute) {
    List<PublishedDevice> devices =
        byNode.values().stream().flatMap(List::stream).map(Candidate::device).toList();
    return devices.stream()
            .anyMatch(device -> device.kind().equals(Optional.of(DraDevice.Kind.MIG)))
        && devices.stream().allMatch(device -> value(attribute, device).isEmpty());
  }

  private static Optional<JsonNode> value(String attribute, PublishedDevice device) {
    int slash = attribute.indexOf('/');
    return device.value(attribute.substring(0, Math.max(slash, 0)), attribute.substring(slash + 1));
  }

  private Optional<String> problem(Exact exact) {
    if (!classes.containsKey(exact.deviceClass())) {
      return Optional.of("DeviceClass %s does not exist; create it".formatted(exact.deviceClass()));
    }
    return readings(exact)
        .flatMap(
            reading -> reading instanceof NotRead not ? Stream.of(not.message()) : Stream.empty())
        .findFirst();
  }

  /** The selectors of the class and of the request; each of them must select a device. */
  private Stream<Reading> readings(Exact exact) {
    return Stream.concat(
            Objects.requireNonNull(classes.get(exact.deviceClass())).stream(),
            exact.selectors().stream())
        .map(expression -> readings.computeIfAbsent(expression, CelSelector::read));
  }

  /** The search for the devices of some claims on one node. */
  private final class Search {

    private record Task(ClaimSpec spec, ClaimSpec.Request request) {}

    private record Choice(Task task, Exact exact, Candidate candidate) {}

    private record Asked(Exact exact, DeviceName device) {}

    private final String node;
    private final List<Task> tasks = new ArrayList<>();
    private final List<Candidate> candidates;
    private final Deque<Choice> chosen = new ArrayDeque<>();
    private final Map<Asked, Verdict> verdicts = new HashMap<>();
    private int steps;
    private @Nullable Outcome failure;

    Search(List<ClaimSpec> specs, String node) {
      this.node = node;
      specs.forEach(spec -> spec.requests().forEach(each -> tasks.add(new Task(spec, each))));
      candidates = byNode.getOrDefault(node, List.of());
    }

    Outcome run() {
      if (complete(0)) {
        return new Allocated(
            node,
            chosen.stream()
                .map(each -> new Device(
                    each.task.spec.claim(),
                    each.exact.request(),
                    each.candidate.pool,
                    each.candidate.device.name()))
                .toList());
      }
      return failure == null ? Unallocated.NO_DEVICES : failure;
    }

    /** Finds devices for this request and those after it. */
    private boolean complete(int number) {
      if (number == tasks.size()) {
        return true;
      }
      Task task = tasks.get(number);
      for (Exact exact : task.request.alternatives()) {
        boolean isComplete = exact.isAll()
            ? takeAll(number, task, exact)
            : takeSome(number, task, exact, exact.count(), 0);
        if (isComplete || failure != null) {
          return isComplete;
        }
      }
      return false;
    }

    private boolean takeSome(int number, Task task, Exact exact, int count, int from) {
      if (count == 0) {
        return complete(number + 1);
      }
      // Where a device leads to nothing, an equal one does so too.
      Set<Object> tried = new HashSet<>();
      for (int i = from; i < candidates.size() && failure == null; i++) {
        Candidate candidate = candidates.get(i);
        if (isFree(candidate)
            && isSelected(task, exact, candidate)
            && satisfiesConstraints(task, exact, candidate)
            && tried.add(kind(candidate))) {
          take(task, exact, candidate);
          if (takeSome(number, task, exact, count - 1, i + 1)) {
            return true;
          }
          giveBack();
        }
      }
      return false;
    }

    private boolean takeAll(int number, Task task, Exact exact) {
      int before = chosen.size();
      boolean isEach = true;
      for (Candidate candidate : candidates) {
        if (isSelected(task, exact, candidate)) {
          isEach &= isFree(candidate) && satisfiesConstraints(task, exact, candidate);
          if (isEach) {
            take(task, exact, candidate);
          }
        }
      }
      if (isEach && failure == null && chosen.size() > before && complete(number + 1)) {
        return true;
      }
      while (chosen.size() > before) {
        giveBack();
      }
      return false;
    }

    private boolean isFree(Candidate candidate) {
      return !taken.contains(candidate.name())
          && !candidate.device.isTainted()
          && counters(candidate).suffice(candidate.device);
    }

    private Counters counters(Candidate candidate) {
      return Objects.requireNonNull(counters.get(candidate.pool));
    }

    /** As in the scheduler, a selector that fails ends the search. */
    private boolean isSelected(Task task, Exact exact, Candidate candidate) {
      if (++steps > MAX_STEPS) {
        failure = Unallocated.GIVEN_UP;
        return false;
      }
      Verdict verdict = verdict(exact, candidate);
      if (verdict instanceof CelSelector.Fails fails) {
        failure = new Fails(
            "claim %s: its selectors fail, because %s; select by an attribute that each device of its class has"
                .formatted(task.spec.claim(), fails.message()));
      }
      return verdict == Selection.SELECTED;
    }

    private Verdict verdict(Exact exact, Candidate candidate) {
      return verdicts.computeIfAbsent(
          new Asked(exact, candidate.name()),
          any -> readings(exact)
              .map(reading -> ((Read) reading).selector().of(candidate.device))
              .filter(verdict -> verdict != Selection.SELECTED)
              .findFirst()
              .orElse(Selection.SELECTED));
    }

    private boolean satisfiesConstraints(Task task, Exact exact, Candidate candidate) {
      return task.spec.constraints().stream()
          .filter(constraint -> constraint.concerns(exact.request()))
          .allMatch(constraint -> {
            Optional<?> value = value(constraint, candidate);
            return value.isPresent()
                && chosen.stream()
                    .filter(other -> other.task.spec.equals(task.spec)
                        && constraint.concerns(other.exact.request()))
                    .allMatch(other -> value(constraint, other.candidate).equals(value));
          });
    }

    private Optional<?> value(Constraint constraint, Candidate candidate) {
      return ClaimAllocator.value(constraint.attribute().orElseThrow(), candidate.device);
    }

    /** Devices of one kind are interchangeable for these claims. */
    private List<Object> kind(Candidate candidate) {
      List<Object> kind = new ArrayList<>();
      kind.add(candidate.pool);
      kind.add(candidate.device.consumed());
      for (Task task : tasks) {
        task.request.alternatives().forEach(exact -> kind.add(verdict(exact, candidate)));
        task.spec.constraints().forEach(constraint -> kind.add(value(constraint, candidate)));
      }
      return kind;
    }

    private void take(Task task, Exact exact, Candidate candidate) {
      chosen.addLast(new Choice(task, exact, candidate));
      taken.add(candidate.name());
      counters(candidate).take(candidate.device);
    }

    private void giveBack() {
      Candidate candidate = chosen.removeLast().candidate;
      taken.remove(candidate.name());
      counters(candidate).giveBack(candidate.device);
    }
  }

  /** What is allocated, e.g. {@code 12 devices allocated}. */
  @Override
  public String toString() {
    return "%d devices allocated".formatted(taken.size());
  }
}
