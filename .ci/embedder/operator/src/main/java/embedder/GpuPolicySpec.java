package embedder;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonAnySetter;
import java.util.LinkedHashMap;
import java.util.Map;

/** The keys of a policy, as docs/reconcile.md has them, without the name. */
public final class GpuPolicySpec {

  private final Map<String, Object> keys = new LinkedHashMap<>();

  @JsonAnyGetter
  public Map<String, Object> keys() {
    return keys;
  }

  @JsonAnySetter
  public void set(String key, Object value) {
    keys.put(key, value);
  }
}
