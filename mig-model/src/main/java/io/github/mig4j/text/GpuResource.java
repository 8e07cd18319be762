package io.github.mig4j.text;

/** The parts of the names under which NVIDIA's device plugin offers GPUs and MIG devices. */
public final class GpuResource {

  /** What every name begins with. */
  public static final String PREFIX = "nvidia.com/";

  /** Whole GPUs, and MIG devices under strategy {@code single}. */
  public static final String GPU = PREFIX + "gpu";

  /** What the names of MIG devices begin with, before the profile. */
  public static final String MIG_PREFIX = PREFIX + "mig-";

  /** What follows the name of devices that are shared under a name of their own. */
  public static final String SHARED_SUFFIX = ".shared";

  private GpuResource() {}
}
