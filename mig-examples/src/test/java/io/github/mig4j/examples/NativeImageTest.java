package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.properties.CanBeAnnotated;
import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The metadata for native images names what a program loads by name: the resources of each module, and
 * the types that Jackson looks into.
 *
 * <p>{@code -Dmig4j.docs=write} writes it.
 */
class NativeImageTest {

  private static final String JACKSON = "com.fasterxml.jackson.annotation";
  private static final Pattern TYPE = Pattern.compile("io/github/mig4j/.+|META-INF/services/.+");

  private enum Module {
    MODEL("mig-model", ""),
    K8S("mig-k8s", "io.github.mig4j.k8s.diagnosis.FailureCatalogue$File");

    private final String name;

    /** What Jackson makes of the module's resource, if it does. */
    private final String file;

    Module(String name, String file) {
      this.name = name;
      this.file = file;
    }

    Path resources() {
      return Path.of("..", name, "src", "main", "resources");
    }

    Path metadata(String file) {
      return resources()
          .resolve(Path.of("META-INF", "native-image", "io.github.mig4j", name, file));
    }

    boolean has(JavaClass type) {
      boolean isK8s = type.getPackageName().matches("io\\.github\\.mig4j\\.k8s(\\..*)?");
      return type.getPackageName().matches("io\\.github\\.mig4j(\\.(?!examples).*)?")
          && isK8s == (this == K8S);
    }
  }

  @ParameterizedTest
  @EnumSource
  void resources_areAllOfTheModule(Module module) throws IOException {
    Set<String> present;
    try (Stream<Path> files = Files.walk(module.resources())) {
      present = new TreeSet<>(files
          .filter(Files::isRegularFile)
          .map(file -> module.resources().relativize(file).toString().replace('\\', '/'))
          .filter(name -> TYPE.matcher(name).matches())
          .toList());
    }
    ObjectNode wanted = JsonNodeFactory.instance.objectNode();
    ArrayNode includes = wanted.putObject("resources").putArray("includes");
    present.forEach(name -> includes.addObject().put("pattern", Pattern.quote(name)));

    assertWritten(module.metadata("resource-config.json"), wanted);
    assertThat(present)
        .allSatisfy(name -> assertThat(NativeImageTest.class.getClassLoader().getResource(name))
            .as(name)
            .isNotNull());
  }

  @ParameterizedTest
  @EnumSource
  void types_areThoseThatJacksonLooksInto_andServices(Module module) throws IOException {
    ArrayNode wanted = JsonNodeFactory.instance.arrayNode();
    reflective(module)
        .forEach(name -> wanted
            .addObject()
            .put("name", name)
            .put("allDeclaredConstructors", true)
            .put("allDeclaredMethods", true)
            .put("allDeclaredFields", true));

    assertWritten(module.metadata("reflect-config.json"), wanted);
  }

  @Test
  void profiles_andFailures_areReadThroughTheseTypes() throws IOException {
    assertThat(reflective(Module.MODEL)).contains("io.github.mig4j.gpu.MigProfile");
    assertThat(reflective(Module.K8S))
        .contains(
            "io.github.mig4j.k8s.MigExtension",
            "io.github.mig4j.k8s.diagnosis.FailureCatalogue$Failure",
            "io.github.mig4j.k8s.diagnosis.FailureCode");
  }

  private static Set<String> reflective(Module module) throws IOException {
    Set<String> names = new TreeSet<>();
    Deque<JavaClass> left = new ArrayDeque<>();
    for (JavaClass type : ProjectClasses.ALL) {
      if (module.has(type)
          && (type.getName().equals(module.file)
              || isAnnotated(type)
              || type.isAssignableTo(JsonForm.class)
              || type.isAssignableTo(JsonName.class))) {
        left.add(type);
        // An interface with annotations has its values in the classes that Immutables generates.
        left.addAll(type.getAllSubclasses());
      }
    }
    while (!left.isEmpty()) {
      JavaClass type = left.remove();
      if (module.has(type) && !type.isArray() && names.add(type.getName())) {
        // The components of records, and what lists and maps of them contain.
        if (type.isRecord()) {
          type.getFields().stream()
              .flatMap(field -> field.getAllInvolvedRawTypes().stream())
              .forEach(left::add);
        }
      }
    }
    for (String service : services(module)) {
      names.add(service);
    }
    return names;
  }

  /** The type or one of its members has an annotation of Jackson. */
  private static boolean isAnnotated(JavaClass type) {
    return Stream.concat(Stream.<CanBeAnnotated>of(type), type.getMembers().stream())
        .anyMatch(element -> element.isAnnotatedWith(DescribedPredicate.describe(
            "of Jackson", annotation -> annotation.getRawType().getPackageName().equals(JACKSON))));
  }

  private static List<String> services(Module module) throws IOException {
    Path folder = module.resources().resolve(Path.of("META-INF", "services"));
    if (!Files.exists(folder)) {
      return List.of();
    }
    List<String> names = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        names.addAll(Files.readAllLines(file));
      }
    }
    return names;
  }

  private static void assertWritten(Path file, JsonNode wanted) throws IOException {
    var mapper = JsonMapper.builder().build();
    if ("write".equals(System.getProperty("mig4j.docs"))) {
      Files.createDirectories(file.getParent());
      Files.writeString(
          file, mapper.writerWithDefaultPrettyPrinter().writeValueAsString(wanted) + "\n");
    }

    assertThat(mapper.readTree(Files.readString(file))).isEqualTo(wanted);
  }
}
