package io.github.mig4j.k8s.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SharedAnswersTest {

  private final SharedAnswers<String, String> answers = new SharedAnswers<>(Duration.ofDays(1));

  @Test
  void get_again_sendsNoSecondRequest() {
    assertThat(answers.get("a", () -> "first")).isEqualTo("first");
    assertThat(answers.get("a", () -> "second")).isEqualTo("first");
    assertThat(answers.get("b", () -> "second")).isEqualTo("second");
  }

  @Test
  void get_afterTheLifetime_sendsAnotherRequest() {
    SharedAnswers<String, String> shortLived = new SharedAnswers<>(Duration.ZERO);

    assertThat(shortLived.get("a", () -> "first")).isEqualTo("first");
    assertThat(shortLived.get("a", () -> "second")).isEqualTo("second");
  }

  @Test
  void get_afterAFailure_sendsAnotherRequest() {
    assertThatThrownBy(() -> answers.get("a", () -> {
          throw new IllegalStateException("no answer");
        }))
        .hasMessage("no answer");

    assertThat(answers.get("a", () -> "second")).isEqualTo("second");
  }

  /** A lock that is held during the request could not be interrupted. */
  @Test
  void get_duringTheRequestOfAnotherThread_canBeInterrupted() throws Exception {
    CountDownLatch sent = new CountDownLatch(1);
    CompletableFuture<String> answer = new CompletableFuture<>();
    CompletableFuture<String> first = CompletableFuture.supplyAsync(() -> answers.get("a", () -> {
      sent.countDown();
      return answer.join();
    }));
    sent.await();

    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> answers.get("a", () -> "second"))
        .isInstanceOf(CancellationException.class)
        .hasMessage("Interrupted while another thread requests a");
    assertThat(Thread.interrupted()).isTrue();

    answer.complete("first");
    assertThat(first.get()).isEqualTo("first");
  }
}
