package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.TextFile;
import io.github.mig4j.examples.migctl.console.UnusableFileException;
import io.github.mig4j.gpu.ListingSyntaxException;
import io.github.mig4j.gpu.NvidiaSmi;
import io.github.mig4j.gpu.NvidiaSmi.Listing;
import io.github.mig4j.lint.Finding;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Files with listings of nvidia-smi. */
final class Listings {

  private Listings() {}

  /** The listings of files of one machine; what is not understood goes to stderr. */
  static NvidiaSmi read(PrintWriter err, Path... files) throws IOException {
    String[] texts = new String[files.length];
    for (int i = 0; i < files.length; i++) {
      texts[i] = new String(TextFile.bytes(files[i]), StandardCharsets.UTF_8);
    }
    try {
      NvidiaSmi listing = NvidiaSmi.read(texts);
      listing.findings().forEach(found -> err.println(name(found, files) + ":" + found));
      return listing;
    } catch (ListingSyntaxException e) {
      throw new UnusableFileException("%s: %s"
          .formatted(
              Stream.of(files).map(Input::name).collect(Collectors.joining(", ")), e.getMessage()));
    }
  }

  /** The name of the file that a finding is about. */
  static String name(Finding found, Path... files) {
    return found.facts().orElse(null) instanceof NvidiaSmi.InText in
        ? Input.name(files[in.text()])
        : "";
  }

  /** The kinds of the listings, e.g. {@code -lgip and -lgipp}. */
  static String options(NvidiaSmi listing) {
    return listing.listings().stream().map(Listing::option).collect(Collectors.joining(" and "));
  }
}
