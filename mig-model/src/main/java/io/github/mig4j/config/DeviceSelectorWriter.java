package io.github.mig4j.config;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import java.io.IOException;

/** Writes {@code all} as a string and indexes as a list. */
final class DeviceSelectorWriter extends JsonSerializer<DeviceSelector> {
  @Override
  public void serialize(DeviceSelector value, JsonGenerator json, SerializerProvider provider)
      throws IOException {
    if (value instanceof DeviceSelector.Indexes some) {
      json.writePOJO(some.indexes());
    } else {
      json.writeString("all");
    }
  }
}
