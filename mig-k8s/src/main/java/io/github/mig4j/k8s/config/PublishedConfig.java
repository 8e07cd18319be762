package io.github.mig4j.k8s.config;

import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import java.util.Map;
import java.util.Objects;

/**
 * A configuration that was published: the result of {@link MigConfigMap#merge} and {@link
 * SharingConfigMap#merge}.
 *
 * @param name the configuration's name
 * @param contentName the name with the content's hash, which {@code MigNode.apply} and {@code
 *     MigNode.share} request
 * @param changed whether the ConfigMap was written; false if it contained the configuration before
 */
public record PublishedConfig(String name, String contentName, boolean changed)
    implements JsonForm {

  public PublishedConfig {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(contentName, "contentName");
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("name", name)
        .and("contentName", contentName)
        .and("changed", changed)
        .map();
  }
}
