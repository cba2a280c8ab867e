// OpeningFacts: what alerts say of the event that opens them, read and redacted once. Enough to open an alert where the
// event is not at hand, because another program has it (run/CLUSTER.md). Made by AlertBuilder::facts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/alert/alert.h"

namespace kubevigil {

inline constexpr size_t kWhyEntries = 24;  // of one alert

struct OpeningFacts {
  // The members that tell of an event: cluster, envelope, audit_level, actor, permission, source, target, request,
  // missing, salvaged.
  Alert event;
  std::vector<std::pair<std::string, std::string>> texts;       // of the fields that messages name, by name
  std::vector<std::pair<uint32_t, std::vector<AlertWhy>>> why;  // by rule: what matched in the event

  std::string text(std::string_view name) const;             // "(unknown)" when it was not read
  const std::vector<AlertWhy>* why_of(uint32_t rule) const;  // null: nothing was read
};

}  // namespace kubevigil
