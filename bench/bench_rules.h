// The rules of the benchmarks: of the pack what bench/rules/pack.txt names (150 detections, 15 correlations), and the
// files beside it: 100 fillers of the usual shape that hardly ever match, five correlations that every event feeds.
//
//   pack.txt = ( "# " comment | [ "body " ] name ) a line; "body": a detection that reads bodies
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/rule/rule_loader.h"

namespace kubevigil::bench {

enum class Bodies : uint8_t { With, Without };  // detections that read bodies

struct RuleTexts {
  std::vector<RuleSource> sources;  // one document each
  LoadOptions options;
};

// Nothing, and a line on standard error, when the pack has no rule of a name any more.
// `pack`: a folder like detections/. `bench`: a folder like bench/rules/.
std::optional<RuleTexts> bench_rules(const std::string& pack, const std::string& bench, Bodies bodies = Bodies::With);

// `count` detections without bodies and without correlations: those of the bench, then the fillers again and again,
// each time under new names and with other words.
std::optional<RuleTexts> many_detections(const std::string& pack, const std::string& bench, size_t count);

// As a folder that `kubevigil replay --no-builtin --rules` reads. False: it could not be written.
bool write_rules(const RuleTexts& rules, const std::string& folder);

}  // namespace kubevigil::bench
