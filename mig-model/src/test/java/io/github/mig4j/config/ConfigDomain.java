package io.github.mig4j.config;

import io.github.mig4j.gpu.MigProfile;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Provide;
import net.jqwik.api.domains.DomainContextBase;

/** Documents as odd as the types allow. */
class ConfigDomain extends DomainContextBase {

  /** Names that some YAML reader takes for something else if they are not quoted. */
  static final List<String> TRAPS = List.of(
      "yes",
      "no",
      "on",
      "off",
      "y",
      "N",
      "true",
      "null",
      "~",
      "",
      " ",
      "123",
      "0x1",
      "0o7",
      "07",
      "08",
      "1e3",
      ".5",
      ".inf",
      "-.inf",
      ".nan",
      "12:30:45",
      "2026-11-22",
      "1_000",
      "0b1",
      "<<",
      "=",
      "- a",
      "a: b",
      "a #b",
      "#a",
      "&a",
      "*a",
      "!a",
      "%a",
      "@a",
      "`a",
      "{a}",
      "[a]",
      "'a'",
      "\"a\"",
      "a\\b",
      "a\nb",
      "a\tb",
      "\r",
      "\u0000",
      "\u0085",
      "\u2028",
      "\uFEFF",
      "\uFFFF",
      "---",
      "...",
      "?",
      ":",
      ",",
      "a,b",
      "ünïcode",
      "\uD83D\uDE00",
      "all-1g.10gb.me");

  @Provide
  Arbitrary<MigConfigDocument> documents() {
    return Arbitraries.maps(names(), configs()).ofMaxSize(5).map(configs -> {
      MigConfigDocument document = MigConfigDocument.empty();
      for (Map.Entry<String, MigConfig> config : configs.entrySet()) {
        document = document.with(config.getKey(), config.getValue());
      }
      return document;
    });
  }

  @Provide
  Arbitrary<MigConfig> configs() {
    return entries().list().ofMinSize(1).ofMaxSize(4).map(MigConfig::new);
  }

  Arbitrary<String> names() {
    return Arbitraries.oneOf(
        Arbitraries.of(TRAPS),
        Arbitraries.strings().withCharRange('a', 'z').numeric().withChars("-._").ofMaxLength(20),
        Arbitraries.strings().all().ofMaxLength(20).filter(ConfigDomain::isUnicode),
        Arbitraries.strings().withChars("x\"é").ofMinLength(900).ofMaxLength(1300));
  }

  private static boolean isUnicode(String text) {
    return text.codePoints().noneMatch(c -> c >= 0xD800 && c <= 0xDFFF);
  }

  private Arbitrary<MigConfigSpec> entries() {
    Arbitrary<Map<MigProfile, Integer>> devices = Arbitraries.maps(
            profiles(), Arbitraries.integers().between(1, Integer.MAX_VALUE))
        .ofMaxSize(4);
    return Combinators.combine(
            filters().list().ofMaxSize(3), selectors(), Arbitraries.of(true, false), devices)
        .as((filters, selector, enabled, migDevices) -> MigConfigSpec.builder()
            .addAllDeviceFilters(filters)
            .devices(selector)
            .migEnabled(enabled)
            .putAllMigDevices(enabled ? migDevices : Map.of())
            .build());
  }

  private Arbitrary<DeviceFilter> filters() {
    return Arbitraries.oneOf(
            Arbitraries.of("0x233010DE", "0x233010DE:0x16C010DE", "A100-SXM4-40GB", ""), names())
        .map(DeviceFilter::new);
  }

  private Arbitrary<DeviceSelector> selectors() {
    return Arbitraries.oneOf(
        Arbitraries.just(DeviceSelector.ALL),
        Arbitraries.integers().list().ofMaxSize(5).map(DeviceSelector.Indexes::new));
  }

  private Arbitrary<MigProfile> profiles() {
    Arbitrary<String> attributes = Arbitraries.of("me", "me.all", "gfx", "ME")
        .set()
        .ofMinSize(1)
        .ofMaxSize(2)
        .map(some -> some.stream().sorted().collect(Collectors.joining(",")));
    Arbitrary<String> suffixes = Arbitraries.oneOf(
        Arbitraries.just(""),
        attributes.map(some -> "+" + some),
        attributes.map(some -> "-" + some));
    return Combinators.combine(
            Arbitraries.integers().between(0, 8),
            Arbitraries.integers().between(0, 8),
            Arbitraries.integers().between(0, 300),
            suffixes)
        .as(MigProfile::new);
  }
}
