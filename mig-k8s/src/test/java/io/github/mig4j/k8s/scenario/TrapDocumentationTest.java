package io.github.mig4j.k8s.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;

/** docs/traps.md names the tests that there are. */
class TrapDocumentationTest {

  private static final Path PAGE = Path.of("..", "docs", "traps.md");
  private static final Pattern TRAP_ROW = Pattern.compile(
      "^\\| (\\d+)\\. [^|]+\\|[^|]+\\|[^|]+\\| `(trap(\\d\\d)_\\w+)` \\|$", Pattern.MULTILINE);
  private static final Pattern OTHER = Pattern.compile("`(\\w+Test)#(\\w+)`");

  private static final Map<String, Class<?>> OTHERS =
      Map.of("FaultTest", FaultTest.class, "KilledClientTest", KilledClientTest.class);

  @Test
  void everyTrap_hasARow_withTheTestOfItsNumber() throws IOException {
    List<MatchResult> rows = TRAP_ROW.matcher(Files.readString(PAGE)).results().toList();

    assertThat(rows)
        .allSatisfy(row ->
            assertThat(row.group(3)).isEqualTo("%02d".formatted(Integer.parseInt(row.group(1)))));
    assertThat(rows.stream().map(row -> Integer.valueOf(row.group(1))).distinct())
        .containsExactlyElementsOf(IntStream.rangeClosed(1, 28).boxed().toList());
    assertThat(rows.stream().map(row -> row.group(2)))
        .containsExactlyInAnyOrderElementsOf(tests(TrapScenarioTest.class));
  }

  @Test
  void everyOtherTestThatIsNamed_exists() throws IOException {
    List<MatchResult> named = OTHER.matcher(Files.readString(PAGE)).results().toList();

    assertThat(named).isNotEmpty().allSatisfy(test -> {
      assertThat(OTHERS).containsKey(test.group(1));
      assertThat(tests(OTHERS.get(test.group(1)))).contains(test.group(2));
    });
  }

  private static List<String> tests(Class<?> type) {
    return Arrays.stream(type.getDeclaredMethods())
        .filter(method -> AnnotationSupport.isAnnotated(method, Testable.class))
        .map(Method::getName)
        .toList();
  }
}
