package io.github.mig4j.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.rollout.FleetServer;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.parallel.Isolated;

/** What a reconciler of {@code -Dmig4j.reconcile.scale=N} nodes takes; the API server is another process. */
@Isolated
@EnabledIfSystemProperty(named = "mig4j.reconcile.scale", matches = "[0-9]+")
class ReconcilerScaleTest {

  private static final int NODES = Integer.getInteger("mig4j.reconcile.scale", 0);

  @Test
  void manyNodes_takeLittle() throws Exception {
    Process server = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx1500m",
            "-cp",
            System.getProperty("java.class.path"),
            FleetServer.class.getName(),
            String.valueOf(NODES))
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
    String url = new BufferedReader(
            new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8))
        .readLine();
    try (KubernetesClient client = client(url);
        KubernetesClient admin = client(url)) {
      measure(client, admin);
    } finally {
      server.destroyForcibly();
    }
  }

  private static KubernetesClient client(String url) {
    return new KubernetesClientBuilder()
        .withConfig(FleetServer.config(url).build())
        .build();
  }

  private static void measure(KubernetesClient client, KubernetesClient admin) throws Exception {
    MigPolicy policy = MigPolicy.builder()
        .name("whole")
        .nodes(PolicyNodes.withLabels(Map.of("nvidia.com/gpu.product", "NVIDIA-B200")))
        .putGpus("b200-180gb", PolicyTarget.Whole.WHOLE)
        .held(true)
        .build();
    Set<String> declared = ConcurrentHashMap.newKeySet();
    CountDownLatch all = new CountDownLatch(NODES);
    CountDownLatch drift = new CountDownLatch(1);
    long heap = heap();
    long start = System.nanoTime();
    try (Reconciler.Running running = MigClient.of(client)
        .reconciler(List.of(policy))
        .onOutcome(outcome -> {
          if (!(outcome.standing() instanceof NodeStanding.AsDeclared)) {
            drift.countDown();
          } else if (declared.add(outcome.node())) {
            all.countDown();
          }
        })
        .start()) {
      assertThat(all.await(10, TimeUnit.MINUTES)).isTrue();
      report("all judged after", Duration.ofNanos(System.nanoTime() - start).toMillis() + " ms");
      report("memory per node", (heap() - heap) / NODES + " bytes");
      long cpu = cpu();
      patch(admin, FleetServer.name(0), "nvidia.com/gfd.timestamp");
      int events = Math.min(NODES - 1, 500);
      for (int i = 0; i < events; i++) {
        patch(admin, FleetServer.name(i), "example.com/heartbeat");
      }
      long changed = System.nanoTime();
      patch(admin, FleetServer.name(NODES - 1), "nvidia.com/mig.config.state");
      assertThat(drift.await(1, TimeUnit.MINUTES)).isTrue();
      report("detected after", Duration.ofNanos(System.nanoTime() - changed).toMillis() + " ms");
      report("CPU per event", (cpu() - cpu) / 1000 / (events + 2) + " us");
      assertThat(running.outcomes()).hasSize(NODES);
    }
  }

  private static void patch(KubernetesClient admin, String node, String label) {
    admin
        .nodes()
        .withName(node)
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"metadata\": {\"labels\": {\"%s\": \"failed\"}}}".formatted(label));
  }

  private static void report(String what, String value) {
    System.out.println("reconciler of %d nodes: %s %s".formatted(NODES, what, value));
  }

  private static long heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  /** Of the thread that judges, in ns. */
  private static long cpu() {
    var threads = ManagementFactory.getThreadMXBean();
    for (long id : threads.getAllThreadIds()) {
      var info = threads.getThreadInfo(id);
      if (info != null && info.getThreadName().equals("mig4j-reconciler")) {
        return threads.getThreadCpuTime(id);
      }
    }
    return 0;
  }
}
