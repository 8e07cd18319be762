package io.github.mig4j.k8s.dra;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Groups the devices of a pool by GPU. Two devices belong to one GPU if they have the same GPU UUID, PCI
 * address or counter set; no driver publishes all of these. The name decides only for a device that has
 * none of them.
 */
final class DevicesByGpu {

  /** Both forms that drivers use, {@code gpu-0-mig-1g10gb-19-0} and {@code gpu-0-mig-19-0-1}. */
  private static final String PARTITION = "-mig-.*";

  private record Group(Set<String> marks, Set<PublishedDevice> devices) {
    static Group of(PublishedDevice device) {
      return new Group(Set.copyOf(device.gpuMarks()), Set.of(device));
    }

    boolean isOfOneGpuWith(Group other) {
      return !Collections.disjoint(marks, other.marks)
          || ((marks.isEmpty() || other.marks.isEmpty())
              && !Collections.disjoint(names(), other.names()));
    }

    private List<String> names() {
      return devices.stream()
          .map(device -> device.name().replaceFirst(PARTITION, ""))
          .toList();
    }

    Group with(Group other) {
      Set<String> allMarks = new HashSet<>(marks);
      allMarks.addAll(other.marks);
      Set<PublishedDevice> allDevices = new HashSet<>(devices);
      allDevices.addAll(other.devices);
      return new Group(allMarks, allDevices);
    }
  }

  private DevicesByGpu() {}

  /** The devices of each GPU, in the order of publication. */
  static List<List<PublishedDevice>> of(List<PublishedDevice> published) {
    List<Group> groups = new ArrayList<>();
    // Attributes first, so that names decide only for the other devices.
    published.stream()
        .sorted(Comparator.comparing(device -> device.gpuMarks().isEmpty()))
        .forEach(device -> join(device, groups));
    return groups.stream()
        .map(group -> published.stream().filter(group.devices::contains).toList())
        .toList();
  }

  private static void join(PublishedDevice device, List<Group> groups) {
    Group joined = Group.of(device);
    for (Group group : List.copyOf(groups)) {
      if (group.isOfOneGpuWith(joined)) {
        groups.remove(group);
        joined = group.with(joined);
      }
    }
    groups.add(joined);
  }
}
