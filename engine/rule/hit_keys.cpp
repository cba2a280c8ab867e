#include "engine/rule/hit_keys.h"

#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace kubevigil {

void read_hits(MapReader& map, RuleContext& context) {
  const YamlNode* node = map.get("hits");
  if (node == nullptr) return;
  MapReader hits(*node, "hits", context.diagnostics());
  const YamlNode* written = hits.get("min-level");
  const std::optional<Level> level = written == nullptr ? Level::Low : parse_level(written->text);
  if (!level) {
    context.diagnostics().error("bad-value", "\"" + printable(written->text) + "\" is no level", written->span,
                                "one of informational, low, medium, high, critical");
  }
  context.draft.correlation.shape.hits_from = level.value_or(Level::Low);
  hits.finish();
}

namespace {

// raise = [ {gte: number, level: name}, ... ]
void read_raise(const YamlNode* node, RuleContext& context) {
  if (node == nullptr) return;
  if (!node->is_sequence()) context.diagnostics().error("bad-value", "raise is a list of {gte, level}", node->span);
  for (const YamlNode& item : node->items) {
    MapReader map(item, "raise", context.diagnostics());
    const YamlNode* gte = map.get("gte");
    const std::optional<Level> level = parse_level(map.text("level"));
    map.finish();
    if (gte == nullptr || !gte->number() || *gte->number() < 1 || *gte->number() > limits::kExactThreshold || !level) {
      context.diagnostics().error("bad-value", "each entry of raise has a number and a level", item.span,
                                  "write {gte: 4, level: critical}");
      continue;
    }
    context.draft.correlation.shape.value_count.raise.push_back({*gte->number(), *level});
  }
}

}  // namespace

void read_require_and_raise(MapReader& map, RuleContext& context) {
  context.draft.correlation.shape.value_count.require_any = map.texts("require-any");
  read_raise(map.get("raise"), context);
}

}  // namespace kubevigil
