package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A JSON merge patch (RFC 7386) for one version of an object: the API server answers 409 if the object
 * has changed since. Unlike a JSON patch it cannot fail on a path that no longer exists.
 */
public final class MergePatch {

  private final String name;
  private final Map<String, Object> root = new LinkedHashMap<>();

  private MergePatch(String name) {
    this.name = name;
  }

  public static MergePatch on(HasMetadata object) {
    return new MergePatch(object.getMetadata().getName())
        .put("metadata", "resourceVersion", object.getMetadata().getResourceVersion());
  }

  /** Sets a value under these keys. The last argument is the value. */
  public MergePatch put(String... keysAndValue) {
    Map<String, Object> parent = root;
    for (int i = 0; i < keysAndValue.length - 2; i++) {
      parent = child(parent, keysAndValue[i]);
    }
    parent.put(keysAndValue[keysAndValue.length - 2], keysAndValue[keysAndValue.length - 1]);
    return this;
  }

  public String name() {
    return name;
  }

  public String json() {
    return Serialization.asJson(root);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> child(Map<String, Object> parent, String key) {
    @Nullable Object present = parent.get(key);
    if (present == null) {
      Map<String, Object> created = new LinkedHashMap<>();
      parent.put(key, created);
      return created;
    }
    return (Map<String, Object>) present;
  }
}
