#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "engine/alert/attack.h"
#include "engine/app/rules_pages.h"
#include "engine/base/json_writer.h"
#include "engine/rule/check_formats.h"

namespace kubevigil {
namespace {

constexpr std::string_view kFewest = "#deebf7", kMost = "#08519c";

// Names of rules by technique; of a sub-technique that has some, the parent is there, perhaps without any.
using Techniques = std::map<std::string, std::vector<std::string>>;

Techniques techniques_in(const RuleSet& rules) {
  Techniques techniques;
  for (const Rule& rule : rules.rules) {
    if (!rule.alerts || is_view(rule)) continue;
    for (const std::string& id : techniques_of(rule)) {
      techniques[id].push_back(rule.meta.name);
      techniques[id.substr(0, id.find('.'))];
    }
  }
  for (auto& [id, names] : techniques) std::sort(names.begin(), names.end());
  return techniques;
}

bool has_parts(const Techniques& techniques, const std::string& id) {
  const auto next = techniques.upper_bound(id + ".");
  return next != techniques.end() && next->first.starts_with(id + ".");
}

void write_technique(JsonWriter& json, const std::string& id, const std::vector<std::string>& names, bool parts) {
  json.begin_object().member("techniqueID", id).member("enabled", true);
  if (!names.empty()) {
    json.member("score", names.size()).member("comment", fmt::format("{}", fmt::join(names, ", ")));
  }
  if (parts) json.member("showSubtechniques", true);
  json.end_object();
}

void write_colors(JsonWriter& json, size_t most) {
  json.key("gradient").begin_object().key("colors").begin_array().value(kFewest).value(kMost).end_array();
  json.member("minValue", 0).member("maxValue", most).end_object();
  json.key("legendItems").begin_array();
  json.begin_object().member("label", "few rules").member("color", kFewest).end_object();
  json.begin_object().member("label", fmt::format("{} rules", most)).member("color", kMost).end_object();
  json.end_array();
}

}  // namespace

std::string navigator_layer(const RuleSet& rules) {
  const Techniques techniques = techniques_in(rules);
  size_t most = 1;
  for (const auto& [id, names] : techniques) most = std::max(most, names.size());
  JsonWriter json;
  json.begin_object().member("name", "kubevigil").member("domain", "enterprise-attack");
  json.key("versions").begin_object().member("attack", kAttackVersion).member("navigator", "5.2.0");
  json.member("layer", "4.5").end_object();
  json.member(
      "description",
      "Rules of kubevigil over Kubernetes audit events; the score is the number of rules that name a technique");
  json.member("sorting", 3).key("layout").begin_object().member("layout", "side").member("showID", true);
  json.member("showName", true).member("expandedSubtechniques", "annotated").end_object();
  json.member("hideDisabled", false).key("techniques").begin_array();
  for (const auto& [id, names] : techniques) write_technique(json, id, names, has_parts(techniques, id));
  json.end_array();
  write_colors(json, most);
  return json.end_object().take() + "\n";
}

}  // namespace kubevigil
