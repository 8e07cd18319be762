package io.github.mig4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.DriverVersion;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.layout.LayoutDiagram;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.node.ComponentVersions;
import io.github.mig4j.text.GoScalar;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.YamlValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What programs read has the digits 0 to 9, also where people write others. */
@Isolated("the default locale is one for all")
class LocaleTest {

  private final Locale before = Locale.getDefault();

  @BeforeEach
  void setArabicDigits() {
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
  }

  @AfterEach
  void reset() {
    Locale.setDefault(before);
  }

  @Test
  void driverVersion_isReadAgain() {
    DriverVersion version = new DriverVersion(580, 159, 4);

    assertThat(version).hasToString("580.159.04");
    assertThat(DriverVersion.parse(version.toString())).contains(version);
  }

  @Test
  void componentVersion_isReadAgain() {
    ComponentVersions.Version version =
        ComponentVersions.Version.parse("v0.19.3").orElseThrow();

    assertThat(version).hasToString("v0.19.3");
  }

  @Test
  void keyOfAFloat_isAsGoWritesIt() {
    assertThat(GoScalar.key(new YamlValue.Decimal(LineColumn.START, "1e21", 1e21)))
        .contains("1e+21");
  }

  @Test
  void svg_isTheseBytes() throws Exception {
    MigLayout mixed = MigLayout.on(GpuCatalog.bundled().require("b200-180gb"))
        .addAt("3g.90gb", 4)
        .addAt("2g.45gb", 0)
        .addAt("1g.23gb+me", 2)
        .build();

    assertThat(LayoutDiagram.of(mixed).toSvg())
        .isEqualTo(Files.readString(
            Path.of(LocaleTest.class.getResource("layout/b200-mixed.svg").toURI())));
  }
}
