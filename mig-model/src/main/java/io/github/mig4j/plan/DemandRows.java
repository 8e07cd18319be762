package io.github.mig4j.plan;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The covering of a plan and the meaning of its rows. The first rows are the kinds of demand. A
 * kind is a set of items that the same devices can meet.
 */
final class DemandRows {

  /** A column that transfers an instance from a shared row to one of the rows that share it. */
  record Transfer(int from, int to, int column) {}

  private final List<DemandItem> kinds = new ArrayList<>();
  private final Covering covering = new Covering();
  private final Map<BitSet, Integer> sharedRows = new HashMap<>();
  private final List<Transfer> transfers = new ArrayList<>();

  DemandRows(Demand demand) {
    for (DemandItem item : demand.items()) {
      if (kinds.stream().noneMatch(item::isLike)) {
        kinds.add(item);
        covering.addRow(0);
      }
    }
  }

  /** One item of each kind. */
  List<DemandItem> kinds() {
    return kinds;
  }

  int kindOf(DemandItem item) {
    int kind = 0;
    while (!kinds.get(kind).isLike(item)) {
      kind++;
    }
    return kind;
  }

  /** The kinds that a node with these labels can meet. */
  BitSet allowedBy(Map<String, String> labels) {
    BitSet allowed = new BitSet();
    for (int kind = 0; kind < kinds.size(); kind++) {
      allowed.set(kind, kinds.get(kind).allowsNode(labels));
    }
    return allowed;
  }

  Covering covering() {
    return covering;
  }

  List<Transfer> transfers() {
    return transfers;
  }

  /** The row for instances that several rows can use, or the row itself if there is only one. */
  int rowFor(BitSet users) {
    if (users.cardinality() == 1) {
      return users.nextSetBit(0);
    }
    Integer known = sharedRows.get(users);
    if (known != null) {
      return known;
    }
    int shared = covering.addRow(0);
    sharedRows.put(users, shared);
    users.stream().forEach(row -> {
      int[] gains = new int[covering.rows()];
      gains[shared] = -1;
      gains[row] = 1;
      transfers.add(new Transfer(shared, row, covering.addColumn(0, gains)));
    });
    return shared;
  }
}
