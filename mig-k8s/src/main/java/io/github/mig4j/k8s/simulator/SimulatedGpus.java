package io.github.mig4j.k8s.simulator;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A node with GPUs on a simulated cluster, for a JUnit test.
 *
 * <pre>{@code
 * @Test
 * @SimulatedGpus(gpu = "NVIDIA-B200", count = 2)
 * void disable_offersWholeGpus(MigClient mig) {
 *   new GpuService(mig).disable("gpu-node");
 *
 *   assertThat(mig.node("gpu-node").status().allocatable()).containsEntry("nvidia.com/gpu", 2L);
 * }
 * }</pre>
 *
 * <p>Each test has a cluster of its own, which is ready when the test begins and closed when it ends. A
 * test method and its {@code @BeforeEach} and {@code @AfterEach} methods can have parameters of the types
 * {@code KubernetesClient}, {@code MigClient} and {@link GpuOperatorSimulator}; a constructor and a
 * {@code @BeforeAll} method cannot, because no test has begun. The operator's strategy is
 * {@code mixed}, and it reads the ConfigMap {@code mig-config}, which contains {@code all-disabled}. {@code
 * MigClient.operator()} changes both.
 *
 * <p>Repeat the annotation for several nodes. Annotations on a method replace those on its class. JUnit 5
 * and {@code io.fabric8:kubernetes-server-mock} are optional dependencies of this library, so that the
 * test's project declares them.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@Repeatable(SimulatedGpus.Nodes.class)
@ExtendWith(SimulatedGpusExtension.class)
public @interface SimulatedGpus {

  /**
   * The node's name.
   *
   * @return {@code gpu-node} by default
   */
  String node() default "gpu-node";

  /**
   * The model of the GPUs.
   *
   * @return an id, name or product label of the bundled catalogue, e.g. {@code NVIDIA-B200}
   */
  String gpu();

  /**
   * The number of GPUs.
   *
   * @return at least 1, which is the default
   */
  int count() default 1;

  /** Several nodes; the compiler writes this annotation for repeated ones. */
  @Documented
  @Inherited
  @Retention(RetentionPolicy.RUNTIME)
  @Target({ElementType.TYPE, ElementType.METHOD})
  @ExtendWith(SimulatedGpusExtension.class)
  @interface Nodes {

    /**
     * The nodes.
     *
     * @return one or more
     */
    SimulatedGpus[] value();
  }
}
