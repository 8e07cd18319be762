package io.github.mig4j.text;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The path from a document's root to a value; it becomes a text only when a finding needs it. */
public record YamlPath(@Nullable YamlPath parent, String key, int index) {

  /** The root of a document. */
  public static final YamlPath ROOT = new YamlPath(null, "", -1);

  private static final Pattern PLAIN = Pattern.compile("[\\p{L}\\p{N}._+/-]+");

  /** The path of the value of a key, if the value of this path is a map. */
  public YamlPath key(String key) {
    return new YamlPath(this, key, -1);
  }

  /** The path of the value at an index from 0, if the value of this path is a list. */
  public YamlPath item(int index) {
    return new YamlPath(this, "", index);
  }

  /** The key of this path that directly follows another path, if this one starts with that. */
  public Optional<String> keyBelow(YamlPath outer) {
    Optional<String> below = Optional.empty();
    for (YamlPath step = this; step.parent != null; step = step.parent) {
      if (step.parent.equals(outer)) {
        below = Optional.of(step.key);
      }
    }
    return below;
  }

  /** This path, and the line and column of its value in the file. */
  public YamlLocation at(LineColumn at) {
    return new YamlLocation(this, at);
  }

  /** As messages show it, e.g. {@code mig-configs.small[0].devices}; empty at the root. */
  @Override
  public String toString() {
    Deque<YamlPath> steps = new ArrayDeque<>();
    for (YamlPath step = this; step.parent != null; step = step.parent) {
      steps.push(step);
    }
    StringBuilder text = new StringBuilder();
    for (YamlPath step : steps) {
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
