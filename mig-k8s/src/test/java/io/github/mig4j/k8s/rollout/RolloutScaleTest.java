package io.github.mig4j.k8s.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.k8s.rollout.RolloutEvent.NodeEnded;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * A rollout over a fleet of {@code -Dmig4j.fleet=N} nodes, 100 unless set, of which three fail. The API
 * server and the nodes are a process of their own, and no other test runs beside it, so that what this one
 * takes is the client's.
 */
@Isolated
class RolloutScaleTest {

  private static final int NODES = Integer.getInteger("mig4j.fleet", 100);
  private static final Duration LONG = Duration.ofMinutes(30);
  private static final List<Integer> FAILING = List.of(NODES / 4, NODES / 2, NODES * 3 / 4);

  private Process server;
  private String url;

  @BeforeEach
  void startServer() throws IOException {
    server = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx1500m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            FleetServer.class.getName(),
            String.valueOf(NODES),
            FAILING.get(0).toString(),
            FAILING.get(1).toString(),
            FAILING.get(2).toString())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
    url = new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8))
        .readLine();
    try (Controller publisher = controller()) {
      var map = publisher.mig().configMap("mig-config");
      map.merge("all-disabled", MigConfigSpec.allDisabled());
      map.merge("small", RolloutTest.SMALL);
    }
  }

  @AfterEach
  void stopServer() {
    server.destroyForcibly();
  }

  private Controller controller() {
    return new Controller(FleetServer.config(url).build());
  }

  private static Rollout rollout(Controller by) {
    return by.mig()
        .rollout("fleet")
        .nodes("nvidia.com/gpu.product=NVIDIA-B200")
        .config("small")
        .maxUnavailable(Amount.nodes(50))
        .stopAfterFailures(4)
        .onFailure(RollBack.FAILED)
        .timings(RolloutTest.QUICK)
        .nodeDeadline(LONG)
        .lease(Duration.ofSeconds(5));
  }

  @Test
  void run_threeNodesFail_areRolledBack_andTheOthersVerified_withFewRequests() throws Exception {
    try (Controller controller = controller()) {
      long heapBefore = heap();
      long cpuBefore = cpu();
      long start = System.nanoTime();
      AtomicInteger ended = new AtomicInteger();
      long[] heapHalfway = new long[1];

      RolloutStatus end = rollout(controller)
          .onProgress(event -> {
            if (event instanceof NodeEnded && ended.incrementAndGet() == NODES / 2) {
              heapHalfway[0] = heap();
            }
          })
          .start()
          .get(LONG.toMinutes(), TimeUnit.MINUTES);

      report(controller, System.nanoTime() - start, cpu() - cpuBefore, heapHalfway[0] - heapBefore);
      assertEnd(end);
      int patches = controller.requests("PATCH /api/v1/nodes/.*");
      int conflicts = controller.conflicts("patch node");
      // The request and the end of each node, and of the way back of each that failed. A patch that
      // was
      // tried on a version which the watch had not updated yet is repeated.
      assertThat(patches - conflicts).isEqualTo(2 * (NODES + FAILING.size()));
      assertThat(conflicts).isLessThan(NODES / 2);
      assertThat(controller.requests("GET /api/v1/nodes/.*")).isLessThan(NODES);
      assertThat(controller.requests("WATCH /api/v1/(nodes|pods)")).isBetween(2, 20);
      assertThat(controller.requests(".*/configmaps/mig-config")).isLessThan(10);
      assertThat(controller.requests(".* /apis/(nvidia.com|authorization.k8s.io)/.*"))
          .isLessThan(60);
    }
  }

  @Test
  void run_afterTwoCrashes_hasTheSameEnd() throws Exception {
    killAfter(NODES / 3);
    killAfter(NODES / 3);

    try (Controller last = controller()) {
      assertEnd(rollout(last).start().get(LONG.toMinutes(), TimeUnit.MINUTES));
    }
  }

  private void killAfter(int nodes) throws Exception {
    try (Controller mortal = controller()) {
      AtomicInteger ended = new AtomicInteger();
      CompletableFuture<Void> reached = new CompletableFuture<>();
      CompletableFuture<RolloutStatus> work = rollout(mortal)
          .onProgress(event -> {
            if (event instanceof NodeEnded && ended.incrementAndGet() == nodes) {
              reached.complete(null);
            }
          })
          .start();
      reached.get(LONG.toMinutes(), TimeUnit.MINUTES);
      mortal.kill(work);
    }
  }

  private void assertEnd(RolloutStatus end) {
    assertThat(end.phase()).isEqualTo(RolloutPhase.DONE);
    assertThat(end.outcomes()).hasSize(NODES);
    assertThat(end.outcomes(NodeOutcome.Verified.class)).hasSize(NODES - 3);
    assertThat(end.outcomes(NodeOutcome.RolledBack.class))
        .extracting(NodeOutcome::node)
        .containsExactlyElementsOf(FAILING.stream().map(FleetServer::name).toList());
    try (Controller observer = controller()) {
      var left = observer.mig().nodes().stream()
          .filter(node -> node.config().filter(c -> c.startsWith("small-")).isEmpty()
              || !node.allocatable().toString().equals("{nvidia.com/mig-1g.23gb=56}"))
          .toList();
      assertThat(left)
          .extracting(
              node -> node.node() + " " + node.config().orElse("") + " " + node.allocatable())
          .containsExactlyElementsOf(FAILING.stream()
              .map(i -> FleetServer.name(i) + " all-disabled {nvidia.com/gpu=8}")
              .toList());
    }
  }

  private static long cpu() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
  }

  private static long heap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static void report(Controller controller, long nanos, long cpuNanos, long heap) {
    System.out.printf(
        Locale.ROOT,
        "fleet of %d nodes: %.0f s, %.1f ms CPU and %.1f KiB heap per node,"
            + " requests per node: %.2f patches, of which %.2f conflicts, %.2f reads, %.2f of all else%n",
        NODES,
        nanos / 1e9,
        cpuNanos / 1e6 / NODES,
        heap / 1024.0 / NODES,
        controller.requests("PATCH /api/v1/nodes/.*") / (double) NODES,
        controller.conflicts("patch node") / (double) NODES,
        controller.requests("GET /api/v1/nodes/.*") / (double) NODES,
        (controller.requests() - controller.requests(".* /api/v1/nodes/.*")) / (double) NODES);
  }
}
