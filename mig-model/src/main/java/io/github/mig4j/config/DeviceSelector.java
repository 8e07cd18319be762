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

  /**
   * The GPUs with these indexes.
   *
   * @param indexes positions from 0
   * @return the selector
   */
  static DeviceSelector of(int... indexes) {
    Objects.requireNonNull(indexes, "indexes");
    return new Indexes(Arrays.stream(indexes).boxed().toList());
  }

  /**
   * Whether a GPU is selected.
   *
   * @param index its position, from 0
   * @return true if the entry is for it
   */
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

    /**
     * The value in JSON.
     *
     * @return the text {@code all}
     */
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

    /**
     * The value in JSON.
     *
     * @return the indexes
     */
    @JsonValue
    public List<Integer> toJson() {
      return indexes;
    }
  }
}
