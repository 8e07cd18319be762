package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMember;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the pages point to exists: files, headings, types and their members, tests. */
class PagesTest {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern FENCE = Pattern.compile("(?ms)^ *```.*?^ *```");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s#:]*)(?:#([^)\\s]+))?\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ +(.+)$");
  private static final Pattern WORD = Pattern.compile("`([^`\\n]+)`");
  private static final Pattern MEMBER =
      Pattern.compile("(?:[\\w.]+\\.)?([A-Z]\\w*[a-z]\\w*)\\.(\\w+)(?:\\(.*\\))?");
  private static final Pattern TEST = Pattern.compile("(?:\\w+\\.)*([A-Z]\\w+Test)(?:#(\\w+))?");

  static Stream<Path> pages() throws IOException {
    try (Stream<Path> files = Stream.of(
            Files.list(ROOT),
            Files.walk(ROOT.resolve("docs")),
            Files.list(ROOT.resolve("mig-examples")))
        .flatMap(found -> found)) {
      return files.filter(file -> file.toString().endsWith(".md")).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void link_leadsToAFileAndAHeading(Path page) throws IOException {
    List<String> broken = new ArrayList<>();
    LINK.matcher(prose(page)).results().forEach(link -> {
      Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1));
      boolean leads = Files.exists(target)
          && (link.group(2) == null || anchors(target.normalize()).contains(link.group(2)));
      if (!leads) {
        broken.add(link.group());
      }
    });

    assertThat(broken).isEmpty();
  }

  @Test
  void everyPage_isInTheListOfPages() throws IOException {
    String list = Files.readString(ROOT.resolve("docs/README.md"));

    try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
      assertThat(docs.map(page -> page.getFileName().toString())
              .filter(name -> name.endsWith(".md") && !name.equals("README.md")))
          .allSatisfy(name -> assertThat(list).contains("](" + name + ")"));
    }
  }

  /** The changelog also has the names of what was removed. */
  @ParameterizedTest
  @MethodSource("pages")
  void nameOfAMemberOrATest_exists(Path page) throws IOException {
    if (page.endsWith("CHANGELOG.md")) {
      return;
    }
    Set<String> unknown = new TreeSet<>();
    WORD.matcher(prose(page)).results().map(word -> word.group(1)).forEach(word -> {
      var member = MEMBER.matcher(word);
      if (member.matches()
          && Members.OF.getOrDefault(member.group(1), Set.of(member.group(2))).stream()
              .noneMatch(member.group(2)::equals)) {
        unknown.add(word);
      }
      var test = TEST.matcher(word);
      if (test.matches() && !Tests.have(test.group(1), test.group(2))) {
        unknown.add(word);
      }
    });

    assertThat(unknown).isEmpty();
  }

  private static String prose(Path page) throws IOException {
    return FENCE.matcher(Files.readString(page)).replaceAll("");
  }

  /** As GitHub makes them of headings: lower case, without punctuation, blanks as dashes. */
  private static Set<String> anchors(Path page) {
    try {
      return HEADING
          .matcher(prose(page))
          .results()
          .map(heading -> heading
              .group(1)
              .replaceAll("\\[([^]]*)]\\([^)]*\\)", "$1")
              .toLowerCase(Locale.ROOT)
              .replaceAll("[^\\w\\- ]", "")
              .replace(' ', '-'))
          .collect(Collectors.toSet());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The members of the types of the project, by the simple name of the type. */
  private static final class Members {

    private static final Map<String, Set<String>> OF = all();

    private Members() {}

    private static Map<String, Set<String>> all() {
      Map<String, Set<String>> all = new HashMap<>();
      for (JavaClass type : ProjectClasses.ALL) {
        Set<String> members = all.computeIfAbsent(type.getSimpleName(), any -> new HashSet<>());
        type.getAllMembers().stream().map(JavaMember::getName).forEach(members::add);
        ProjectClasses.ALL.stream()
            .filter(other -> other.getName().startsWith(type.getName() + "$"))
            .forEach(nested -> members.add(nested.getSimpleName()));
      }
      return all;
    }
  }

  /** The sources of the tests, by their names. */
  private static final class Tests {

    private static final Map<String, String> SOURCES = all();

    private Tests() {}

    static boolean have(String name, @Nullable String method) {
      String source = SOURCES.get(name);
      return source != null && (method == null || source.contains(" " + method + "("));
    }

    private static Map<String, String> all() {
      try (Stream<Path> files = Stream.of("mig-model", "mig-k8s", "mig-examples", ".ci")
          .map(ROOT::resolve)
          .flatMap(Tests::walk)) {
        return files
            .filter(file -> file.toString().endsWith("Test.java"))
            .collect(Collectors.toMap(
                file -> file.getFileName().toString().replace(".java", ""),
                Tests::read,
                String::concat));
      }
    }

    private static Stream<Path> walk(Path folder) {
      try {
        return Files.walk(
            folder.getFileName().toString().equals(".ci") ? folder : folder.resolve("src"));
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    private static String read(Path file) {
      try {
        return Files.readString(file);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
