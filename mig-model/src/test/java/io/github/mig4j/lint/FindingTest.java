package io.github.mig4j.lint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class FindingTest {

  private static final Finding.Builder TAB = Finding.builder()
      .severity(Severity.WARNING)
      .code(TextCode.TAB)
      .subject("config 'small'")
      .message("A tab separates values here");

  @Test
  void toString_withLocationAndRemedy_isTheLineOfACompiler() {
    Finding finding = TAB.remedy("use a blank")
        .location(new SourceLocation(7, 5, "mig-configs.small", Optional.of("small")))
        .build();

    assertThat(finding).hasToString("7:5: warning: A tab separates values here; use a blank [tab]");
    assertThat(finding.locatedSentence())
        .isEqualTo("7:5: A tab separates values here; use a blank");
    assertThat(finding.isError()).isFalse();
  }

  @Test
  void toString_withoutLocationAndRemedy_hasNeither() {
    Finding finding = Finding.builder()
        .severity(Severity.ERROR)
        .code(TextCode.TOO_LARGE)
        .subject("the file")
        .message("The file is too large")
        .build();

    assertThat(finding).hasToString("error: The file is too large [too-large]");
    assertThat(finding.locatedSentence()).isEqualTo("The file is too large");
    assertThat(finding.isError()).isTrue();
  }

  @Test
  void withSubject_keepsEverythingElse() {
    SourceLocation at = new SourceLocation(7, 5, "mig-configs.small", Optional.of("small"));
    Finding finding = Finding.builder()
        .severity(Severity.WARNING)
        .code(TextCode.TAB)
        .subject("config 'small'")
        .message("A tab separates values here")
        .remedy("use a blank")
        .location(at)
        .facts(at)
        .build();

    Finding moved = finding.withSubject("ConfigMap gpu-operator/mig-config");

    assertThat(moved.subject()).isEqualTo("ConfigMap gpu-operator/mig-config");
    assertThat(moved.withSubject("config 'small'")).isEqualTo(finding);
  }

  @Test
  void build_withCharactersThatCannotBePrinted_escapesThem() {
    Finding finding = Finding.builder()
        .severity(Severity.ERROR)
        .code(TextCode.INVALID_VALUE)
        .subject("config 'a\u009B2J'")
        .message("The value\u0085is \u001B[31m")
        .remedy("remove \u0080 and \u202E, but keep \u00FC")
        .build();

    assertThat(finding.subject()).isEqualTo("config 'a\\u009B2J'");
    assertThat(finding)
        .hasToString("error: The value\\u0085is \\u001B[31m; remove \\u0080 and \\u202E, but keep"
            + " \u00FC [invalid-value]");
  }

  @Test
  void sourceLocation_countsFrom1() {
    assertThatThrownBy(() -> new SourceLocation(0, 1, "", Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("line and column must be at least 1, but were 0 and 1");
  }
}
