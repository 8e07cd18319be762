package io.github.mig4j.config;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Which GPUs of a node an entry is for, by index; {@code devices} in the file.
 *
 * <p>An index is the GPU's position by PCI address among the GPUs that NVML sees, from 0.
 */
public sealed interface DeviceSelector {

  /** Every GPU. */
  DeviceSelector ALL = new All();

  /** {@return the GPUs with these indexes, from 0} */
  static DeviceSelector of(int... indexes) {
    Objects.requireNonNull(indexes, "indexes");
    return new Indexes(Arrays.stream(indexes).boxed().toList());
  }

  /** {@return whether the GPU at a position, from 0, is selected} */
  boolean selects(int index);

  /** Every GPU; written {@code all}. */
  record All() implements DeviceSelector {
    @Override
    public boolean selects(int index) {
      return true;
    }

    @Override
    public String toString() {
      return "all";
    }

    /** {@return the value in JSON: the text {@code all}} */
    @JsonValue
    public String toJson() {
      return toString();
    }
  }

  /**
   * Some GPUs.
   *
   * @param indexes as written: mig-parted accepts none, repeated and negative ones, which select
   *     nothing more
   */
  record Indexes(List<Integer> indexes) implements DeviceSelector {
    public Indexes {
      Objects.requireNonNull(indexes, "indexes");
      indexes = List.copyOf(indexes);
    }

    @Override
    public boolean selects(int index) {
      return indexes.contains(index);
    }

    @Override
    public String toString() {
      return indexes.toString();
    }

    /** {@return the value in JSON: the indexes} */
    @JsonValue
    public List<Integer> toJson() {
      return indexes;
    }
  }
}
