package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Compares the set with a {@link TreeSet}; large enough for three levels of words. */
class IndexSetTest {

  private static final int END = 3 * 64 * 64;

  @Property
  void everyMethod_agreesWithATreeSet(@ForAll("steps") List<Integer> steps) {
    IndexSet set = new IndexSet(0);
    TreeSet<Integer> expected = new TreeSet<>();
    for (int step : steps) {
      int element = Math.abs(step) - 1;
      if (step > 0) {
        set.add(element);
        expected.add(element);
      } else {
        set.remove(element);
        expected.remove(element);
      }

      assertThat(set.first()).isEqualTo(orNone(expected.ceiling(0)));
      assertThat(set.isEmpty()).isEqualTo(expected.isEmpty());
      assertThat(set.contains(element)).isEqualTo(step > 0);
      assertThat(set.next(element)).isEqualTo(orNone(expected.ceiling(element)));
      assertThat(set.next(element + 1)).isEqualTo(orNone(expected.higher(element)));
    }
    TreeSet<Integer> found = new TreeSet<>();
    for (int i = set.copy().first(); i != IndexSet.NONE; i = set.copy().next(i + 1)) {
      found.add(i);
    }
    assertThat(found).isEqualTo(expected);
  }

  @Property
  void firstCommon_isTheLeastElementOfBoth(
      @ForAll("elements") List<Integer> one, @ForAll("elements") List<Integer> other) {
    IndexSet a = new IndexSet(1);
    IndexSet b = new IndexSet(END);
    one.forEach(a::add);
    other.forEach(b::add);
    TreeSet<Integer> both = new TreeSet<>(one);
    both.retainAll(other);

    int expected = orNone(both.ceiling(0));

    assertThat(a.firstCommon(b)).isEqualTo(expected);
    assertThat(b.firstCommon(a)).isEqualTo(expected);
  }

  private static int orNone(Integer element) {
    return element == null ? IndexSet.NONE : element;
  }

  /**
   * Few distinct numbers from the whole range, so that they repeat; the sign selects the operation.
   */
  @Provide
  Arbitrary<List<Integer>> steps() {
    return elements()
        .flatMap(elements -> Arbitraries.of(elements)
            .flatMap(element -> Arbitraries.of(element + 1, -(element + 1)))
            .list()
            .ofMaxSize(200));
  }

  @Provide
  Arbitrary<List<Integer>> elements() {
    return Arbitraries.integers().between(0, END - 1).list().ofMinSize(1).ofMaxSize(40);
  }
}
