package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.config.ConfigCode;
import io.github.mig4j.k8s.check.PreflightCode;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.node.NodeCode;
import io.github.mig4j.sharing.SharingCode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** migctl lint-code, whose pages are resources. */
class LintCodeTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  static Stream<String> codes() {
    return Stream.of(
            TextCode.values(),
            ConfigCode.values(),
            NodeCode.values(),
            SharingCode.values(),
            PreflightCode.values(),
            FailureCode.values())
        .flatMap(Stream::of)
        .map(Object::toString)
        .distinct();
  }

  @ParameterizedTest
  @MethodSource("codes")
  void everyCode_isExplained(String code) {
    assertThat(run("lint-code", code)).as(err.toString()).isZero();
    assertThat(out.toString()).contains(code).hasSizeGreaterThan(60);
  }

  @Test
  void section_endsAtTheNextHeading_notAtACommentOfAnExample() {
    run("lint-code", "[empty-document]");

    assertThat(out.toString())
        .startsWith("### empty-document\n")
        .contains("# nothing yet")
        .doesNotContain("### template");
  }

  @Test
  void unknownCode_isExit2_withThoseThatAreNear() {
    assertThat(run("lint-code", "placeable")).isEqualTo(2);
    assertThat(err.toString()).startsWith("No code 'placeable'; did you mean not-placeable?");
  }

  private int run(String... args) {
    return Migctl.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
  }
}
