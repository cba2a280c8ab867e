// The oracle: a slow, obviously correct interpreter of Sigma detections, and with that the definition of what a rule
// means (design/rules.md 1 and 3). It reads the rule's YAML and the event's JSON itself and shares nothing with the
// engine. Derived fields are not its business.
#pragma once

#include <yaml-cpp/yaml.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "tests/support/oracle_event.h"
#include "tests/support/oracle_pattern.h"

namespace kubevigil::oracle {

enum class Verdict { No, Unknown, Yes };

// How often each construct (modifier, quantifier, kind of condition, unknown case) came out No, Unknown and Yes.
using Coverage = std::map<std::string, std::array<uint64_t, 3>>;

class Oracle {
 public:
  // `rule`: YAML of one Sigma detection. Throws for what it does not know.
  explicit Oracle(const std::string& rule, Lists lists = {});

  Verdict judge(const std::string& event_json, Coverage& coverage) const;

 private:
  YAML::Node detection_;
  Lists lists_;
};

}  // namespace kubevigil::oracle
