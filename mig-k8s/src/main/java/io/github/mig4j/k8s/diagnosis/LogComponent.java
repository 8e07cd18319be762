package io.github.mig4j.k8s.diagnosis;

import io.github.mig4j.JsonName;

/** A component that writes a log, or an event, about a node's GPUs. */
public enum LogComponent implements JsonName {
  /** NVIDIA's MIG manager. */
  MIG_MANAGER("the MIG manager"),
  /** nvidia-mig-parted, which the MIG manager starts and which writes into its log. */
  MIG_PARTED("mig-parted"),
  /** NVIDIA's device plugin. */
  DEVICE_PLUGIN("the device plugin"),
  /** GPU Feature Discovery. */
  FEATURE_DISCOVERY("GPU Feature Discovery"),
  /** The control daemon of MPS. */
  MPS_DAEMON("the MPS control daemon"),
  /** NVIDIA's DRA driver. */
  DRA_DRIVER("the DRA driver"),
  /** The driver manager, which unloads the driver before another is installed. */
  DRIVER_MANAGER("the driver manager"),
  /** The kubelet, in an event. */
  KUBELET("the kubelet");

  private final String text;

  LogComponent(String text) {
    this.text = text;
  }

  /** Whether it is the MIG manager or its process mig-parted, which alone partitions GPUs. */
  boolean isOfManager() {
    return this == MIG_MANAGER || this == MIG_PARTED;
  }

  /** The name in a sentence, e.g. {@code the device plugin}. */
  @Override
  public String toString() {
    return text;
  }
}
