package io.github.mig4j.k8s.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RequestedConfigTest {

  @Test
  void next_whileBusy_lastValueWins_andNothingIsQueued() throws Exception {
    var requested = new RequestedConfig("a");
    assertThat(requested.next()).isEqualTo("a");

    requested.set("b");
    requested.set("c");

    assertThat(requested.next()).isEqualTo("c");
    assertThat(waiting(requested)).isNotDone();
  }

  @Test
  void next_whileBusy_aToBToA_isInvisible() throws Exception {
    var requested = new RequestedConfig("a");
    assertThat(requested.next()).isEqualTo("a");

    requested.set("b");
    requested.set("a");
    var next = waiting(requested);

    assertThat(next).isNotDone();
    requested.set("c");
    assertThat(next.get(30, TimeUnit.SECONDS)).isEqualTo("c");
  }

  @Test
  void next_whileIdle_ignoresTheEmptyValue_butNotWhatComesAfterIt() throws Exception {
    var requested = new RequestedConfig("a");
    assertThat(requested.next()).isEqualTo("a");
    var next = waiting(requested);

    requested.set("");
    assertThat(next).isNotDone();
    requested.set("a");

    assertThat(next.get(30, TimeUnit.SECONDS)).isEqualTo("a");
  }

  @Test
  void next_whileBusy_seesTheEmptyValue() throws Exception {
    var requested = new RequestedConfig("a");
    assertThat(requested.next()).isEqualTo("a");

    requested.set("");

    assertThat(requested.next()).isEmpty();
  }

  @Test
  void next_withoutAnyValue_waits() {
    assertThat(waiting(new RequestedConfig(""))).isNotDone();
  }

  /** A reader that is known to wait. */
  private static CompletableFuture<String> waiting(RequestedConfig requested) {
    var next = new CompletableFuture<String>();
    var thread = new Thread(() -> {
      try {
        next.complete(requested.next());
      } catch (InterruptedException e) {
        next.completeExceptionally(e);
      }
    });
    thread.setDaemon(true);
    thread.start();
    while (thread.getState() != Thread.State.WAITING && !next.isDone()) {
      Thread.onSpinWait();
    }
    return next;
  }
}
