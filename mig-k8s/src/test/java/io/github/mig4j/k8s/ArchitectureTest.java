package io.github.mig4j.k8s;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.client.Client;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Which way dependencies point in this module, and which of fabric8's types its users meet. */
@AnalyzeClasses(
    packages = "io.github.mig4j.k8s",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String ROOT = "io.github.mig4j.k8s";

  /** Nodes, pods and the like, which a caller has in an informer's cache and gives to a factory. */
  private static final String OBJECTS = "io.fabric8.kubernetes.api.model";

  /** The types that ARCHITECTURE lists as public for Java alone. */
  private static final Set<String> NOT_API = notApi();

  /** The client in factories and adapters, and the resources of pods. */
  private static final Set<String> MET = Set.of(
      KubernetesClient.class.getName(),
      Client.class.getName(),
      ResourceRequirements.class.getName(),
      PodResourceClaim.class.getName());

  /** The packages of this module, each of which uses only those before it. */
  private static final List<String> ORDER = List.of(
      ".cluster",
      ".internal",
      ".config",
      ".dra",
      ".node",
      ".diagnosis",
      ".check",
      ".change",
      ".rollout",
      ".reconcile",
      ".metrics",
      "",
      ".simulator");

  @ArchTest
  static void everyPackage_usesOnlyThoseBeforeIt(JavaClasses classes) {
    for (int i = 0; i < ORDER.size(); i++) {
      String[] later =
          ORDER.subList(i + 1, ORDER.size()).stream().map(ROOT::concat).toArray(String[]::new);
      if (later.length > 0) {
        noClasses()
            .that()
            .resideInAPackage(ROOT + ORDER.get(i))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(later)
            .check(classes);
      }
    }
  }

  @ArchTest
  static void everyPackage_isInTheOrder(JavaClasses classes) {
    assertThat(classes.stream().map(JavaClass::getPackageName).distinct())
        .containsExactlyInAnyOrderElementsOf(ORDER.stream().map(ROOT::concat).toList());
  }

  @ArchTest
  static final ArchRule packages_formNoCycle =
      slices().matching("io.github.mig4j.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule publicMethods_showNoTypeOfFabric8_butTheClientAndPodResources = methods()
      .that()
      .arePublic()
      .and()
      .areDeclaredInClassesThat()
      .arePublic()
      .and()
      .areDeclaredInClassesThat()
      .resideOutsideOfPackage(ROOT + ".internal..")
      .should(showNoOtherTypeOfFabric8());

  /** Comments may show them as a cluster prints them. */
  @ArchTest
  static void namesOfResources_areThoseOfTheModel(JavaClasses classes) {
    assertThat(linesWith("\"nvidia\\.com/(gpu|mig-)\"")).isEmpty();
  }

  /** Each one looks for every kind of fabric8, which takes a while. */
  @ArchTest
  static void objects_areReadByOneSerialization(JavaClasses classes) {
    assertThat(linesWith("new KubernetesSerialization\\(")).hasSize(1);
  }

  private static List<String> linesWith(String code) {
    Pattern pattern = Pattern.compile(code);
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      List<String> found = new ArrayList<>();
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.readString(file)
            .lines()
            .filter(
                line -> !line.strip().startsWith("*") && pattern.matcher(line).find())
            .forEach(line -> found.add(file.getFileName() + ": " + line.strip()));
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Set<String> notApi() {
    try {
      return Files.readString(Path.of("../ARCHITECTURE.md"))
          .lines()
          .filter(line -> line.contains("| not API"))
          .flatMap(line -> Pattern.compile("`(\\w+)`").matcher(line).results())
          .map(match -> match.group(1))
          .collect(Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ArchCondition<JavaMethod> showNoOtherTypeOfFabric8() {
    return new ArchCondition<>("show no other type of fabric8") {
      @Override
      public void check(JavaMethod method, ConditionEvents events) {
        boolean synthetic = method.getModifiers().contains(JavaModifier.SYNTHETIC)
            || method.getModifiers().contains(JavaModifier.BRIDGE);
        boolean overrides = method.getOwner().getAllRawSuperclasses().stream()
                .anyMatch(parent -> parent.getPackageName().startsWith("io.fabric8"))
            || method.getOwner().getAllRawInterfaces().stream()
                .anyMatch(parent -> parent.getPackageName().startsWith("io.fabric8"));
        if (synthetic || overrides || NOT_API.contains(method.getOwner().getSimpleName())) {
          return;
        }
        boolean factory =
            method.getName().equals("of") && method.getModifiers().contains(JavaModifier.STATIC);
        Stream.concat(
                method.getAllInvolvedRawTypes().stream(), Stream.of(method.getRawReturnType()))
            .filter(type -> type.getPackageName().startsWith("io.fabric8"))
            .filter(type -> !MET.contains(type.getName()))
            .filter(type -> !(factory && type.getPackageName().equals(OBJECTS)))
            .forEach(type -> events.add(SimpleConditionEvent.violated(
                method, method.getFullName() + " shows " + type.getName())));
      }
    };
  }
}
