package embedder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The same JSON on Spring Boot 3, with Jackson 2, and on Spring Boot 4, with Jackson 3. */
class GpuServiceTest {

  private static final String LAYOUT = "{\"gpu\":\"a30-24gb\",\"placements\":["
      + "{\"profile\":\"2g.12gb\",\"start\":0,\"size\":2},"
      + "{\"profile\":\"2g.12gb\",\"start\":2,\"size\":2}],"
      + "\"devices\":{\"2g.12gb\":2},\"confidence\":\"published-smi\"}";

  private static ConfigurableApplicationContext application;

  @BeforeAll
  static void start() {
    application = new SpringApplicationBuilder(GpuService.class)
        .run("--server.port=0", "--spring.main.banner-mode=off");
  }

  @AfterAll
  static void stop() {
    application.close();
  }

  private static String answer(String path, String body) throws IOException, InterruptedException {
    URI uri = URI.create(
        "http://localhost:" + application.getEnvironment().getProperty("local.server.port") + path);
    HttpRequest.Builder request = HttpRequest.newBuilder(uri);
    if (!body.isEmpty()) {
      request.header("Content-Type", "application/json").POST(BodyPublishers.ofString(body));
    }
    HttpResponse<String> response =
        HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
    assertEquals(200, response.statusCode(), response.body());
    return response.body();
  }

  @Test
  void model_hasItsProfiles() throws Exception {
    String json = answer("/models/h100-sxm-80gb", "");

    assertTrue(json.startsWith("{\"id\":\"h100-sxm-80gb\",\"architecture\":\"Hopper\","), json);
    assertTrue(json.contains("{\"name\":\"1g.10gb\",\"id\":19,\"size\":1,\"starts\":[0,1,2,3,4,5,6],"), json);
  }

  @Test
  void placement_saysWhetherItFits_orWhyNot() throws Exception {
    assertTrue(answer("/placements/2g.12gb", "").startsWith("{\"fits\":true,\"gpu\":\"a30-24gb\","));
    String no = answer("/placements/4g.24gb", "");
    assertTrue(no.startsWith("{\"fits\":false,\"gpu\":\"a30-24gb\",\"placements\":[],\"violations\":[{\"code\":"), no);
  }

  @Test
  void status_hasConstantsInOneSpelling() throws Exception {
    String json = answer("/status", "");

    assertTrue(json.startsWith("{\"node\":\"gpu-node\",\"strategy\":\"none\","), json);
  }

  @Test
  void layout_isReadAndReturned() throws Exception {
    assertEquals(LAYOUT, answer("/layouts", LAYOUT));
  }

  @Test
  void plan_ofADemand_hasItsBoundsAndLayouts() throws Exception {
    String json = answer("/plans", answer("/demand", ""));

    assertTrue(json.startsWith("{\"gpus\":2,\"lowerBound\":2,\"gap\":0,\"unmetCount\":0,"), json);
    assertTrue(json.contains("\"layouts\":[{\"count\":1,\"layout\":" + LAYOUT), json);
  }
}
