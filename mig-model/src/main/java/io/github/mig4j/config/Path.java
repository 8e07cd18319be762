package io.github.mig4j.config;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The way from a document's root to a value; made text only when a finding needs it. */
record Path(@Nullable Path parent, String key, int index) {

  static final Path ROOT = new Path(null, "", -1);

  /** Where configurations stand under their names. */
  static final Path CONFIGS = ROOT.key("mig-configs");

  private static final Pattern PLAIN = Pattern.compile("[\\p{L}\\p{N}._+/-]+");

  Path key(String key) {
    return new Path(this, key, -1);
  }

  Path item(int index) {
    return new Path(this, "", index);
  }

  /** The configuration through which this path leads. */
  Optional<String> config() {
    Optional<String> below = Optional.empty();
    for (Path step = this; step.parent != null; step = step.parent) {
      if (step.parent.equals(CONFIGS)) {
        below = Optional.of(step.key);
      }
    }
    return below;
  }

  Place at(Position position) {
    return new Place(position.line(), position.column(), toString(), config());
  }

  @Override
  public String toString() {
    Deque<Path> steps = new ArrayDeque<>();
    for (Path step = this; step.parent != null; step = step.parent) {
      steps.push(step);
    }
    StringBuilder text = new StringBuilder();
    for (Path step : steps) {
      if (step.index >= 0) {
        text.append('[').append(step.index).append(']');
      } else if (PLAIN.matcher(step.key).matches()) {
        text.append(text.isEmpty() ? "" : ".").append(step.key);
      } else {
        text.append('[').append(Quoted.of(step.key)).append(']');
      }
    }
    return text.toString();
  }
}
