package io.github.mig4j.lint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.YamlOutput;
import io.github.mig4j.text.YamlText;
import io.github.mig4j.text.YamlValue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** A schema of docs/schemas. */
public final class JsonSchema {

  private final com.networknt.schema.JsonSchema schema;

  public JsonSchema(String name) throws IOException {
    this.schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7)
        .getSchema(
            new ObjectMapper().readTree(Path.of("..", "docs", "schemas", name).toFile()));
  }

  /** Whether a text is YAML whose first document, as Go reads it, is valid. */
  public boolean accepts(String yaml) {
    Findings findings = new Findings("a test");
    YamlText text = YamlText.parse(yaml, Embedding.NONE, findings);
    if (text.documents().isEmpty()) {
      return text.fault().isEmpty();
    }
    Optional<YamlValue> value = GoYaml.convert(text.documents().get(0), Embedding.NONE, findings);
    return value.isPresent()
        && schema.validate(YamlOutput.json(value.get()), InputFormat.JSON).isEmpty();
  }
}
