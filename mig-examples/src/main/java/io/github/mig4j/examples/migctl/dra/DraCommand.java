package io.github.mig4j.examples.migctl.dra;

import picocli.CommandLine.Command;

@Command(
    name = "dra",
    mixinStandardHelpOptions = true,
    description =
        "Prints claims by which pods get MIG devices by dynamic resource allocation (DRA),"
            + " without the device plugin, and what NVIDIA's DRA driver publishes.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {DraClaimCommand.class, DraInventoryCommand.class},
    footer = {
      "",
      "Examples:",
      "  migctl dra claim --profile 1g.23gb | kubectl apply -f -",
      "  migctl dra inventory"
    })
public final class DraCommand {}
