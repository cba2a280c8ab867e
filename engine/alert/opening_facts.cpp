#include "engine/alert/opening_facts.h"

#include <algorithm>
#include <set>

#include "engine/alert/alert_builder.h"
#include "engine/alert/event_facts.h"
#include "engine/base/limits.h"
#include "engine/match/explain.h"

namespace kubevigil {
namespace {

// The detection behind `rule` (itself, or one that feeds it) whose condition holds on the event.
void explain_matching(const RuleSet& rules, uint32_t index, RuleExplainer& explainer, size_t depth,
                      std::vector<Explanation>& out) {
  const Rule& rule = rules.rules[index];
  if (rule.is_detection()) {
    if (auto tree = explainer.explain_if_true(index)) out.push_back(std::move(*tree));
    return;
  }
  if (depth == 0) return;
  for (const CorrelationInput& input : rule.correlation().inputs) {
    if (input.role == CorrelationInput::Role::Member) {
      explain_matching(rules, input.rule, explainer, depth - 1, out);
    }
    if (!out.empty()) return;
  }
}

// What matched. Conditions that helped by being false (filters, exceptions) only where there is nothing else to show:
// a rule may have dozens.
std::vector<const Explanation*> matched_tests(const Explanation& tree) {
  std::vector<const Explanation*> tests = decisive_tests(tree);
  const auto negated = [](const Explanation* test) { return test->negated; };
  if (!std::all_of(tests.begin(), tests.end(), negated)) std::erase_if(tests, negated);
  return tests;
}

// Names that are no numbers, of the message and the next steps.
std::set<std::string> names_in(const Rule& rule) {
  std::set<std::string> names;
  const FieldText note = [&](std::string_view name) {
    names.emplace(name);
    return std::string();
  };
  parse_message(rule.extension.message.empty() ? rule.meta.title : rule.extension.message, note);
  for (const std::string& step : rule.meta.next_steps) parse_message(step, note);
  return names;
}

}  // namespace

std::string OpeningFacts::text(std::string_view name) const {
  const auto found = std::find_if(texts.begin(), texts.end(), [&](const auto& text) { return text.first == name; });
  return found == texts.end() ? "(unknown)" : found->second;
}

const std::vector<AlertWhy>* OpeningFacts::why_of(uint32_t rule) const {
  const auto found = std::find_if(why.begin(), why.end(), [&](const auto& of) { return of.first == rule; });
  return found == why.end() ? nullptr : &found->second;
}

std::vector<AlertWhy> AlertBuilder::why_of(uint32_t index, const OpeningEvent& opening) const {
  const RuleSet& rules = program_->rules();
  std::vector<Explanation> trees;
  RuleExplainer explainer(*program_, *opening.fields);
  explain_matching(rules, index, explainer, limits::kChainDepth, trees);
  const std::string resource = full_resource(*opening.event);
  std::vector<AlertWhy> out;
  for (const Explanation& tree : trees) {
    for (const Explanation* test : matched_tests(tree)) {
      if (out.size() >= kWhyEntries) return out;
      AlertWhy& why =
          out.emplace_back(AlertWhy{displayed(test->negated ? "not " + test->text : test->text), test->field, {}});
      for (const std::string& value : test->values) {
        why.values.push_back(displayed(redactor_.value(test->field, resource, value)));
      }
    }
  }
  return out;
}

OpeningFacts AlertBuilder::facts(const OpeningEvent& opening, std::span<const uint32_t> rules) const {
  OpeningFacts out;
  std::set<std::string> names;
  for (const uint32_t rule : rules) {
    names.merge(names_in(program_->rules().rules[rule]));
    out.why.emplace_back(rule, why_of(rule, opening));
  }
  const EventFacts event(*opening.event, *opening.fields, redactor_);
  event.fill(out.event);  // when the conditions have read the bodies: whether they can be read is then known
  out.event.salvaged = opening.salvaged;
  for (const std::string& name : names) out.texts.emplace_back(name, event.text(name));
  return out;
}

}  // namespace kubevigil
