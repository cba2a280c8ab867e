#include "engine/rule/window.h"

#include <array>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/rule/map_reader.h"

namespace kubevigil {
namespace {

using Kind = WindowSpec::Kind;
using Type = CorrelationType;

struct Refusal {
  std::string reason, hint;
};

std::optional<Refusal> refused(const Correlation& shape, Kind kind) {
  switch (shape.type) {
    case Type::Temporal:
    case Type::TemporalOrdered:
      return Refusal{"slides: what belongs together may lie on both sides of a border or pause", "remove `window`"};
    case Type::NewValue:
      return Refusal{"has no window: its timespan says when a value is forgotten", "remove `window`"};
    case Type::Absence:
      return Refusal{"has no window: its timespan begins with each question", "remove `window`"};
    case Type::Chain:
      return Refusal{"has windows of its own", "write its timespan and max-span"};
    case Type::ValueSum:
    case Type::ValueAvg:
    case Type::ValuePercentile:
      if (kind != Kind::Session) return std::nullopt;
      return Refusal{"is kept in sub-windows, which do not know the pauses inside them",
                     "use `window: tumbling`, or remove it"};
    case Type::EventCount:
    case Type::ValueCount:
      break;
  }
  if (kind != Kind::Session || shape.condition.deciding_count() <= limits::kExactThreshold) return std::nullopt;
  const std::string most = std::to_string(limits::kExactThreshold);
  return Refusal{"above " + most + " does not keep every match, and so not the pauses between them",
                 "ask for at most " + most + ", or use `window: tumbling`"};
}

bool allowed(const YamlNode& node, Kind kind, RuleContext& context) {
  if (context.draft.kind != DocumentKind::Correlation) {
    context.diagnostics().error("bad-extension", "\"window\" belongs to correlations", node.span, "remove it");
    return false;
  }
  const Correlation& shape = context.draft.correlation.shape;
  const std::optional<Refusal> refusal = kind == Kind::Sliding ? std::nullopt : refused(shape, kind);
  if (!refusal) return true;
  context.diagnostics().error("bad-window", std::string(to_text(shape.type)) + " " + refusal->reason, node.span,
                              refusal->hint);
  return false;
}

void read_session(const YamlNode& node, RuleContext& context) {
  if (!node.is_map()) {
    context.diagnostics().error("bad-value", "a session is a mapping with the pause that ends it", node.span,
                                "write {session: {gap: 5m}}");
    return;
  }
  MapReader map(node, "session", context.diagnostics());
  const YamlNode* gap_node = map.get("gap");
  const std::optional<Duration> gap = map.duration("gap");
  if (const YamlNode* span = map.get("max-span")) {
    context.diagnostics().error("bad-window", "the timespan of the correlation is the most that a session spans",
                                span->span, "remove `max-span` and write it as `timespan`");
  }
  map.finish();
  if (gap_node == nullptr) {
    context.diagnostics().error("bad-window", "a session needs the pause that ends it", node.span, "add `gap: 5m`");
  }
  if (!gap) return;
  Correlation& shape = context.draft.correlation.shape;
  if (gap->micros == 0 || (shape.timespan.micros > 0 && *gap >= shape.timespan)) {
    context.diagnostics().error("bad-window",
                                gap->micros == 0
                                    ? "a gap of 0 ends a session with every event"
                                    : "a gap as long as the timespan ends no session before the timespan does",
                                gap_node->span, "write a gap shorter than the timespan, or remove `window`");
    return;
  }
  shape.window = {Kind::Session, *gap};
}

}  // namespace

void read_window(const YamlNode& node, RuleContext& context) {
  if (node.is_scalar() && (node.text == "sliding" || node.text == "tumbling")) {
    const Kind kind = node.text == "tumbling" ? Kind::Tumbling : Kind::Sliding;
    if (allowed(node, kind, context)) context.draft.correlation.shape.window.kind = kind;
    return;
  }
  const YamlNode* session = node.is_map() ? node.find("session") : nullptr;
  static constexpr std::array<std::string_view, 1> kKeys = {"session"};
  const bool misspelt = node.is_map() && !node.entries.empty() && !nearest(node.entries[0].key.text, kKeys).empty();
  if (session == nullptr && !misspelt) {
    context.diagnostics().error(
        "bad-value", node.is_scalar() ? "\"" + printable(node.text) + "\" is no window" : "this is no window",
        node.span, "sliding (the default), tumbling, or {session: {gap: 5m}}");
    return;
  }
  MapReader map(node, "window", context.diagnostics());
  map.get("session");
  map.finish();
  if (session != nullptr && allowed(node, Kind::Session, context)) read_session(*session, context);
}

}  // namespace kubevigil
