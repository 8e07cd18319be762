package embedder;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/** Keeps values as JSON. */
public final class Store {

  private final ObjectMapper jackson2 = new ObjectMapper();
  private final tools.jackson.databind.ObjectMapper jackson3 =
      new tools.jackson.databind.ObjectMapper();

  public String write2(Object value) throws JsonProcessingException {
    return jackson2.writeValueAsString(value);
  }

  public String write3(Object value) {
    return jackson3.writeValueAsString(value);
  }

  public <T> T read2(String json, Class<T> type) throws JsonProcessingException {
    return jackson2.readValue(json, type);
  }

  public <T> T read3(String json, Class<T> type) {
    return jackson3.readValue(json, type);
  }
}
