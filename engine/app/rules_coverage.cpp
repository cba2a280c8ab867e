#include <fmt/format.h>

#include <algorithm>

#include "engine/app/rule_facts.h"
#include "engine/app/rules_pages.h"

namespace kubevigil {
namespace {

constexpr std::string_view kHead = R"(# What the built-in rules cover

Made by `kubevigil rules coverage` from [threats.yaml](threats.yaml) and the rules; a test holds this page against them, `make docs`
makes it anew. Behind each rule stands the audit level that it needs. An audit log shows requests to the API server and
nothing else, so each threat says what cannot be seen of it, however many rules there are.

)";

struct Part {
  char letter;
  std::string_view title;
};
constexpr Part kParts[] = {{'A', "Ways around the API server"},
                           {'B', "An intrusion in five stages, and the settings that invite it"}};

class Page {
 public:
  Page(const RuleSet& rules, const Threats& threats) : rules_(rules), threats_(threats) {}

  std::string text() {
    out_ = std::string(kHead);
    totals();
    for (const Part& part : kParts) seed(part);
    with_rules();
    without_rules("Ideas that need more than the program can do", &Idea::missing, "what is missing");
    without_rules("Ideas that were left out", &Idea::left_out, "why");
    return std::move(out_);
  }

 private:
  void totals();
  void seed(const Part& part);
  void with_rules();
  void without_rules(std::string_view title, std::string Idea::*why, std::string_view heading);
  std::string rule_with_level(const std::string& name) const;
  std::string rules_of(const Threat& threat) const;

  const RuleSet& rules_;
  const Threats& threats_;
  std::string out_;
};

void Page::totals() {
  const auto count = [&](auto&& which) { return std::count_if(threats_.ideas.begin(), threats_.ideas.end(), which); };
  const auto done = count([](const Idea& i) { return !i.rules.empty(); });
  const auto missing = count([](const Idea& i) { return !i.missing.empty(); });
  const auto blind =
      std::count_if(threats_.seed.begin(), threats_.seed.end(), [](const Threat& t) { return !t.visible; });
  out_ += fmt::format(
      "{} threats, of {} of which no audit event shows the act itself. {} ideas for rules: {} have rules, {} need more "
      "than "
      "the program can do, {} were left out.\n",
      threats_.seed.size(), blind, threats_.ideas.size(), done, missing,
      threats_.ideas.size() - static_cast<size_t>(done + missing));
}

std::string Page::rule_with_level(const std::string& name) const {
  const Rule* rule = rules_.find(name);
  return rule == nullptr ? fmt::format("`{}` (not there)", name)
                         : fmt::format("`{}` {}", name, facts_of(*rule, rules_).needed_level);
}

std::string Page::rules_of(const Threat& threat) const {
  std::vector<std::string> names;
  std::string lacking;
  for (const std::string& id : threat.ideas) {
    const Idea* idea = threats_.find(id);
    if (idea == nullptr || idea->rules.empty()) {
      lacking += (lacking.empty() ? "no rule: " : ", ") + id;
      continue;
    }
    for (const std::string& name : idea->rules) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  std::string out = threat.visible ? "" : "*the act is invisible*";
  for (const std::string& name : names) out += (out.empty() ? "" : "<br>") + rule_with_level(name);
  if (!lacking.empty()) out += (out.empty() ? "" : "<br>") + lacking;
  return out;
}

void Page::seed(const Part& part) {
  out_ += fmt::format("\n## {}\n\n| | threat | rules | cannot be seen |\n|---|---|---|---|\n", part.title);
  for (const Threat& threat : threats_.seed) {
    if (threat.id.front() != part.letter) continue;
    out_ += fmt::format("| {} | {} | {} | {} |\n", threat.id, cell(threat.text), rules_of(threat), cell(threat.unseen));
  }
}

void Page::with_rules() {
  out_ += "\n## Ideas and their rules\n\n| idea | rules |\n|---|---|\n";
  for (const Idea& idea : threats_.ideas) {
    if (idea.rules.empty()) continue;
    std::string names;
    for (const std::string& name : idea.rules) names += (names.empty() ? "" : ", ") + rule_with_level(name);
    out_ += fmt::format("| {} | {} |\n", idea.id, names);
  }
}

void Page::without_rules(std::string_view title, std::string Idea::*why, std::string_view heading) {
  const bool none =
      std::none_of(threats_.ideas.begin(), threats_.ideas.end(), [&](const Idea& i) { return !(i.*why).empty(); });
  if (none) return;
  out_ += fmt::format("\n## {}\n\n| idea | {} |\n|---|---|\n", title, heading);
  for (const Idea& idea : threats_.ideas) {
    if (!(idea.*why).empty()) out_ += fmt::format("| {} | {} |\n", idea.id, cell(idea.*why));
  }
}

}  // namespace

std::string coverage_page(const RuleSet& rules, const Threats& threats) { return Page(rules, threats).text(); }

}  // namespace kubevigil
