package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** ARCHITECTURE.md names each public type with the task that it is for. */
class PublicTypesTest {

  private static final String ROOT = "io.github.mig4j";
  private static final Pattern WORD = Pattern.compile("`([A-Za-z0-9.]+)`");

  private final SortedMap<String, SortedSet<String>> listed = new TreeMap<>();
  private final SortedMap<String, Integer> numbers = new TreeMap<>();

  @Test
  void architecture_namesEveryPublicType() throws IOException {
    read(Files.readString(Path.of("../ARCHITECTURE.md")));

    assertThat(listed).isEqualTo(publicTypes());
    listed.forEach((name, types) ->
        assertThat(numbers.get(name)).as("number of types of %s", name).isEqualTo(types.size()));
  }

  /** More than one can look over is more than one package. */
  @Test
  void everyPackage_hasAtMost32Files_and16PublicTypes() throws IOException {
    read(Files.readString(Path.of("../ARCHITECTURE.md")));

    assertThat(numbers).allSatisfy((name, types) -> assertThat(types).isLessThanOrEqualTo(16));
    for (String module : List.of("../mig-model", "../mig-k8s")) {
      try (Stream<Path> files = Files.walk(Path.of(module, "src/main/java"))) {
        assertThat(files
                .filter(file -> file.toString().endsWith(".java"))
                .collect(Collectors.groupingBy(Path::getParent, Collectors.counting())))
            .allSatisfy((folder, count) -> assertThat(count).isLessThanOrEqualTo(32));
      }
    }
  }

  private void read(String architecture) {
    String section = architecture.substring(
        architecture.indexOf("## Public types"), architecture.indexOf("## Where to change what"));
    String current = "";
    for (String row :
        section.lines().filter(line -> line.startsWith("| ")).skip(1).toList()) {
      String[] cells = row.split("\\|");
      var name = WORD.matcher(cells[1]);
      if (name.find()) {
        current = name.group(1);
        numbers.put(current, Integer.parseInt(cells[2].strip()));
      }
      var types = listed.computeIfAbsent(current, any -> new TreeSet<>());
      WORD.matcher(cells[4]).results().forEach(type -> types.add(type.group(1)));
    }
  }

  private static SortedMap<String, SortedSet<String>> publicTypes() {
    SortedMap<String, SortedSet<String>> found = new TreeMap<>();
    ProjectClasses.ALL.stream()
        .filter(JavaClass::isTopLevelClass)
        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
        .filter(type -> !type.getPackageName().matches(".*\\.(examples|internal|text)(\\..*)?"))
        .forEach(type -> found
            .computeIfAbsent(shortened(type.getPackageName()), any -> new TreeSet<>())
            .add(type.getSimpleName()));
    return found;
  }

  private static String shortened(String name) {
    return name.equals(ROOT) ? ROOT : name.substring(ROOT.length() + 1);
  }
}
