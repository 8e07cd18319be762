package io.github.mig4j.gpu;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A product name of a GPU model.
 *
 * @param name the name as NVML and {@code nvidia-smi -L} print it, e.g. {@code NVIDIA H100 PCIe}
 * @param label the value of the node label {@code nvidia.com/gpu.product} without suffix, e.g.
 *     {@code NVIDIA-H100-PCIe}
 * @param provenance where the name was seen
 */
public record GpuProduct(String name, String label, Provenance provenance) implements JsonForm {
  public GpuProduct {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(label, "label");
    Objects.requireNonNull(provenance, "provenance");
  }

  /**
   * Derives the label from the name as NVML prints it, like GPU Feature Discovery
   * (k8s-device-plugin internal/lm), which removes characters that are invalid in labels and
   * replaces blanks by dashes.
   */
  public static GpuProduct named(String name, Provenance provenance) {
    Objects.requireNonNull(name, "name");
    return new GpuProduct(name, labelOf(name), provenance);
  }

  static String labelOf(String name) {
    return String.join("-", name.replaceAll("[^A-Za-z0-9\\-_. ]", "").trim().split(" +"));
  }

  /**
   * The value of the node label {@code nvidia.com/gpu.product} in its parts, e.g. {@code
   * NVIDIA-H100-80GB-HBM3-MIG-1g.10gb-SHARED}.
   *
   * @param product the product without suffix
   * @param mig what follows {@code -MIG-}: a profile as labels spell it, or {@code INVALID}
   * @param shared whether the devices are shared under their usual name
   */
  public record Label(String product, Optional<String> mig, boolean shared) {
    private static final String INVALID = "INVALID";
    private static final String MIG_MARK = "-MIG-";
    private static final String SHARED_MARK = "-SHARED";
    private static final Pattern FORM = Pattern.compile(
        "(?<product>.*?)(?:%s(?<mig>.+?))?(?<shared>%s)?".formatted(MIG_MARK, SHARED_MARK),
        Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    public Label {
      Objects.requireNonNull(product, "product");
      Objects.requireNonNull(mig, "mig");
    }

    /** Takes a label apart; the inverse of {@link #toString()}. What is no suffix is product. */
    public static Label parse(String value) {
      Objects.requireNonNull(value, "value");
      Matcher form = FORM.matcher(value);
      return form.matches()
          ? new Label(
              form.group("product"),
              Optional.ofNullable(form.group("mig")),
              form.group("shared") != null)
          : of(value);
    }

    /** {@return the label of GPUs that are neither cut nor shared, without suffix} */
    public static Label of(String product) {
      Objects.requireNonNull(product, "product");
      return new Label(product, Optional.empty(), false);
    }

    /** {@return this label with the suffix for MIG devices, as feature discovery writes it} */
    public Label with(MigProfile profile) {
      Objects.requireNonNull(profile, "profile");
      return new Label(product, Optional.of(profile.label()), shared);
    }

    /** {@return this label with {@code -MIG-INVALID}, for GPUs not cut alike in strategy single} */
    public Label invalid() {
      return new Label(product, Optional.of(INVALID), shared);
    }

    /** {@return this label with {@code -SHARED}: devices are shared under their usual name} */
    public Label sharing() {
      return new Label(product, mig, true);
    }

    /** {@return whether GPUs are not cut alike with strategy single: {@code -MIG-INVALID}} */
    public boolean isInvalid() {
      return mig.filter(INVALID::equals).isPresent();
    }

    /** {@return the profile of the devices; empty for whole GPUs, and for no GPU} */
    public Optional<MigProfile> profile() {
      return mig.flatMap(MigProfile::ofLabel);
    }

    /** The label's value. */
    @Override
    @JsonValue
    public String toString() {
      return product + mig.map(MIG_MARK::concat).orElse("") + (shared ? SHARED_MARK : "");
    }
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("name", name)
        .and("label", label)
        .and("source", provenance.source())
        .and("confidence", provenance.confidence())
        .map();
  }
}
