package io.github.mig4j;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;

/**
 * Checks the order of the packages of this module, and that none of them has I/O, clock or threads.
 */
@AnalyzeClasses(packages = "io.github.mig4j", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String ROOT = "io.github.mig4j.";

  /** The packages of this module in order: each uses only the packages before it and the root. */
  private static final List<String> ORDER =
      List.of("text", "lint", "gpu", "layout", "config", "sharing", "node", "fleet", "plan");

  @ArchTest
  static void everyPackage_usesOnlyThoseBeforeIt(JavaClasses classes) {
    for (int i = 0; i < ORDER.size() - 1; i++) {
      String[] later =
          ORDER.subList(i + 1, ORDER.size()).stream().map(ROOT::concat).toArray(String[]::new);
      noClasses()
          .that()
          .resideInAPackage(ROOT + ORDER.get(i))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(later)
          .check(classes);
    }
  }

  @ArchTest
  static void everyPackage_isInTheOrder(JavaClasses classes) {
    assertThat(classes.stream()
            .map(JavaClass::getPackageName)
            .filter(name -> name.startsWith(ROOT))
            .distinct())
        .containsExactlyInAnyOrderElementsOf(ORDER.stream().map(ROOT::concat).toList());
  }

  @ArchTest
  static final ArchRule packages_formNoCycle =
      slices().matching("io.github.mig4j.(**)").should().beFreeOfCycles();

  /** A node of a plan can be given to a fleet. Beside that the planner knows no type of the engine. */
  @ArchTest
  static final ArchRule thePlanner_knowsNothingOfTheEngine_butAFleetsGpu = noClasses()
      .that()
      .resideInAPackage(ROOT + "plan")
      .should()
      .dependOnClassesThat(resideInAnyPackage(ROOT + "fleet")
          .and(DescribedPredicate.describe(
              "are not FleetGpu", c -> !c.getName().startsWith(ROOT + "fleet.FleetGpu"))));

  @ArchTest
  static final ArchRule nothing_knowsKubernetes =
      noClasses().should().dependOnClassesThat().resideInAnyPackage("io.fabric8..", "org.slf4j..");

  @ArchTest
  static final ArchRule nothing_readsFilesOrTheNetwork_butTheTablesTheirResource = noClasses()
      .that()
      .doNotHaveFullyQualifiedName(ROOT + "gpu.CatalogFile")
      .and()
      .doNotHaveFullyQualifiedName(ROOT + "node.VersionRules")
      .should()
      .dependOnClassesThat(
          resideInAnyPackage("java.nio.file..", "java.nio.channels..", "java.net..")
              .or(inputOrOutput()));

  @ArchTest
  static final ArchRule nothing_readsTheClock_orStartsThreads = noClasses()
      .should()
      .dependOnClassesThat(resideInAnyPackage("java.util.concurrent..")
          .or(JavaClass.Predicates.assignableTo(java.time.Clock.class))
          .or(JavaClass.Predicates.assignableTo(Thread.class))
          .or(JavaClass.Predicates.assignableTo(java.util.Timer.class)))
      .orShould()
      .callMethod(System.class, "currentTimeMillis")
      .orShould()
      .callMethod(System.class, "nanoTime")
      .orShould()
      .callMethodWhere(DescribedPredicate.describe(
          "it reads the time",
          call -> call.getTarget().getName().equals("now")
              && call.getTarget().getOwner().getPackageName().startsWith("java.time")));

  private static DescribedPredicate<JavaClass> inputOrOutput() {
    return DescribedPredicate.describe(
        "read or write files and streams",
        c -> c.getPackageName().equals("java.io")
            && (c.getSimpleName().startsWith("File") || c.getSimpleName().endsWith("Stream")));
  }
}
