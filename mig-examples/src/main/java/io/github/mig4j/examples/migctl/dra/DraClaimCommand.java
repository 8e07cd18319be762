package io.github.mig4j.examples.migctl.dra;

import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.NegativeAnswerException;
import io.github.mig4j.examples.migctl.console.Subcommand;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.dra.DraObject;
import io.github.mig4j.k8s.dra.DraVersion;
import io.github.mig4j.k8s.dra.MigClaim;
import io.github.mig4j.k8s.dra.MigDeviceClass;
import io.github.mig4j.k8s.dra.MigSelector;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "claim",
    description = "Prints the YAML by which pods claim MIG devices: a ResourceClaimTemplate, a"
        + " ResourceClaim or a DeviceClass. Does not use a cluster.",
    footer = {
      "",
      "Examples:",
      "  migctl dra claim --profile 1g.23gb",
      "  migctl dra claim --profile 1g.10gb --gpu h100-sxm-80gb --count 2 --same-gpu",
      "  migctl dra claim --memory 20 --name big --api-version v1beta1",
      "  migctl dra claim --kind class --profile 1g.23gb     for pods that request",
      "                                              nvidia.com/mig-1g.23gb as before",
      "",
      "Exit code 1: GPUs of --gpu have no such devices; stderr says why."
    })
public final class DraClaimCommand extends Subcommand {

  private enum Kind {
    TEMPLATE,
    CLAIM,
    CLASS
  }

  @Option(
      names = "--profile",
      paramLabel = "PROFILE",
      completionCandidates = Candidates.Profiles.class,
      description = "Devices of this profile.")
  private @Nullable String profile;

  @Option(
      names = "--memory",
      paramLabel = "GIB",
      description = "Devices with at least this much memory, instead of a profile.")
  private @Nullable Integer memory;

  @Option(
      names = {"--gpu", "--gpus"},
      paramLabel = "ID",
      completionCandidates = Candidates.Gpus.class,
      description = "Only of GPUs of this id or product.")
  private @Nullable String gpu;

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "How many devices; 1 by default, at most " + MigClaim.MAX_DEVICES + ".")
  private @Nullable Integer count;

  @Option(names = "--same-gpu", description = "All from one GPU.")
  private boolean sameGpu;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      defaultValue = "template",
      description = "template (devices for each pod, the default), claim (devices that pods share)"
          + " or class; a class with only a profile also offers the device plugin's resource.")
  private Kind kind = Kind.TEMPLATE;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "The object's name; by default it contains the profile or the memory.")
  private @Nullable String name;

  @Option(names = "--namespace", paramLabel = "NAME", description = "The object's namespace.")
  private @Nullable String namespace;

  @Option(
      names = "--api-version",
      paramLabel = "VERSION",
      defaultValue = "v1",
      description = "v1 (the default), v1beta2 or v1beta1; see 'kubectl api-versions'.")
  private String apiVersion = "v1";

  @Override
  public Integer call() {
    DraObject object = object();
    out()
        .print((namespace == null ? object : object.inNamespace(namespace))
            .toYaml(DraVersion.parse(apiVersion)));
    return ExitCode.YES;
  }

  private DraObject object() {
    MigSelector selector = selector();
    if (kind == Kind.CLASS) {
      if (count != null || sameGpu) {
        throw usage("A class has no count; remove --count and --same-gpu");
      }
      return deviceClass(selector).object();
    }
    MigClaim anywhere = MigClaim.of(selector, count == null ? 1 : count);
    MigClaim claim = sameGpu ? anywhere.onOneGpu() : anywhere;
    return kind == Kind.CLAIM ? claim.claim(name()) : claim.template(name());
  }

  private MigDeviceClass deviceClass(MigSelector selector) {
    return profile != null && gpu == null && name == null
        ? MigDeviceClass.bridge(MigProfile.parse(Input.profile(profile)))
        : MigDeviceClass.of(name(), selector);
  }

  private MigSelector selector() {
    if (profile != null && memory != null) {
      throw usage("--profile already contains the memory; remove --memory");
    }
    MigSelector selector = profile != null
        ? MigSelector.profile(MigProfile.parse(Input.profile(profile)))
        : memory != null ? MigSelector.memoryMib(mib(memory)) : MigSelector.any();
    return gpu == null ? selector : on(GpuCatalog.bundled().require(gpu), selector);
  }

  private static MigSelector on(GpuModel model, MigSelector selector) {
    try {
      return selector.on(model);
    } catch (IllegalArgumentException e) {
      throw new NegativeAnswerException(String.valueOf(e.getMessage()));
    }
  }

  private int mib(int gib) {
    if (gib < 1 || gib > 1024) {
      throw usage("--memory must be from 1 to 1024 GiB, but was " + gib);
    }
    return gib * 1024;
  }

  private String name() {
    if (name != null) {
      return name;
    }
    return profile != null
        ? "mig-" + Input.profile(profile).toLowerCase(Locale.ROOT).replace('+', '.')
        : memory != null ? "mig-%dgib".formatted(memory) : "mig";
  }
}
