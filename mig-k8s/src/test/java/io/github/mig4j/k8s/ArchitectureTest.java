package io.github.mig4j.k8s;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
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
import java.util.Set;
import java.util.stream.Stream;

/** Which way dependencies point in this module, and which of fabric8's types its users meet. */
@AnalyzeClasses(
    packages = "io.github.mig4j.k8s",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String ROOT = "io.github.mig4j.k8s";

  /** The client in factories and adapters, and the resources of pods. */
  private static final Set<String> MET = Set.of(
      KubernetesClient.class.getName(),
      Client.class.getName(),
      ResourceRequirements.class.getName(),
      PodResourceClaim.class.getName());

  @ArchTest
  static final ArchRule nothingBelow_knowsTheSimulator = noClasses()
      .that()
      .resideOutsideOfPackage(ROOT + ".simulator..")
      .should()
      .dependOnClassesThat(resideInAPackage(ROOT + ".simulator.."));

  @ArchTest
  static final ArchRule k8s_knowsNoPackageAboveIt = noClasses()
      .that()
      .resideInAPackage(ROOT)
      .should()
      .dependOnClassesThat()
      .resideInAnyPackage(ROOT + ".rollout..", ROOT + ".sharing..", ROOT + ".dra..");

  @ArchTest
  static final ArchRule requests_knowOfK8sOnlySettingsLabelsAndFailures = classes()
      .that()
      .resideInAPackage(ROOT + ".internal..")
      .should()
      .onlyDependOnClassesThat(resideInAPackage(ROOT + ".internal..")
          .or(JavaClass.Predicates.simpleNameStartingWith("Mig"))
          .or(JavaClass.Predicates.simpleName("Labels"))
          .or(resideInAPackage("java..")
              .or(resideInAPackage("io.fabric8.."))
              .or(resideInAPackage("io.github.mig4j.gpu.."))
              .or(resideInAPackage("com.fasterxml.jackson.annotation.."))
              .or(resideInAPackage("org.slf4j.."))
              .or(resideInAPackage("org.jspecify.."))));

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
        if (synthetic || overrides) {
          return;
        }
        Stream.concat(
                method.getAllInvolvedRawTypes().stream(), Stream.of(method.getRawReturnType()))
            .filter(type -> type.getPackageName().startsWith("io.fabric8"))
            .filter(type -> !MET.contains(type.getName()))
            .forEach(type -> events.add(SimpleConditionEvent.violated(
                method, method.getFullName() + " shows " + type.getName())));
      }
    };
  }
}
