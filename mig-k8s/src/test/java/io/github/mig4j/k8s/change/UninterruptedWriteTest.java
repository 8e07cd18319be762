package io.github.mig4j.k8s.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.k8s.cluster.MigConflictException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class UninterruptedWriteTest {

  @Test
  void run_interruptedMeanwhile_returnsTheResult_andKeepsTheFlag() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch answered = new CountDownLatch(1);
    CompletableFuture<String> result = new CompletableFuture<>();
    CompletableFuture<Boolean> flag = new CompletableFuture<>();
    Thread caller = new Thread(() -> {
      try {
        result.complete(UninterruptedWrite.run(Thread::new, () -> {
          begun.countDown();
          return afterwards(answered);
        }));
      } catch (RuntimeException e) {
        result.completeExceptionally(e);
      }
      flag.complete(Thread.currentThread().isInterrupted());
    });
    caller.start();

    begun.await();
    caller.interrupt();
    answered.countDown();

    assertThat(result.get()).isEqualTo("written");
    assertThat(flag.get()).isTrue();
  }

  @Test
  void run_interruptedBefore_writesNothing() {
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> UninterruptedWrite.run(Thread::new, () -> {
          throw new AssertionError("written");
        }))
        .isInstanceOf(CancellationException.class)
        .hasMessage("Interrupted before a write");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void run_failure_isThrownAsItIs() {
    var conflict = new MigConflictException("lost");

    assertThatThrownBy(() -> UninterruptedWrite.run(Thread::new, () -> {
          throw conflict;
        }))
        .isSameAs(conflict);
  }

  private static String afterwards(CountDownLatch answered) {
    try {
      answered.await();
      return "written";
    } catch (InterruptedException e) {
      return "interrupted";
    }
  }
}
