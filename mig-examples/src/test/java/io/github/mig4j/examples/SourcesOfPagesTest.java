package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pages that show whole types show those that are compiled and run elsewhere, as they are. */
class SourcesOfPagesTest {

  private static final Pattern SNIPPET = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Path HERE = Path.of("src/test/java/io/github/mig4j/examples");

  private enum Page {
    TEST_YOUR_CODE(HERE, "GpuService", "GpuServiceTest"),
    SPRING_BOOT(project("spring-boot"), "GpuConfiguration", "GpuHealth"),
    QUARKUS(project("quarkus"), "GpuClients", "GpuHealth");

    private final Path folder;
    private final List<String> types;

    Page(Path folder, String... types) {
      this.folder = folder;
      this.types = List.of(types);
    }

    private static Path project(String name) {
      return Path.of("..", ".ci", "embedder", name, "src", "main", "java", "embedder");
    }

    String file() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-') + ".md";
    }
  }

  @ParameterizedTest
  @EnumSource
  void snippets_areTheSources(Page page) throws IOException {
    List<String> shown = snippets(page);

    assertThat(shown).hasSameSizeAs(page.types);
    for (int i = 0; i < shown.size(); i++) {
      assertThat(shown.get(i))
          .isEqualTo(withoutHead(page.folder.resolve(page.types.get(i) + ".java")));
    }
  }

  @Test
  void test_isShort() throws IOException {
    assertThat(snippets(Page.TEST_YOUR_CODE).get(1).lines()).hasSizeLessThanOrEqualTo(15);
  }

  private static List<String> snippets(Page page) throws IOException {
    return SNIPPET
        .matcher(Files.readString(Path.of("..", "docs", page.file())))
        .results()
        .map(found -> found.group(1))
        .toList();
  }

  /** From the type's first annotation, without package, imports and comment. */
  private static String withoutHead(Path file) throws IOException {
    String source = Files.readString(file).replace("\r\n", "\n");
    String type = source.substring(source.lastIndexOf("import "));
    return type.substring(type.indexOf("\n\n") + 2).replaceFirst("^/\\*\\*.*\n", "");
  }
}
