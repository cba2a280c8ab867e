#include "engine/app/profile_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr size_t kRulesShown = 25, kFieldsShown = 15;

// Indices of what was evaluated, the dearest first; ties in the order of the program, so that the table is the same
// again as far as the clock is.
template <typename Costs>
std::vector<size_t> by_time(const Costs& costs) {
  std::vector<size_t> order;
  for (size_t i = 0; i < costs.size(); ++i) {
    if (costs[i].cost.evaluations > 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return costs[a].cost.micros() > costs[b].cost.micros(); });
  return order;
}

template <typename Costs>
double total_micros(const Costs& costs) {
  return std::accumulate(costs.begin(), costs.end(), 0.0,
                         [](double sum, const auto& c) { return sum + c.cost.micros(); });
}

double share(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

double selectivity(const RuleCost& rule) {
  const auto evaluations = static_cast<double>(rule.cost.evaluations);
  return evaluations > 0 ? static_cast<double>(rule.hits) / evaluations : 0;
}

std::string further(size_t all, size_t shown, std::string_view what) {
  return all > shown ? fmt::format("{:>15}  and {} further {}: --stats-json has them\n", "", all - shown, what) : "";
}

}  // namespace

std::string profile_text(const MatchProfile& profile, const RuleSet& rules) {
  const double all = total_micros(profile.rules);
  std::string out = fmt::format("{:>15}  {:>6} {:>12} {:>12} {:>8} {:>10}  rule\n", "time", "share", "evaluated",
                                "hits", "of these", "bodies");
  const std::vector<size_t> order = by_time(profile.rules);
  for (size_t i = 0; i < std::min(order.size(), kRulesShown); ++i) {
    const RuleCost& rule = profile.rules[order[i]];
    out += fmt::format("{:>12.3f} ms  {:>5.1f}% {:>12} {:>12} {:>7.2f}% {:>10}  {}\n", rule.cost.micros() / 1000,
                       share(rule.cost.micros(), all), rule.cost.evaluations, rule.hits, 100 * selectivity(rule),
                       rule.bodies, printable(rules.rules[order[i]].meta.name));
  }
  out += further(order.size(), kRulesShown, "rules");
  const double fields = total_micros(profile.fields);
  out += fmt::format("\n{:>15}  {:>6} {:>12}  field\n", "time", "share", "tests");
  const std::vector<size_t> field_order = by_time(profile.fields);
  for (size_t i = 0; i < std::min(field_order.size(), kFieldsShown); ++i) {
    const FieldCost& field = profile.fields[field_order[i]];
    out += fmt::format("{:>12.3f} ms  {:>5.1f}% {:>12}  {}\n", field.cost.micros() / 1000,
                       share(field.cost.micros(), fields), field.cost.evaluations, printable(field.name));
  }
  return out + further(field_order.size(), kFieldsShown, "fields");
}

void write_profile(JsonWriter& json, const MatchProfile& profile, const RuleSet& rules) {
  json.key("rules").begin_array();
  for (const size_t i : by_time(profile.rules)) {
    const RuleCost& rule = profile.rules[i];
    json.begin_object().member("name", rules.rules[i].meta.name).member("micros", rule.cost.micros());
    json.member("evaluated", rule.cost.evaluations).member("hits", rule.hits);
    json.member("selectivity", selectivity(rule)).member("bodies", rule.bodies).end_object();
  }
  json.end_array().key("fields").begin_array();
  for (const size_t i : by_time(profile.fields)) {
    const FieldCost& field = profile.fields[i];
    json.begin_object().member("name", field.name).member("micros", field.cost.micros());
    json.member("tests", field.cost.evaluations).end_object();
  }
  json.end_array();
}

}  // namespace kubevigil
