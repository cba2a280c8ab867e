// Threats: detections/threats.yaml, by which the pack is measured. The threats of two published accounts with what can
// be seen of them, and ideas for rules with what became of each. Data of the pack: no rule, and not loaded as one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostics.h"

namespace kubevigil {

struct Threat {
  std::string id;  // "A3"
  std::string text;
  std::vector<std::string> ideas;  // ids of ideas that look for it; may be empty
  std::string unseen;              // what audit events cannot show of it
  bool visible = true;             // false: they show nothing of the act itself
};

// One of `rules`, `missing` and `left_out` is given.
struct Idea {
  std::string id;
  std::vector<std::string> rules;  // names of the rules that carry it out
  std::string missing;             // what the program would need
  std::string left_out;            // why there is none
};

struct Threats {
  std::vector<Threat> seed;
  std::vector<Idea> ideas;
  const Idea* find(std::string_view id) const;
};

// Codes: those of engine/rule/yaml.h, and bad-value, unknown-key, unknown-idea, duplicate-id.
Threats parse_threats(std::string_view text, const std::string& file, Diagnostics& diagnostics);

}  // namespace kubevigil
