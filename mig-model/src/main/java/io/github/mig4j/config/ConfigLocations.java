package io.github.mig4j.config;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.YamlLocation;
import io.github.mig4j.text.YamlPath;
import java.util.List;
import java.util.Map;

/** Where a configuration's name and its entries, in their order, are in the file. */
record ConfigLocations(YamlLocation name, List<Entry> entries) {

  /**
   * Where an entry and what it contains are.
   *
   * @param fields the line and column of each key
   * @param profiles the line and column of each profile in {@code mig-devices}
   */
  record Entry(
      YamlLocation entry, Map<String, LineColumn> fields, Map<MigProfile, LineColumn> profiles) {

    /** The location of a field's key, or of the entry if it does not have the field. */
    YamlLocation field(String field) {
      LineColumn at = fields.get(field);
      return at == null ? entry : entry.path().key(field).at(at);
    }

    /** The location of a profile, or of {@code mig-devices} if the profile is not in it. */
    YamlLocation profile(MigProfile profile) {
      LineColumn at = profiles.get(profile);
      YamlPath devices = entry.path().key(EntryRules.MIG_DEVICES);
      return at == null
          ? field(EntryRules.MIG_DEVICES)
          : devices.key(profile.toString()).at(at);
    }
  }
}
