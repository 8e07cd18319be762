package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import java.io.IOException;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The forms of option -o contain the same configurations, each as its program reads it. */
class MigctlOutputTest {

  private static Run migctl(String line) {
    return Run.migctl(line.split(" "));
  }

  private static String printed(String line) {
    Run run = migctl(line);
    assertThat(run.exit()).as(run.err()).isZero();
    return run.out();
  }

  private static MigConfigDocument read(String file) {
    return MigConfigFile.read(file).document().orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "place --gpu h100-sxm-80gb 3g.40gb 1g.10gb:2",
        "plan --nodes 2xh100-sxm-80gb:2,a30=a30-24gb --demand 1g.10gb:9,2g.12gb:1",
        "generate --gpu a100-40gb,a30-24gb",
      })
  void everyForm_containsTheSameConfigurations(String command) throws IOException {
    String yaml = printed(command + " -o yaml");
    MigConfigDocument document = read(yaml);

    assertThat(printed(command + " -o config")).isEqualTo(yaml);
    String manifest = printed(command + " -o configmap");
    assertThat(read(manifest)).isEqualTo(document);
    JsonNode map = new ObjectMapper().readTree(printed(command + " -o json"));
    assertThat(map.get("kind").asText()).isEqualTo("ConfigMap");
    assertThat(map.at("/metadata/name").asText()).isEqualTo("mig-config");
    assertThat(map.at("/metadata/namespace").asText()).isEqualTo("gpu-operator");
    assertThat(read(map.at("/data/config.yaml").asText())).isEqualTo(document);
    String commands = printed(command + " -o kubectl");
    String applied =
        commands.substring(commands.indexOf("'EOF'\n") + 6, commands.indexOf("\nEOF\n"));
    assertThat(applied + "\n").isEqualTo(withoutComments(manifest));
  }

  private static String withoutComments(String manifest) {
    return manifest
        .lines()
        .filter(line -> !line.startsWith("#"))
        .collect(Collectors.joining("\n", "", "\n"));
  }

  @Test
  void plan_namesTheConfigurationOfEachNode_whereTheFormHasAPlaceForIt() {
    String command = "plan --nodes 2xh100-sxm-80gb:1 --demand 1g.10gb:7 -o ";

    for (String form : new String[] {"yaml", "configmap"}) {
      assertThat(printed(command + form)).startsWith("""
              # h100-sxm-80gb-1: planned-6097da39
              # h100-sxm-80gb-2: all-disabled
              """);
    }
    assertThat(printed(command + "kubectl")).endsWith("""
            EOF
            kubectl label node h100-sxm-80gb-1 nvidia.com/mig.config=planned-6097da39 --overwrite
            kubectl label node h100-sxm-80gb-2 nvidia.com/mig.config=all-disabled --overwrite
            """);
  }

  @Test
  void plan_thatLeavesSomethingUnmet_printsTheRest_andIsExit1() {
    Run run = migctl("plan --nodes n=a30-24gb --demand 1g.6gb:5 -o yaml");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(read(run.out()).configs()).hasSize(2);
    assertThat(run.err()).startsWith("1 of 5 x 1g.6gb unmet");
  }

  @ParameterizedTest
  @ValueSource(strings = {"place --gpu a30-24gb 5g.30gb", "generate --gpu l40s"})
  void whatCannotBe_hasNoConfiguration(String command) {
    for (String form : new String[] {"yaml", "configmap", "json", "kubectl"}) {
      Run run = migctl(command + " -o " + form);

      assertThat(run.exit()).isEqualTo(1);
      assertThat(run.out()).isEmpty();
    }
  }

  @Test
  void otherForm_isExit2_withTheForms() {
    Run run = migctl("place --gpu a30-24gb 1g.6gb -o xml");

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err())
        .isEqualToNormalizingNewlines(
            "Invalid value for option '--output': expected one of yaml, config, configmap, json, kubectl, but was 'xml'\nTry 'migctl place --help'\n");
  }

  @Test
  void numberThatIsNone_isExit2_inPlainWords() {
    assertThat(migctl("advise --gpu l40s --tenants 99999999999 --memory 10").err())
        .isEqualToNormalizingNewlines(
            "Invalid value for option '--tenants': '99999999999' is not a whole number, or is too large\nTry 'migctl advise --help'\n");
    assertThat(migctl("advise --gpu l40s --tenants 4 --memory much").err())
        .isEqualToNormalizingNewlines(
            "Invalid value for option '--memory': 'much' is not a number\nTry 'migctl advise --help'\n");
  }
}
