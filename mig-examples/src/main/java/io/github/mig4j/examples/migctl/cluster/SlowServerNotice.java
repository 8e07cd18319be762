package io.github.mig4j.examples.migctl.cluster;

import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/** Reports once that the API server has not answered yet: fabric8 waits in silence. */
public final class SlowServerNotice implements Interceptor {

  private final PrintWriter err;
  private final Executor later;
  private final AtomicBoolean asked = new AtomicBoolean();
  private volatile boolean answered;

  /**
   * Creates a notice, which waits from the first request on.
   *
   * @param err receives the line
   * @param later runs a task after the time in which a server usually answers
   */
  public SlowServerNotice(PrintWriter err, Executor later) {
    this.err = err;
    this.later = later;
  }

  @Override
  public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
    if (asked.compareAndSet(false, true)) {
      later.execute(() -> report(request.uri()));
    }
  }

  private void report(URI asked) {
    if (!answered) {
      err.println("No answer from %s://%s yet".formatted(asked.getScheme(), asked.getAuthority()));
    }
  }

  @Override
  public void after(
      HttpRequest request, HttpResponse<?> response, AsyncBody.Consumer<List<ByteBuffer>> body) {
    answered = true;
  }
}
