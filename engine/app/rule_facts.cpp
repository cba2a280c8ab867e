#include "engine/app/rule_facts.h"

#include <algorithm>
#include <set>

namespace kubevigil {
namespace {

struct Collector {
  std::set<std::string> fields;
  std::set<std::string> foreign;  // reasons against portability
  bool request = false, response = false;

  void field(const FieldRef& ref) {
    if (ref.id == FieldId::Element) return;
    const FieldInfo& info = field_info(ref.id);
    fields.insert(to_text(ref));
    response = response || ref.id == FieldId::ResponseObject;
    const bool anywhere = ref.id == FieldId::Keywords;  // what they look for mostly stands in bodies
    request = request || ref.id == FieldId::RequestObject || info.needs_request_body || anywhere;
    if (info.origin == FieldOrigin::Derived || info.origin == FieldOrigin::Hit) {
      foreign.insert("derived field " + std::string(info.name));
    }
  }

  void expr(const Expr& e) {
    if (e.kind == Expr::Kind::Test) {
      field(e.test.field);
      for (const Pattern& pattern : e.test.patterns) {
        if (pattern.field) field(*pattern.field);
      }
    }
    if (e.kind == Expr::Kind::Element) {
      field(e.array);
      foreign.insert("array matching");
    }
    for (const Expr& child : e.children) expr(child);
  }

  void rule(const Rule& r, const RuleSet& rules) {
    if (r.is_detection()) return expr(r.detection().condition);
    const Correlation& c = r.correlation();
    const bool ours =
        c.type == CorrelationType::NewValue || c.type == CorrelationType::Absence || c.type == CorrelationType::Chain;
    if (ours) foreign.insert("correlation type " + std::string(to_text(c.type)));
    for (const CorrelationInput& input : c.inputs) {
      if (input.from_hits) continue;  // whatever there is
      for (const FieldRef& ref : input.group) field(ref);
      for (const FieldRef& ref : input.values) field(ref);
      rule(rules.rules[input.rule], rules);
    }
  }
};

}  // namespace

RuleFacts facts_of(const Rule& rule, const RuleSet& rules) {
  Collector collector;
  collector.rule(rule, rules);
  RuleFacts facts;
  facts.fields.assign(collector.fields.begin(), collector.fields.end());
  facts.needed_level = collector.response ? "RequestResponse" : collector.request ? "Request" : "Metadata";
  facts.not_portable.assign(collector.foreign.begin(), collector.foreign.end());
  if (facts.not_portable.empty() && !rule.not_portable.empty()) facts.not_portable = {rule.not_portable};
  return facts;
}

}  // namespace kubevigil
