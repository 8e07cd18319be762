package io.github.mig4j.k8s.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.k8s.cluster.MigClusterException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class LeadershipTest {

  private final List<Throwable> failures = new ArrayList<>();
  private final Leadership.Failure failure = new Leadership.Failure(new Leadership.Candidate() {
    @Override
    public void onStartLeading() {}

    @Override
    public void onStopLeading() {}

    @Override
    public void onNewLeader(String leader) {}

    @Override
    public void onFailure(Throwable thrown) {
      failures.add(thrown);
    }
  });
  private final MigClusterException refused =
      new MigClusterException("refused", new IllegalStateException("403"));

  /** The Lease reports a refusal first, and the election's future reports it again, wrapped. */
  @Test
  void report_ofTheSameFailureTwice_callsTheCandidateOnce() {
    failure.report(refused);
    failure.report(new CompletionException(refused));

    assertThat(failures).containsExactly(refused);
  }

  @Test
  void report_removesTheWrapperOfTheFuture() {
    failure.report(new CompletionException(refused));

    assertThat(failures).containsExactly(refused);
  }
}
