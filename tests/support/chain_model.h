// The definition of a chain (engine/state/chain_operator.h, chain_tally.h), word for word and with everything kept: for
// each match all roots of all events are looked for anew, and all windows.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/level.h"
#include "engine/rule/rule.h"

namespace kubevigil::model {

// A match as a chain gets it; those with the same (time, sequence) are of one event, and say the same of it.
struct ChainSeen {
  Timestamp time;
  uint64_t sequence = 0;
  std::string root;                                  // "": nobody's
  std::set<std::pair<size_t, std::string>> reached;  // by link, what it is reached by
  std::set<std::pair<size_t, std::string>> linking;  // by link, what it links to
  Stage stage = Stage::None;                         // of the hit; None: only a link
};

class Chain {
 public:
  explicit Chain(const Correlation& correlation) : correlation_(correlation) {}
  // For each root whose chain gained a hit, the number of stages of the largest chain that holds one of these.
  std::map<std::string, size_t> add(const ChainSeen& match);

 private:
  struct Hit {
    Timestamp time;
    Stage stage;
    bool own;
    size_t match;  // index into seen_
  };
  using Depths = std::map<std::string, size_t>;  // by root
  std::vector<Depths> depths() const;
  std::map<std::string, std::vector<Hit>> hits() const;
  bool is_full(const std::vector<Hit>& hits, Timestamp end) const;
  size_t largest(const std::vector<Hit>& hits, const Hit& held) const;

  const Correlation& correlation_;
  std::vector<ChainSeen> seen_;
  std::map<std::string, std::vector<Hit>> before_;
};

}  // namespace kubevigil::model
