package io.github.mig4j.plan;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The covering of a plan and the meaning of its rows. The first rows are the kinds of demand. A
 * kind is a set of items that the same devices can meet.
 */
final class DemandRows {

  /** A column that transfers an instance from a shared row to one of the rows that share it. */
  record Transfer(int from, int to, int column) {}

  /** One item of each kind. */
  final List<DemandItem> kinds = new ArrayList<>();

  final Covering covering = new Covering();
  final List<Transfer> transfers = new ArrayList<>();
  private final Map<DemandItem, Integer> numbers = new HashMap<>();
  private final Map<BitSet, Integer> sharedRows = new HashMap<>();

  DemandRows(Demand demand) {
    for (DemandItem item : demand.items()) {
      DemandItem kind = asKind(item);
      if (numbers.putIfAbsent(kind, kinds.size()) == null) {
        kinds.add(kind);
        covering.addRow(0);
      }
    }
  }

  int kindOf(DemandItem item) {
    return Objects.requireNonNull(numbers.get(asKind(item)));
  }

  private static DemandItem asKind(DemandItem item) {
    return item.count(1).priority(0);
  }

  /** All kinds, as for a node on which every item is allowed. */
  BitSet all() {
    BitSet all = new BitSet();
    all.set(0, kinds.size());
    return all;
  }

  /** The kinds that a node with these labels can meet. */
  BitSet allowedBy(Map<String, String> labels) {
    return those(all(), kind -> kind.allowsNode(labels));
  }

  /** The kinds among some for which a condition holds. */
  BitSet those(BitSet among, Predicate<DemandItem> condition) {
    BitSet found = new BitSet();
    among.stream().filter(kind -> condition.test(kinds.get(kind))).forEach(found::set);
    return found;
  }

  /** The row for instances that several rows can use, or the row itself if there is only one. */
  int rowFor(BitSet users) {
    if (users.cardinality() == 1) {
      return users.nextSetBit(0);
    }
    return sharedRows.computeIfAbsent(users, this::addSharedRow);
  }

  private int addSharedRow(BitSet users) {
    int shared = covering.addRow(0);
    users.stream().forEach(row -> {
      SortedMap<Integer, Integer> gains = new TreeMap<>(Map.of(shared, -1, row, 1));
      transfers.add(new Transfer(shared, row, covering.addColumn(0, gains)));
    });
    return shared;
  }
}
