package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Checks that docs/gpu-catalogue.md lists the catalogue; {@code -Dmig4j.docs=write} rewrites it.
 */
class GpuCatalogDocumentTest {

  private static final Path DOCUMENT = Path.of("..", "docs", "gpu-catalogue.md");
  private static final String BEGIN = "<!-- generated -->\n";
  private static final String END = "<!-- end -->";

  @Test
  void document_listsTheCatalogue() throws IOException {
    String text = Files.readString(DOCUMENT);
    String expected = text.substring(0, text.indexOf(BEGIN) + BEGIN.length())
        + generated()
        + text.substring(text.indexOf(END));

    if ("write".equals(System.getProperty("mig4j.docs"))) {
      Files.writeString(DOCUMENT, expected);
    }
    assertThat(Files.readString(DOCUMENT)).isEqualTo(expected);
  }

  @Test
  void document_explainsEveryConfidence_andEveryField() throws IOException {
    String text = Files.readString(DOCUMENT);

    assertThat(Stream.of(Confidence.values()))
        .allSatisfy(c -> assertThat(text).contains("`" + c + "`"));
    assertThat(Stream.of(
                "{'?': 0}",
                "{'sources': {'S': {'?': 0}}, 'models': []}",
                "{'sources': {}, 'models': [{'?': 0}]}",
                inModel("'products': [{'?': 0}]"),
                inModel("'boards': [{'?': 0}]"),
                inModel("'profiles': [{'?': 0}]"))
            .flatMap(GpuCatalogDocumentTest::knownFields)
            .filter(name -> !name.equals("about")))
        .hasSize(44)
        .allSatisfy(name -> assertThat(text).containsPattern("[`.\\]]" + name + "[`\\[.]"));
  }

  private static String inModel(String list) {
    return "{'sources': {}, 'models': [{'id': 'x', 'architecture': 'y', 'compute-slices': 0, %s}]}"
        .formatted(list);
  }

  /** The fields that the reader expects in place of an unknown one. */
  private static Stream<String> knownFields(String json) {
    String message =
        catchThrowable(() -> GpuCatalog.parse(json.replace('\'', '"'))).getMessage();
    return Stream.of(message.replaceFirst(".*Expected one of \\[(.*)]", "$1").split(", "));
  }

  private static String generated() {
    List<String> sources = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    text.append("| GPU | profile | ID | slices | starts | max | memory | SMs | engines | confidence"
        + " | source |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (GpuModel model : GpuCatalog.bundled().models()) {
      for (GpuInstanceProfile p : model.profiles()) {
        text.append(row(
            model.id(),
            p.profile().toString(),
            number(p.id()),
            number(p.size()),
            p.starts().isEmpty()
                ? "?"
                : p.starts().stream().map(String::valueOf).collect(Collectors.joining(" ")),
            String.valueOf(p.maxInstances()),
            number(p.amount(Budget.MEMORY_MIB)),
            number(p.amount(Budget.SMS)),
            Stream.of(
                    Budget.COPY_ENGINES,
                    Budget.DECODERS,
                    Budget.ENCODERS,
                    Budget.JPEG_ENGINES,
                    Budget.OFA_ENGINES)
                .map(budget -> number(p.amount(budget)))
                .collect(Collectors.joining("/")),
            provenances(p)
                .map(x -> x.confidence().toString())
                .distinct()
                .collect(Collectors.joining(", ")),
            provenances(p)
                .map(x -> number(sources, x))
                .distinct()
                .collect(Collectors.joining(", "))));
      }
    }
    text.append('\n');
    for (int i = 0; i < sources.size(); i++) {
      text.append(i + 1).append(". ").append(sources.get(i)).append('\n');
    }
    text.append("\nWithout MIG: ")
        .append(GpuCatalog.bundled().models().stream()
            .filter(model -> !model.supportsMig())
            .map(GpuModel::id)
            .collect(Collectors.joining(", ")))
        .append(".\n");
    return text.toString();
  }

  private static Stream<Provenance> provenances(GpuInstanceProfile p) {
    return Stream.concat(
        Stream.of(p.provenance()),
        p.fieldProvenance().values().stream()
            .sorted(java.util.Comparator.comparing(Provenance::toString)));
  }

  private static String number(List<String> sources, Provenance provenance) {
    if (!sources.contains(provenance.toString())) {
      sources.add(provenance.toString());
    }
    return String.valueOf(sources.indexOf(provenance.toString()) + 1);
  }

  private static String number(OptionalInt value) {
    return value.isPresent() ? String.valueOf(value.getAsInt()) : "?";
  }

  private static String row(String... cells) {
    return "| " + String.join(" | ", cells) + " |\n";
  }
}
