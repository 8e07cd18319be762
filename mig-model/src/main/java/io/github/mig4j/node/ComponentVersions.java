package io.github.mig4j.node;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.text.JsonFields;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The versions of NVIDIA's components on a node, as far as they are known: names and resources depend
 * on them.
 *
 * <pre>{@code
 * ComponentVersions versions = ComponentVersions.unknown()
 *     .with(Component.DEVICE_PLUGIN, Version.parse("v0.19.3").orElseThrow());
 * versions.follow(Rule.FULL_PROFILE_NAMES);    // Optional[false]
 * }</pre>
 *
 * @param known the known versions by component
 */
public record ComponentVersions(Map<Component, Version> known) implements JsonForm {

  private static final ComponentVersions UNKNOWN = new ComponentVersions(Map.of());

  public ComponentVersions {
    Objects.requireNonNull(known, "known");
    known = Collections.unmodifiableMap(new TreeMap<>(known));
  }

  /** {@return no version: nothing is known, so every version is possible} */
  public static ComponentVersions unknown() {
    return UNKNOWN;
  }

  /** These versions and one more. */
  public ComponentVersions with(Component component, Version version) {
    Objects.requireNonNull(component, "component");
    Objects.requireNonNull(version, "version");
    Map<Component, Version> more = new TreeMap<>(known);
    more.put(component, version);
    return new ComponentVersions(more);
  }

  /**
   * {@return whether the component follows a rule, as it does from the version of the rule on;
   * empty if the version is not known}
   */
  public Optional<Boolean> follow(Rule rule) {
    Objects.requireNonNull(rule, "rule");
    return Optional.ofNullable(known.get(rule.component()))
        .map(version -> version.compareTo(rule.from()) >= 0);
  }

  /** These versions, or one for each way in which the rules divide those that are possible, newest first. */
  List<ComponentVersions> possible(Component component) {
    if (known.containsKey(component)) {
      return List.of(this);
    }
    Stream<Version> dividing =
        Arrays.stream(Rule.values()).filter(r -> r.component() == component).map(Rule::from);
    return Stream.concat(dividing, Stream.of(Version.OLDEST))
        .distinct()
        .sorted(Comparator.reverseOrder())
        .map(version -> with(component, version))
        .toList();
  }

  /** A component of which some rule depends on the version. */
  public enum Component {
    /** NVIDIA's device plugin, whose image holds GPU Feature Discovery as well. */
    DEVICE_PLUGIN;

    /** The name, as the GPU Operator spells it. */
    @Override
    @JsonValue
    public String toString() {
      return JsonFields.name(this);
    }
  }

  /** A released version, of three numbers. */
  public record Version(int major, int minor, int patch) implements Comparable<Version> {

    private static final Version OLDEST = new Version(0, 0, 0);

    /** Release candidates and builds of others do not say what is in them. */
    private static final Pattern TAG = Pattern.compile(
        "(?:.*:)?v?(\\d{1,4})\\.(\\d{1,4})\\.(\\d{1,4})(?:-(?:ubi|ubuntu|distroless)[\\w.]*)?(?:@.*)?");

    private static final Comparator<Version> ORDER = Comparator.comparingInt(Version::major)
        .thenComparingInt(Version::minor)
        .thenComparingInt(Version::patch);

    public Version {
      if (major < 0 || minor < 0 || patch < 0) {
        throw new IllegalArgumentException(
            "The numbers of a version must not be negative, but were %d.%d.%d"
                .formatted(major, minor, patch));
      }
    }

    /**
     * {@return the version that a text or the tag of an image names; empty if it names no release}
     *
     * @param text e.g. {@code v0.19.3} or {@code nvcr.io/nvidia/k8s-device-plugin:v0.19.3-ubi9}
     */
    public static Optional<Version> parse(String text) {
      Objects.requireNonNull(text, "text");
      Matcher tag = TAG.matcher(text);
      return tag.matches()
          ? Optional.of(new Version(
              Integer.parseInt(tag.group(1)),
              Integer.parseInt(tag.group(2)),
              Integer.parseInt(tag.group(3))))
          : Optional.empty();
    }

    @Override
    public int compareTo(Version other) {
      Objects.requireNonNull(other, "other");
      return ORDER.compare(this, other);
    }

    /** E.g. {@code v0.19.3}. */
    @Override
    @JsonValue
    public String toString() {
      return "v%s.%s.%s".formatted(major, minor, patch);
    }
  }

  /** What a component does from a version on; version-rules.json has a row for each. */
  public enum Rule implements JsonName {
    /** MIG devices with attributes are offered under a resource name of their own. */
    FULL_PROFILE_NAMES,
    /** A device such as {@code 1c.3g.40gb} ends the device plugin under strategy mixed. */
    COMPUTE_SLICES_STOP_MIXED,
    /** {@code mps.failRequestsGreaterThanOne: false} is obeyed. */
    MPS_REQUESTS_AS_CONFIGURED,
    /** The flag {@code sharedDevicesAllocationPolicy} is known. */
    SHARED_DEVICES_ALLOCATION_POLICY;

    /** {@return the component that follows the rule} */
    public Component component() {
      return row().component();
    }

    /** {@return the first version that follows the rule} */
    public Version from() {
      return row().from();
    }

    /** {@return the rule in words, with what earlier versions do, without a full stop} */
    public String says() {
      return row().says();
    }

    /** {@return where this is known from} */
    public String source() {
      return row().source();
    }

    private VersionRules.Row row() {
      return VersionRules.row(this);
    }
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of(known);
  }
}
