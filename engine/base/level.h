// Level: the five severities of Sigma (specification 2.1.0, "level"), and Stage: the five steps of an
// intrusion that kubevigil's chain rules count; Preset: how much of the pack runs. One table each; parser, checker and
// outputs read it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kubevigil {

enum class Level : uint8_t { Informational, Low, Medium, High, Critical };
inline constexpr std::array<std::string_view, 5> kLevelNames = {"informational", "low", "medium", "high", "critical"};

constexpr std::string_view to_text(Level level) { return kLevelNames[static_cast<size_t>(level)]; }
constexpr std::optional<Level> parse_level(std::string_view text) {
  for (size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == text) return static_cast<Level>(i);
  }
  if (text == "info") return Level::Informational;
  return std::nullopt;
}

enum class Stage : uint8_t { None, Entry, Collect, Probe, Spread, Effect };
inline constexpr std::array<std::string_view, 6> kStageNames = {"", "entry", "collect", "probe", "spread", "effect"};

constexpr std::string_view to_text(Stage stage) { return kStageNames[static_cast<size_t>(stage)]; }
constexpr std::optional<Stage> parse_stage(std::string_view text) {
  for (size_t i = 1; i < kStageNames.size(); ++i) {
    if (kStageNames[i] == text) return static_cast<Stage>(i);
  }
  return std::nullopt;
}

// Preset: the smallest selection of built-in rules that a rule belongs to; each contains those before it.
enum class Preset : uint8_t { Core, Extended, All };
inline constexpr std::array<std::string_view, 3> kPresetNames = {"core", "extended", "all"};

constexpr std::string_view to_text(Preset preset) { return kPresetNames[static_cast<size_t>(preset)]; }
constexpr std::optional<Preset> parse_preset(std::string_view text) {
  for (size_t i = 0; i < kPresetNames.size(); ++i) {
    if (kPresetNames[i] == text) return static_cast<Preset>(i);
  }
  return std::nullopt;
}

}  // namespace kubevigil
