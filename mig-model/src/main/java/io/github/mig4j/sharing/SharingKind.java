package io.github.mig4j.sharing;

import com.fasterxml.jackson.annotation.JsonValue;

/** How the containers on one device take turns. */
public enum SharingKind {
  /**
   * CUDA time-slicing: the processes of all containers run in turn. Nothing limits the memory of
   * one, and no isolation of faults is promised.
   */
  TIME_SLICING("timeSlicing", "time-slicing"),
  /**
   * CUDA MPS: the processes run side by side, each with an equal part of the memory and at most an
   * equal part of the multiprocessors. They share a server, so a fault of one can end all.
   */
  MPS("mps", "mps");

  private final String section;
  private final String label;

  SharingKind(String section, String label) {
    this.section = section;
    this.label = label;
  }

  /** The key under {@code sharing} in the file. */
  String section() {
    return section;
  }

  /** The value of the node label {@code nvidia.com/gpu.sharing-strategy}. */
  @Override
  @JsonValue
  public String toString() {
    return label;
  }
}
