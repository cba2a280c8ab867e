// What the loader cannot ask of everybody's rules, but the pack asks of its own: a rule that alerts says what it is,
// what to do about it and what else it may be; an exception says whose it is and why; threats.yaml and the rules agree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/app/pack.h"
#include "engine/app/rules_pages.h"
#include "engine/rule/data_file.h"
#include "engine/rule/yaml.h"

namespace kubevigil {
namespace {

const RuleSet& pack() {
  static const RuleSet kRules = [] {
    LoadOptions options;
    options.lists = builtin_lists();
    return load_rules(builtin_rules(), options).rules;
  }();
  return kRules;
}

Threats threats() {
  Diagnostics problems;
  Threats threats = parse_threats(builtin_threats(), "detections/threats.yaml", problems);
  EXPECT_TRUE(problems.empty()) << render(problems, {});
  return threats;
}

bool any_begins(const std::vector<std::string>& texts, std::string_view begin) {
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) { return text.starts_with(begin); });
}

TEST(PackLint, EveryAlertingRuleSaysWhatToDo) {
  for (const Rule& rule : pack().rules) {
    if (!rule.alerts) continue;
    const std::string where = rule.meta.span.file + ": " + rule.meta.name;
    EXPECT_FALSE(techniques_of(rule).empty()) << where << " names no technique of ATT&CK";
    EXPECT_FALSE(rule.meta.description.empty()) << where << " has no description";
    EXPECT_FALSE(rule.meta.references.empty()) << where << " has no references";
    EXPECT_FALSE(rule.meta.falsepositives.empty()) << where << " has no falsepositives";
    EXPECT_GT(rule.extension.risk, 0) << where << " has no risk";
    for (const std::string_view step : {"Verify", "Contain"}) {
      EXPECT_TRUE(any_begins(rule.meta.next_steps, step)) << where << ": no next step begins \"" << step << "\"";
    }
  }
}

// That identities in filters are cased is an error of the loader in the pack (uncased-exception).
TEST(PackLint, EveryExceptionHasAnOwnerAndAReason) {
  size_t filters = 0;
  for (const RuleSource& source : builtin_rules()) {
    Diagnostics ignored;
    for (const YamlDocument& document : parse_yaml(source.text, source.name, ignored)) {
      if (document.root.find("filter") == nullptr) continue;
      ++filters;
      const YamlNode* own = document.root.find("kubevigil");
      for (const char* key : {"owner", "reason"}) {
        EXPECT_TRUE(own != nullptr && own->find(key) != nullptr)
            << source.name << ":" << document.root.span.line << ": an exception without " << key;
      }
    }
  }
  EXPECT_GT(filters, 0u);
}

TEST(PackLint, EveryRuleOfAnIdeaExists) {
  for (const Idea& idea : threats().ideas) {
    for (const std::string& name : idea.rules) {
      EXPECT_NE(pack().find(name), nullptr) << "threats.yaml: " << idea.id << ": no rule is named " << name;
    }
  }
}

// Both accounts whole, in their order; that ideas of a threat exist is asked by parse_threats.
TEST(PackLint, EveryThreatOfBothAccountsIsThere) {
  std::vector<std::string> expected, found;
  for (int i = 1; i <= 21; ++i) expected.push_back("A" + std::to_string(i));
  for (int i = 1; i <= 26; ++i) expected.push_back("B" + std::to_string(i));
  for (const Threat& threat : threats().seed) found.push_back(threat.id);
  EXPECT_EQ(found, expected);
  EXPECT_GE(threats().ideas.size(), 270u);
}

TEST(PackLint, ThreatsAreNoRules) {
  EXPECT_TRUE(is_data_file(builtin_threats()));
  for (const RuleSource& source : builtin_rules()) EXPECT_NE(source.name, "detections/threats.yaml");
}

}  // namespace
}  // namespace kubevigil
