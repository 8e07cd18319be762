package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CatalogFileTest {

  private static final String SOURCES = """
      {"sources": {"S": {"confidence": "hardware", "where": "a test"}},
       "models": [%s]}""";
  private static final String MODEL = """
      {"id": "x", "architecture": "Next", "compute-slices": 2, "memory-slices": 2,
       "slices-source": "S", "profiles": [%s]}""";
  private static final String PROFILE = """
      {"name": "1g.8gb", "size": 1, "starts": [0, 1], "max": 2, "source": "S"}""";

  @Test
  void parse_smallestFile_readsEveryField() {
    var catalog = GpuCatalog.parse(inModel(PROFILE));

    var model = catalog.require("x");
    var profile = model.profile(MigProfile.parse("1g.8gb")).orElseThrow();
    var aTest = new Provenance("a test", Confidence.HARDWARE);
    assertThat(catalog.models()).containsExactly(model);
    assertThat(model.architecture()).isEqualTo("Next");
    assertThat(model.computeSlices()).isEqualTo(2);
    assertThat(model.memorySlices()).hasValue(2);
    assertThat(model.slicesProvenance()).isEqualTo(aTest);
    assertThat(model.memoryProvenance()).isEqualTo(Provenance.CALLER);
    assertThat(profile.size()).hasValue(1);
    assertThat(profile.starts()).containsExactly(0, 1);
    assertThat(profile.maxInstances()).isEqualTo(2);
    assertThat(profile.provenance()).isEqualTo(aTest);
    assertThat(profile.id()).isEmpty();
    assertThat(profile.amounts()).isEmpty();
  }

  @Test
  void parse_noModels_isAnEmptyCatalogue() {
    assertThat(GpuCatalog.parse(SOURCES.formatted("")).models()).isEmpty();
  }

  static Stream<Arguments> badFiles() {
    return Stream.of(
        Arguments.of("", "the text is empty. Expected an object with 'sources' and 'models'"),
        Arguments.of("null", "line 1: must be an object, but was 'null'"),
        Arguments.of("{}", "line 1: 'sources' is missing"),
        Arguments.of("{\"sources\": {}}", "line 1: 'models' is missing"),
        Arguments.of(
            "{\"sources\": {\"S\": {\"where\": \"x\"}}, \"models\": []}",
            "line 1: sources.S: 'confidence' is missing"),
        Arguments.of(
            "{\"models\": [],\n \"sources\": {}, \"gpus\": []}",
            "line 2: gpus: this field is unknown. Expected one of [about, sources, models]"),
        Arguments.of("{\"models\": [], \"models\": []}", "line 1: Duplicate field 'models'"),
        Arguments.of(
            "1".repeat(1001),
            "Number value length (1001) exceeds the maximum allowed (1000, from"
                + " `StreamReadConstraints.getMaxNumberLength()`)"),
        Arguments.of(
            "{\"about\": [1], \"sources\": {}, \"models\": []}",
            "line 1: about: must be a text, but was '[1]'"),
        Arguments.of("[] {}", "line 1: must be one object, but another value follows"),
        Arguments.of(
            "{\"sources\": [],\n \"models\": []}",
            "line 1: sources: must be an object, but was '[]'"),
        Arguments.of(
            "{\"sources\": {},\n \"models\": true}",
            "line 2: models: must be a list, but was 'true'"),
        Arguments.of(
            SOURCES.formatted("{\"id\": 7}"), "line 2: models[0].id: must be a text, but was '7'"),
        Arguments.of(
            "{\"sources\": {}, \"models\": []} x",
            "line 1: Unrecognized token 'x': was expecting (JSON String, Number, Array,"
                + " Object or token 'null', 'true' or 'false')"),
        Arguments.of(
            SOURCES.formatted("{\"architecture\": \"Next\", \"compute-slices\": 1}"),
            "line 2: models[0]: 'id' is missing"),
        Arguments.of(
            SOURCES.formatted("{\"id\": \"x\", \"compute-slices\": 1}"),
            "line 2: models[0]: 'architecture' is missing"),
        Arguments.of(
            SOURCES.formatted("{\"id\": \"x\", \"architecture\": \"Next\"}"),
            "line 2: models[0]: 'compute-slices' is missing"),
        Arguments.of(
            SOURCES.formatted("null"), "line 2: models[0]: must be an object, but was 'null'"),
        Arguments.of(
            inModel("{\"max\": 1, \"source\": \"S\"}"),
            "line 3: models[0].profiles[0]: 'name' is missing"),
        Arguments.of(
            inModel("{\"name\": \"1g.8gb\", \"source\": \"S\"}"),
            "line 3: models[0].profiles[0]: 'max' is missing"),
        Arguments.of(
            inModel("{\"name\": \"1g.8gb\", \"max\": 1}"),
            "line 3: models[0].profiles[0]: 'source' is missing"),
        Arguments.of(
            inModel(PROFILE.replace("\"S\"", "\"T\"")),
            "line 3: models[0].profiles[0]: source 'T' is not in the table of sources [S]"),
        Arguments.of(
            inModel(PROFILE.replace("\"S\"", "\"S\", \"sources\": {\"stars\": \"S\"}")),
            "line 3: models[0].profiles[0]: 'stars' is unknown. Expected one of [name, id, size, starts,"
                + " max-instances, memory, sms, engines]"),
        Arguments.of(
            inModel(PROFILE.replace("1g.8gb", "1g.8GB")),
            "line 3: models[0].profiles[0]: Not a MIG profile: '1g.8GB'. Did you mean '1g.8gb'?"),
        Arguments.of(
            inModel(PROFILE.replace("1g.8gb", "1c.2g.8gb")),
            "line 3: models[0].profiles[0]: A GPU instance profile has no 'c' part, but was 1c.2g.8gb; use"
                + " 2g.8gb"),
        Arguments.of(
            inModel(PROFILE.replace("1g.8gb", "0g.8gb")),
            "line 3: models[0].profiles[0]: A GPU instance has at least one compute slice, but was 0g.8gb"),
        Arguments.of(
            inModel(PROFILE.replace("\"max\": 2", "\"max\": 0")),
            "line 3: models[0].profiles[0]: 1g.8gb: maxInstances must be at least 1, but was 0"),
        Arguments.of(
            inModel(PROFILE.replace("\"max\": 2", "\"max\": 25")),
            "line 2: models[0]: x: maxInstances of profile 1g.8gb must be at most 24, but was 25"),
        Arguments.of(
            inModel(PROFILE.replace("\"size\": 1", "\"size\": 0")),
            "line 3: models[0].profiles[0]: 1g.8gb: size must be at least 1, but was 0"),
        Arguments.of(
            inModel(PROFILE.replace("\"size\": 1", "\"size\": 3")),
            "line 2: models[0]: x: profile 1g.8gb covers 3 of 2 memory slices"),
        Arguments.of(
            inModel(PROFILE.replace("[0, 1]", "[1, 0]")),
            "line 3: models[0].profiles[0]: 1g.8gb: starts must ascend from 0 or above, but were [1, 0]"),
        Arguments.of(
            inModel(PROFILE.replace("[0, 1]", "[0, 2]")),
            "line 2: models[0]: x: profile 1g.8gb at start 2 ends after the last of 2 memory slices"),
        Arguments.of(
            inModel(PROFILE.replace("[0, 1]", "[0, 2147483647]")),
            "line 2: models[0]: x: profile 1g.8gb at start 2147483647 ends after the last of 2"
                + " memory slices"),
        Arguments.of(
            inModel(PROFILE.replace("1g.8gb", "3g.8gb")),
            "line 2: models[0]: x: profile 3g.8gb has more compute slices than the GPU, which has"
                + " 2"),
        Arguments.of(
            inModel(PROFILE + "," + PROFILE),
            "line 2: models[0]: x: profile 1g.8gb is declared twice"),
        Arguments.of(
            inModel(PROFILE.replace("\"size\"", "\"sm\": -1, \"size\"")),
            "line 3: models[0].profiles[0]: 1g.8gb: cannot take -1 SMs"),
        Arguments.of(
            SOURCES.formatted(
                MODEL.formatted(PROFILE).replace("\"memory-slices\": 2", "\"memory-slices\": 25")),
            "line 2: models[0]: x: memorySlices must be from 1 to 24, but was 25"),
        Arguments.of(
            SOURCES.formatted(MODEL
                .formatted(PROFILE)
                .replace("\"compute-slices\": 2", "\"compute-slices\": 25")),
            "line 2: models[0]: x: computeSlices must be from 0 to 24, but was 25"),
        Arguments.of(
            SOURCES.formatted(MODEL.formatted("") + "," + MODEL.formatted("")),
            "line 3: models[1]: another model has the same id 'x'"),
        Arguments.of(
            inModel("").replace("\"hardware\"", "\"certain\""),
            "line 1: sources.S: Not a confidence: 'certain'. Expected one of [hardware, caller,"
                + " nvml-header, pci.ids, nvidia-dra-driver, published-nvml, published-smi,"
                + " mig-user-guide, nvidia-vgpu-docs, mig-parted, nvml-mock, inferred, unknown]"));
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void parse_badFile_saysWhereAndWhy(String json, String reason) {
    assertThatThrownBy(() -> GpuCatalog.parse(json))
        .isExactlyInstanceOf(IllegalArgumentException.class)
        .hasMessage("Not a GPU catalogue: " + reason);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "products | {'label': 'L', 'source': 'S'} | name",
        "products | {'name': 'N', 'source': 'S'} | label",
        "products | {'name': 'N', 'label': 'L'} | source",
        "boards | {'name': 'N', 'source': 'S'} | pci",
        "boards | {'pci': '0x0001', 'source': 'S'} | name",
        "boards | {'pci': '0x0001', 'name': 'N'} | source",
      })
  void parse_incompleteProductOrBoard_namesWhatIsMissing(String list, String item, String field) {
    String json = inModel(PROFILE)
        .replace("\"id\"", "\"" + list + "\": [" + item.replace('\'', '"') + "], \"id\"");

    assertThatThrownBy(() -> GpuCatalog.parse(json))
        .isExactlyInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Not a GPU catalogue: line 2: models[0].%s[0]: '%s' is missing".formatted(list, field));
  }

  @Test
  void parse_everyAmount_isKept() {
    String json = inModel(PROFILE.replace(
        "\"size\"",
        "\"memory-mib\": 1, \"sm\": 2, \"ce\": 3, \"dec\": 4, \"enc\": 5, \"jpeg\": 6,"
            + " \"ofa\": 7, \"size\""));

    assertThat(GpuCatalog.parse(json).require("x").profiles().get(0).amounts())
        .hasToString("{MEMORY_MIB=1, SMS=2, COPY_ENGINES=3, DECODERS=4, ENCODERS=5,"
            + " JPEG_ENGINES=6, OFA_ENGINES=7}");
  }

  @Test
  void parse_wrongType_saysWhere() {
    assertThatThrownBy(
            () -> GpuCatalog.parse(inModel(PROFILE.replace("\"max\": 2", "\"max\": 1.5"))))
        .isExactlyInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Not a GPU catalogue: line 3: models[0].profiles[0].max: must be a whole number,"
                + " but was '1.5'");
  }

  @Test
  void parse_severalWrongAmounts_namesTheFirstBudget() {
    String json = inModel(PROFILE.replace(
        "\"size\"",
        "\"ofa\": \"f\", \"jpeg\": \"e\", \"enc\": \"d\", \"dec\": \"c\", \"ce\": \"b\","
            + " \"sm\": \"a\", \"memory-mib\": \"m\", \"size\""));

    assertThatThrownBy(() -> GpuCatalog.parse(json))
        .hasMessage("Not a GPU catalogue: line 3: models[0].profiles[0].memory-mib: must be a whole"
            + " number, but was 'm'");
  }

  private static String inModel(String profiles) {
    return SOURCES.formatted(MODEL.formatted(profiles));
  }
}
