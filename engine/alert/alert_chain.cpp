#include "engine/alert/alert_chain.h"

#include <algorithm>

#include "engine/alert/alert_builder.h"
#include "engine/match/group_key.h"

namespace kubevigil {
namespace {

class Shown {
 public:
  Shown(const Rule& rule, const Redactor& redactor) : chain_(rule.correlation().chain), redactor_(redactor) {}

  // The elements of a root that say something: "alice 4711", "10.0.0.1".
  std::string who(std::string_view encoded, size_t skip) const {
    const auto elements = decode_group_elements(encoded);
    std::string text;
    for (size_t i = skip; i < elements.size(); ++i) {
      const size_t field = i - skip;
      const auto& fields = field < chain_.root.size() ? chain_.root : chain_.root_anonymous;
      const size_t at = field < chain_.root.size() ? field : field - chain_.root.size();
      if (elements[i] && at < fields.size()) append(text, to_text(fields[at]), *elements[i]);
    }
    return displayed(text.empty() ? "(nobody)" : text);
  }

  std::string reached(const TrailLink& link) const {
    const std::vector<std::string> values = decode_group_key(link.to);
    const auto& fields = chain_.links[link.link].to;
    std::string text;
    for (size_t i = 0; i < values.size(); ++i) {
      append(text, i < fields.size() ? to_text(fields[i].second) : "", values[i]);
    }
    return displayed(text);
  }

  std::string name(const TrailLink& link) const { return chain_.links[link.link].name; }
  bool knows(const TrailLink& link) const { return link.link < chain_.links.size(); }

 private:
  void append(std::string& text, std::string_view field, std::string_view value) const {
    text += (text.empty() ? "" : " ") + redactor_.value(field, "", value);
  }
  const ChainSpec& chain_;
  const Redactor& redactor_;
};

}  // namespace

AlertChain alert_chain(const Rule& rule, std::string_view key_bytes, const Trail* trail, const Redactor& redactor) {
  AlertChain out;
  if (rule.is_detection() || rule.correlation().type != CorrelationType::Chain || trail == nullptr) return out;
  const Shown shown(rule, redactor);
  out.root = shown.who(key_bytes, rule.extension.across_clusters ? 0 : 1);
  for (const TrailLink& link : trail->links) {
    if (!shown.knows(link)) continue;
    out.links.push_back({shown.name(link), shown.who(link.from, 0), shown.reached(link), link.event.time,
                         uuid_text(link.event.audit_id)});
  }
  for (const TrailHit& hit : trail->hits) {
    const std::string by = hit.by.empty() ? out.root : shown.who(hit.by, 0);
    out.hits.push_back({displayed(hit.rule), hit.level, hit.stage, by, hit.time, uuid_text(hit.event.audit_id)});
    const std::string stage(to_text(hit.stage));
    if (std::find(out.stages.begin(), out.stages.end(), stage) == out.stages.end()) out.stages.push_back(stage);
  }
  return out;
}

}  // namespace kubevigil
