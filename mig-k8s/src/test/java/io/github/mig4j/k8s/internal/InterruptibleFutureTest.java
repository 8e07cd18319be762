package io.github.mig4j.k8s.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class InterruptibleFutureTest {

  static Stream<Named<Consumer<CompletableFuture<String>>>> ends() {
    return Stream.of(
        Named.of("cancel", future -> future.cancel(true)),
        Named.of(
            "completeExceptionally",
            future -> future.completeExceptionally(new IllegalStateException())),
        Named.of("complete", future -> future.complete("other")),
        Named.of("orTimeout", future -> future.orTimeout(1, TimeUnit.NANOSECONDS)),
        Named.of(
            "completeOnTimeout",
            future -> future.completeOnTimeout("other", 1, TimeUnit.NANOSECONDS)));
  }

  @ParameterizedTest
  @MethodSource("ends")
  void anyEndOfTheFuture_interruptsTheCall(Consumer<CompletableFuture<String>> end)
      throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    CompletableFuture<String> future = InterruptibleFuture.start(Thread::new, "call", () -> {
      begun.countDown();
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        interrupted.countDown();
      }
      return "late";
    });
    begun.await();

    end.accept(future);

    assertThat(interrupted.await(50, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void start_usesAThreadOfTheFactory_underItsOwnName() {
    CompletableFuture<Thread> made = new CompletableFuture<>();

    CompletableFuture<Thread> ran = InterruptibleFuture.start(
        task -> {
          Thread thread = new Thread(task);
          made.complete(thread);
          return thread;
        },
        "call",
        Thread::currentThread);

    assertThat(ran.join()).isSameAs(made.join());
    assertThat(ran.join().getName()).isEqualTo("call");
  }
}
