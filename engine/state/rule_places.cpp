#include "engine/state/rule_places.h"

#include <map>
#include <utility>

#include "engine/base/hash.h"

namespace kubevigil {

uint64_t rule_mark(const Rule& rule) { return siphash(rule.meta.id + "\n" + rule.semantic_hash).low; }

std::vector<uint32_t> places_in(const RuleSet& in, const RuleSet& of) {
  std::map<std::pair<std::string_view, std::string_view>, uint32_t> places;
  for (uint32_t r = 0; r < in.rules.size(); ++r) {
    places.emplace(std::pair(std::string_view(in.rules[r].meta.id), std::string_view(in.rules[r].semantic_hash)), r);
  }
  std::vector<uint32_t> out;
  for (const Rule& rule : of.rules) {
    const auto at = places.find({rule.meta.id, rule.semantic_hash});
    out.push_back(at == places.end() ? kNoRule : at->second);
  }
  return out;
}

}  // namespace kubevigil
