package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The build runs a class only if its name ends in Test, and reports nothing about the others. */
class NamesOfTestsTest {

  private static final Pattern TEST =
      Pattern.compile("(?m)^  @(?:Test|ParameterizedTest|TestFactory|Property|ArchTest)\\b");

  @ParameterizedTest
  @ValueSource(strings = {"mig-model", "mig-k8s", "mig-examples"})
  void classesWithTests_areRunByTheBuild(String module) throws IOException {
    assertThat(classesWithTests(module)).isNotEmpty().allMatch(name -> name.endsWith("Test.java"));
  }

  private static List<String> classesWithTests(String module) throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "test", "java"))) {
      List<Path> sources =
          files.filter(file -> file.toString().endsWith(".java")).toList();
      List<String> names = new ArrayList<>();
      for (Path source : sources) {
        if (TEST.matcher(Files.readString(source)).find()) {
          names.add(source.getFileName().toString());
        }
      }
      return names;
    }
  }
}
