package io.github.mig4j.k8s.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class EmbeddedClusterTest {

  @Test
  void watch_ofWhatChangesWhileItIsOpened_beginsWithTheChange_andReportsItOnce() throws Exception {
    BlockingQueue<String> events = new LinkedBlockingQueue<>();
    try (var cluster = new EmbeddedCluster(EmbeddedClusterTest::changeWhileAWatchIsOpened)) {
      var pods = cluster.client().pods().inNamespace("default");
      pods.resource(pod("before")).create();

      try (Watch watch = pods.watch(new Recorder(events))) {
        assertThat(events.poll(30, TimeUnit.SECONDS)).isEqualTo("ADDED while");
        pods.resource(pod("after")).update();

        assertThat(events.poll(30, TimeUnit.SECONDS)).isEqualTo("MODIFIED after");
      }
    }
  }

  private static MockResponse changeWhileAWatchIsOpened(
      RecordedRequest request, Function<RecordedRequest, MockResponse> server) {
    MockResponse answer = server.apply(request);
    if (request.getPath().contains("watch=true")) {
      byte[] body = Serialization.asJson(pod("while")).getBytes(StandardCharsets.UTF_8);
      server.apply(new RecordedRequest(
          request.getHttpVersion(),
          HttpMethod.PUT,
          "/api/v1/namespaces/default/pods/watched",
          request.getHeaders(),
          new Buffer(body)));
    }
    return answer;
  }

  private static Pod pod(String stage) {
    return new PodBuilder()
        .withNewMetadata()
        .withName("watched")
        .withNamespace("default")
        .addToLabels("stage", stage)
        .endMetadata()
        .build();
  }

  private record Recorder(BlockingQueue<String> events) implements Watcher<Pod> {
    @Override
    public void eventReceived(Action action, Pod pod) {
      events.add(action + " " + pod.getMetadata().getLabels().get("stage"));
    }

    @Override
    public void onClose(WatcherException cause) {}
  }
}
