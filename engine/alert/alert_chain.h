// AlertChain: what the alert of a chain shows of it: whose it is, and by which events who did what and became whom.
// The trail of an episode (state/trail.h), decoded, redacted and cut.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/alert/redaction.h"
#include "engine/base/level.h"
#include "engine/base/timestamp.h"
#include "engine/rule/rule.h"
#include "engine/state/trail.h"

namespace kubevigil {

struct AlertChainLink {
  std::string link, from, to;  // name of the link, who made it, what it reaches
  Timestamp time;
  std::string event;  // audit id
};

struct AlertChainHit {
  std::string rule;
  Level level = Level::Low;
  Stage stage = Stage::None;
  std::string by;
  Timestamp time;
  std::string event;
};

struct AlertChain {
  std::string root;
  std::vector<std::string> stages;  // in the order in which they came
  std::vector<AlertChainLink> links;
  std::vector<AlertChainHit> hits;
  bool empty() const { return hits.empty(); }
};

// `key_bytes`: group key of the episode. Nothing, when the rule is no chain or `trail` is null.
AlertChain alert_chain(const Rule& rule, std::string_view key_bytes, const Trail* trail, const Redactor& redactor);

}  // namespace kubevigil
