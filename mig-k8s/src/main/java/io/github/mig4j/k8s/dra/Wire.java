package io.github.mig4j.k8s.dra;

import io.github.mig4j.gpu.Budget;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The names in the API of Kubernetes and of NVIDIA's DRA driver.
 *
 * <p>Sources: kubernetes-sigs/dra-driver-nvidia-gpu cmd/gpu-kubelet-plugin (mig.go, partitions.go,
 * deviceinfo.go, and the latter at 03af8246 for earlier names) and the device classes of its chart.
 */
final class Wire {

  static final String GROUP = "resource.k8s.io";

  static final String SLICE = "ResourceSlice";
  static final String CLAIM = "ResourceClaim";

  /** The driver's name, which is also the domain of its attributes and capacities. */
  static final String DRIVER = "gpu.nvidia.com";

  /** The domain of Kubernetes' standard attributes. */
  static final String KUBERNETES = "resource.kubernetes.io";

  /** The device class for MIG devices in the driver's chart. */
  static final String MIG_CLASS = "mig.nvidia.com";

  static final String TYPE = "type";
  static final String TYPE_GPU = "gpu";
  static final String TYPE_MIG = "mig";

  /** A GPU that is passed to a virtual machine; it is not a GPU of the node's pods. */
  static final String TYPE_VFIO = "vfio";

  static final String UUID = "uuid";
  static final String PARENT_UUID = "parentUUID";
  static final String PCI_BUS_ID = "pciBusID";
  static final String PROFILE = "profile";
  static final String PRODUCT_NAME = "productName";
  static final String DRIVER_VERSION = "driverVersion";
  static final String MEMORY = "memory";

  /** The attributes with the GPU's PCI address: Kubernetes' standard one, and that of earlier drivers. */
  static final List<String> PCI_ADDRESS = List.of("resource.kubernetes.io/pciBusID", "pcieBusID");

  /** The prefixes before the index of a memory slice, in a capacity and in a counter. */
  static final Pattern MEMORY_SLICE = Pattern.compile("(?:memorySlice|memory-slice-)([0-9]{1,3})");

  /** The capacities of a device; the counters have the same names in lower case with dashes. */
  static final Map<Budget, String> CAPACITIES = capacities();

  private Wire() {}

  /** An attribute of a device in CEL. */
  static String attribute(String name) {
    return "device.attributes['%s'].%s".formatted(DRIVER, name);
  }

  /** A capacity of a device in CEL. */
  static String capacity(String name) {
    return "device.capacity['%s'].%s".formatted(DRIVER, name);
  }

  /** The counter of a capacity: {@code copyEngines} becomes {@code copy-engines}. */
  static String counter(String capacity) {
    return capacity.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  private static Map<Budget, String> capacities() {
    Map<Budget, String> names = new EnumMap<>(Budget.class);
    names.put(Budget.MEMORY_MIB, MEMORY);
    names.put(Budget.SMS, "multiprocessors");
    names.put(Budget.COPY_ENGINES, "copyEngines");
    names.put(Budget.DECODERS, "decoders");
    names.put(Budget.ENCODERS, "encoders");
    names.put(Budget.JPEG_ENGINES, "jpegEngines");
    names.put(Budget.OFA_ENGINES, "ofaEngines");
    return Collections.unmodifiableMap(names);
  }
}
