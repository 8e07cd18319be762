package io.github.mig4j;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The dependency rule of this module: gpu is below everything, and nothing here touches the world. */
@AnalyzeClasses(packages = "io.github.mig4j", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String ROOT = "io.github.mig4j.";

  @ArchTest
  static final ArchRule gpu_knowsNoOtherPackage = knowsOnly("gpu");

  @ArchTest
  static final ArchRule layout_knowsOnlyGpu = knowsOnly("layout", "gpu");

  @ArchTest
  static final ArchRule config_knowsOnlyLayoutGpuAndYaml =
      knowsOnly("config", "layout", "gpu", "yaml");

  @ArchTest
  static final ArchRule fleet_knowsOnlyLayoutAndGpu = knowsOnly("fleet", "layout", "gpu");

  @ArchTest
  static final ArchRule sharing_knowsOnlyGpuAndYaml = knowsOnly("sharing", "gpu", "yaml");

  @ArchTest
  static final ArchRule yaml_knowsNoOtherPackage = knowsOnly("yaml");

  @ArchTest
  static final ArchRule nothing_knowsKubernetes =
      noClasses().should().dependOnClassesThat().resideInAnyPackage("io.fabric8..", "org.slf4j..");

  @ArchTest
  static final ArchRule nothing_readsFilesOrTheNetwork_butTheCatalogueItsResource = noClasses()
      .that()
      .doNotHaveFullyQualifiedName(ROOT + "gpu.CatalogFile")
      .should()
      .dependOnClassesThat(
          resideInAnyPackage("java.nio.file..", "java.nio.channels..", "java.net..")
              .or(inputOrOutput()));

  @ArchTest
  static final ArchRule nothing_readsTheClock_orStartsThreads = noClasses()
      .should()
      .dependOnClassesThat(resideInAnyPackage("java.time..", "java.util.concurrent..")
          .or(JavaClass.Predicates.assignableTo(Thread.class))
          .or(JavaClass.Predicates.assignableTo(java.util.Timer.class)))
      .orShould()
      .callMethod(System.class, "currentTimeMillis")
      .orShould()
      .callMethod(System.class, "nanoTime");

  private static ArchRule knowsOnly(String room, String... below) {
    String[] allowed = new String[below.length + 1];
    allowed[0] = ROOT + room;
    for (int i = 0; i < below.length; i++) {
      allowed[i + 1] = ROOT + below[i];
    }
    return noClasses()
        .that()
        .resideInAPackage(ROOT + room)
        .should()
        .dependOnClassesThat(
            resideInAPackage(ROOT + "*").and(DescribedPredicate.not(resideInAnyPackage(allowed))))
        .allowEmptyShould(true);
  }

  private static DescribedPredicate<JavaClass> inputOrOutput() {
    return DescribedPredicate.describe(
        "read or write files and streams",
        c -> c.getPackageName().equals("java.io")
            && (c.getSimpleName().startsWith("File") || c.getSimpleName().endsWith("Stream")));
  }
}
