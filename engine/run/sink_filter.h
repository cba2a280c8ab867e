// SinkFilter: which alerts a sink is for. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/alert/alert.h"

namespace kubevigil {

// Patterns are the whole text with * and ?, upper and lower case alike; a rule's stand for its name or its id. An empty
// list of rules or clusters takes all; not_rules wins over rules.
struct SinkFilter {
  Level min_level = Level::Informational;
  std::vector<std::string> rules;
  std::vector<std::string> not_rules;
  std::vector<std::string> clusters;
};

bool name_fits(const std::string& pattern, std::string_view name);
bool passes(const SinkFilter& filter, const Alert& alert);

}  // namespace kubevigil
