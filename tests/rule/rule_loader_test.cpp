// Loading as a whole: references in any order and file, filters, what changes the semantic hash, bounds.
#include "engine/rule/rule_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "engine/rule/check_report.h"

namespace kubevigil {
namespace {

using ::testing::HasSubstr;

std::string id_of(int n) {
  std::string digits = std::to_string(n);
  return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

std::string detection(const std::string& name, int id, const std::string& fields = "verb: get",
                      const std::string& more = {}) {
  return "title: " + name + "\nname: " + name + "\nid: " + id_of(id) +
         "\nlogsource: {product: kubernetes, service: audit}\ndetection:\n  selection: {" + fields +
         "}\n  condition: selection\n" + more;
}

std::string correlation(const std::string& name, int id, const std::string& rules, const std::string& more = {}) {
  return "title: " + name + "\nname: " + name + "\nid: " + id_of(id) + "\ncorrelation: {type: event_count, rules: [" +
         rules + "], group-by: [user.username], timespan: 5m, condition: {gte: 2}" + more + "}\n";
}

std::string filter(const std::string& rules, int id, const std::string& fields = "user.username|cased: alice",
                   const std::string& condition = "selection") {
  return "title: filter\nid: " + id_of(id) + "\nlogsource: {product: kubernetes, service: audit}\nfilter:\n  rules: [" +
         rules + "]\n  selection: {" + fields + "}\n  condition: " + condition + "\n";
}

LoadedRules load(const std::vector<std::string>& texts, const LoadOptions& options = {}) {
  std::vector<RuleSource> sources;
  for (size_t i = 0; i < texts.size(); ++i) sources.push_back({"f" + std::to_string(i) + ".yaml", texts[i], false});
  return load_rules(sources, options);
}

std::string condition_of(const LoadedRules& loaded, std::string_view name) {
  const Rule* rule = loaded.rules.find(name);
  return rule == nullptr ? "no rule" : to_text(rule->detection().condition);
}

TEST(RuleLoader, ReferencesGoByIdOrNameInAnyOrderAndFile) {
  const LoadedRules loaded = load({correlation("c", 2, "b, " + id_of(1)), correlation("b", 3, "a"), detection("a", 1)});
  ASSERT_FALSE(loaded.diagnostics.has_errors()) << render(loaded.diagnostics, loaded.sources);
  ASSERT_EQ(loaded.rules.rules.size(), 3u);
  for (size_t i = 0; i < loaded.rules.rules.size(); ++i) {
    const Rule& rule = loaded.rules.rules[i];
    if (rule.is_detection()) continue;
    for (const CorrelationInput& input : rule.correlation().inputs) EXPECT_LT(input.rule, i) << rule.meta.name;
  }
  EXPECT_EQ(loaded.rules.find(id_of(2)), loaded.rules.find("c"));
}

TEST(RuleLoader, ARuleAlertsUnlessACorrelationReadsItWithoutGenerate) {
  EXPECT_TRUE(load({detection("a", 1)}).rules.find("a")->alerts);
  EXPECT_FALSE(load({detection("a", 1), correlation("c", 2, "a")}).rules.find("a")->alerts);
  EXPECT_TRUE(load({detection("a", 1), correlation("c", 2, "a", ", generate: true")}).rules.find("a")->alerts);
  // A broken correlation silences nothing.
  EXPECT_TRUE(load({detection("a", 1), correlation("c", 2, "a, nothing")}).rules.find("a")->alerts);
}

TEST(RuleLoader, AUsersCorrelationDoesNotSilenceABuiltInRule) {
  const std::vector<RuleSource> sources = {{"pack", detection("a", 1), true},
                                           {"mine", correlation("c", 2, "a"), false}};
  EXPECT_TRUE(load_rules(sources, {}).rules.find("a")->alerts);
}

TEST(RuleLoader, ChainsAreBoundedAndCyclesReported) {
  std::vector<std::string> texts = {detection("r0", 1)};
  const int depth = static_cast<int>(limits::kChainDepth);
  for (int i = 1; i <= depth + 1; ++i)
    texts.push_back(correlation("r" + std::to_string(i), i + 1, "r" + std::to_string(i - 1)));
  const LoadedRules deep = load(texts);
  EXPECT_EQ(deep.rules.rules.size(), limits::kChainDepth + 1);
  EXPECT_EQ(deep.diagnostics.entries().at(0).code, "correlation-limit");
  const LoadedRules cycle = load({correlation("a", 1, "b"), correlation("b", 2, "c"), correlation("c", 3, "a")});
  EXPECT_TRUE(cycle.rules.rules.empty());
  EXPECT_THAT(render(cycle.diagnostics, {}), HasSubstr("correlation-cycle"));
}

TEST(RuleLoader, TemporalOrderedAsksForAllOfItsRules) {
  const auto load_ordered = [](const std::string& type, const std::string& condition) {
    return load({detection("a", 1), detection("b", 2),
                 "title: c\nname: c\nid: " + id_of(3) + "\ncorrelation: {type: " + type +
                     ", rules: [a, b], timespan: 1m" + condition + "}\nlevel: low\n"})
        .diagnostics.count(Severity::Error);
  };
  EXPECT_EQ(load_ordered("temporal", ", condition: {gte: 1}"), 0u);
  EXPECT_EQ(load_ordered("temporal_ordered", ""), 0u);
  EXPECT_EQ(load_ordered("temporal_ordered", ", condition: {gte: 2}"), 0u);
  EXPECT_EQ(load_ordered("temporal_ordered", ", condition: {gte: 1}"), 1u);
  EXPECT_EQ(load_ordered("temporal_ordered", ", condition: {lt: 3}"), 1u);
}

TEST(RuleLoader, BothSpellingsOfAFilterDropWhatTheSelectionDescribes) {
  const std::string expected = "all(verb equals [\"get\"], not(user.username equals:cased [\"alice\"]))";
  EXPECT_EQ(condition_of(load({detection("a", 1), filter("a", 2)}), "a"), expected);
  EXPECT_EQ(condition_of(load({detection("a", 1), filter("a", 2, "user.username|cased: alice", "not selection")}), "a"),
            expected);
}

TEST(RuleLoader, AFilterOnACorrelationLeavesTheBaseRuleAlone) {
  const LoadedRules loaded = load({detection("a", 1), correlation("c", 2, "a", ", generate: true"),
                                   correlation("d", 4, "c", ", generate: true"), filter("d", 3)});
  ASSERT_FALSE(loaded.diagnostics.has_errors()) << render(loaded.diagnostics, loaded.sources);
  EXPECT_EQ(condition_of(loaded, "a"), "verb equals [\"get\"]");
  EXPECT_THAT(condition_of(loaded, "a@d"), HasSubstr("alice"));
  EXPECT_TRUE(loaded.rules.find("a")->alerts);
  EXPECT_TRUE(loaded.rules.find("c")->alerts);
  EXPECT_FALSE(loaded.rules.find("a@d")->alerts);
  EXPECT_FALSE(loaded.rules.find("c@d")->alerts);
  const Correlation& c = loaded.rules.find("c")->correlation();
  EXPECT_EQ(loaded.rules.rules[c.inputs.at(0).rule].meta.name, "a");
}

TEST(RuleLoader, FiltersWithoutRulesSpareThoseThatAllowNone) {
  const std::string never = detection("n", 2, "verb: list", "kubevigil: {exempt: never}\n");
  std::string any = filter("x", 3);
  any.replace(any.find("[x]"), 3, "any");
  const LoadedRules loaded = load({detection("a", 1), never, any});
  EXPECT_THAT(condition_of(loaded, "a"), HasSubstr("alice"));
  EXPECT_EQ(condition_of(loaded, "n"), "verb equals [\"list\"]");
  const LoadedRules refused = load({never, filter("n", 3)});
  EXPECT_EQ(condition_of(refused, "n"), "verb equals [\"list\"]");
  EXPECT_THAT(render(refused.diagnostics, {}), HasSubstr("exempt-never"));
}

TEST(RuleLoader, AnExpiredFilterIsOffAndSaid) {
  LoadOptions options;
  const std::string text = filter("a", 2) + "kubevigil: {owner: me, reason: why, expires: 2026-03-01}\n";
  for (const auto& [today, off] :
       {std::pair{"", false}, {"2026-02-28", false}, {"2026-03-01", false}, {"2026-03-02", true}}) {
    options.today = today;
    const LoadedRules loaded = load({detection("a", 1), text}, options);
    EXPECT_EQ(condition_of(loaded, "a").find("alice") == std::string::npos, off) << today;
    EXPECT_EQ(loaded.skipped.size(), off ? 1u : 0u);
  }
}

TEST(RuleLoader, RegularExpressionsThatNoValueOfTheFieldMatchesAreImpossible) {
  const auto dead = [](const std::string& fields) { return load({detection("a", 1, fields)}).rules.rules.at(0).dead; };
  EXPECT_EQ(dead("verb|re: ^exec$"), "verb is never \"^exec$\"");
  EXPECT_EQ(dead("verb|re: ^(get|exec)$"), "");
  EXPECT_EQ(dead("verb|re: ^GET$"), "verb is never \"^GET$\"") << "re is case-sensitive";
  EXPECT_EQ(dead("verb|re|i: ^GET$"), "");
  EXPECT_EQ(dead("user.username|re: ^exec$"), "");
}

TEST(RuleLoader, WhatIsNoRuleIsOneError) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []\n", "Kubernetes object"},
      {"- rule: x\n  condition: y\n", "Falco"},
      {"hello\n", "other files"}};
  for (const auto& [text, advice] : rows) {
    const LoadedRules loaded = load({text, text, detection("a", 1)});
    ASSERT_EQ(loaded.diagnostics.entries().size(), 2u) << render(loaded.diagnostics, loaded.sources);
    EXPECT_EQ(loaded.diagnostics.entries()[0].code, "bad-document");
    EXPECT_EQ(loaded.diagnostics.entries()[0].span.line, 1u);
    EXPECT_THAT(loaded.diagnostics.entries()[0].hint, HasSubstr(advice));
    EXPECT_EQ(loaded.skipped.at(0).find("f0.yaml:1: a document is left out: this is no Sigma rule"), 0u);
    EXPECT_NE(loaded.rules.find("a"), nullptr);
  }
}

TEST(RuleLoader, BrokenYamlIsTheReasonThatIsGiven) {
  const LoadedRules loaded = load({detection("a", 1, "verb: get, verb: list")});
  ASSERT_EQ(loaded.skipped.size(), 1u);
  EXPECT_THAT(loaded.skipped[0], HasSubstr("its YAML is broken"));
}

TEST(RuleLoader, TheSemanticHashFollowsTheMeaning) {
  const auto hash = [](const std::vector<std::string>& texts, const LoadOptions& options = {}) {
    const LoadedRules loaded = load(texts, options);
    EXPECT_NE(loaded.rules.find(id_of(1)), nullptr) << render(loaded.diagnostics, loaded.sources);
    return loaded.rules.find(id_of(1))->semantic_hash;
  };
  const std::string base = hash({detection("a", 1)});
  EXPECT_EQ(base.size(), 64u);
  EXPECT_EQ(hash({detection("other_title", 1, "verb: get", "description: words\ntags: [attack.t1078]\n")}), base);
  EXPECT_EQ(hash({detection("a", 1, "verb: [GET]")}), base);
  EXPECT_NE(hash({detection("a", 1, "verb: list")}), base);
  EXPECT_NE(hash({detection("a", 1, "verb: get", "level: high\n")}), base);
  EXPECT_NE(hash({detection("a", 1, "verb: get", "kubevigil: {risk: 5}\n")}), base);
  EXPECT_NE(hash({detection("a", 1), filter("a", 2)}), base);
  LoadOptions one, two;
  one.lists["lists/l"] = "[x]";
  two.lists["lists/l"] = "[y]";
  const std::string with_list = detection("a", 1, "user.username|expand: '%l%'");
  EXPECT_NE(hash({with_list}, one), hash({with_list}, two));
  const auto chained = [&](const std::string& fields) {
    return hash({correlation("c", 1, "b"), detection("b", 2, fields)});
  };
  EXPECT_NE(chained("verb: get"), chained("verb: list"));
  EXPECT_EQ(chained("verb: get"), chained("verb: GET"));
  const auto taken = [&](const std::string& dedup) {
    return hash({detection("a", 1, "verb: get", "kubevigil: {dedup: {period: 1h" + dedup + "}}\n")});
  };
  EXPECT_EQ(taken(", extend: false"), base);
  EXPECT_NE(taken(", extend: true, max-duration: 24h"), base);
  EXPECT_NE(taken(", extend: true, max-duration: 24h"), taken(", extend: true, max-duration: 12h"));
  const auto counted = [&](const std::string& window) {
    const std::string keys = window.empty() ? "" : "kubevigil: {window: " + window + "}\n";
    return hash({correlation("c", 1, "b") + keys, detection("b", 2)});
  };
  EXPECT_EQ(counted("sliding"), counted(""));
  EXPECT_NE(counted("tumbling"), counted(""));
  EXPECT_NE(counted("{session: {gap: 1m}}"), counted(""));
  EXPECT_NE(counted("{session: {gap: 1m}}"), counted("tumbling"));
  EXPECT_NE(counted("{session: {gap: 1m}}"), counted("{session: {gap: 2m}}"));
}

// design/rules.md 4: the configuration of derived fields is part of the meaning, of those rules that read them.
TEST(RuleLoader, TrustedProxiesAreMeaningWhereTheyMatter) {
  const auto hash = [](const std::vector<std::string>& texts, std::vector<std::string> proxies) {
    LoadOptions options;
    options.derived.trusted_proxies = std::move(proxies);
    const LoadedRules loaded = load(texts, options);
    EXPECT_EQ(loaded.rules.derived, options.derived);
    return loaded.rules.find(id_of(1))->semantic_hash;
  };
  const std::vector<std::vector<std::string>> readers = {
      {detection("a", 1, "peerIP: 1.2.3.4")},
      {detection("a", 1, "user.username|fieldref: peerNetwork")},
      {detection("a", 1, "verb: get", "kubevigil: {dedup: {by: [peerIP]}}\n")},
      {correlation("c", 1, "b"), detection("b", 2, "peerIP: 1.2.3.4")},
      {"title: c\nname: c\nid: " + id_of(1) +
           "\ncorrelation: {type: event_count, rules: [b], group-by: [peerNetwork], timespan: 5m, condition: {gte: "
           "2}}\n",
       detection("b", 2)}};
  for (const std::vector<std::string>& texts : readers) {
    EXPECT_NE(hash(texts, {}), hash(texts, {"10.0.0.0/8"})) << texts.front();
    EXPECT_NE(hash(texts, {"10.0.0.0/9"}), hash(texts, {"10.0.0.0/8"})) << texts.front();
    EXPECT_EQ(hash(texts, {"fd00::1", "10.0.0.0/8"}), hash(texts, {"10.1.2.3/8", "fd00:0::1/128", "fd00::1"}));
  }
  EXPECT_EQ(hash({detection("a", 1)}, {}), hash({detection("a", 1)}, {"10.0.0.0/8"}));
}

TEST(RuleLoader, TheHashOfAllRulesDoesNotDependOnTheirOrder) {
  const LoadedRules ab = load({detection("a", 1), detection("b", 2, "verb: list")});
  const LoadedRules ba = load({detection("b", 2, "verb: list"), detection("a", 1)});
  EXPECT_EQ(ab.rules.hash, ba.rules.hash);
  EXPECT_NE(ab.rules.hash, load({detection("a", 1)}).rules.hash);
}

TEST(RuleLoader, PortableAreRulesWithoutOurOwnAdditions) {
  const auto reason = [](const std::string& text) { return load({text}).rules.rules.at(0).not_portable; };
  EXPECT_EQ(reason(detection("a", 1)), "");
  EXPECT_THAT(reason(detection("a", 1, "peerIP: 1.2.3.4")), HasSubstr("derived field"));
  EXPECT_THAT(reason(detection("a", 1, "'user.groups[any]': x", "sigma-version: 3\n")), HasSubstr("array selector"));
}

// Other tools pass over a mapping that they do not know; what it says of an alert costs them nothing.
TEST(RuleLoader, WhatOnlyDecoratesAnAlertIsPortable) {
  const auto reason = [](const std::vector<std::string>& texts, const char* rule) {
    const LoadedRules loaded = load(texts);
    const Rule* found = loaded.rules.find(rule);
    return found == nullptr ? render(loaded.diagnostics, {}) : found->not_portable;
  };
  const std::string decorated = detection("a", 1, "verb: get",
                                          "kubevigil: {stage: probe, risk: 1, preset: all, exempt: never, message: x, "
                                          "dedup: {by: [peerIP], period: 1h}, next-steps: [y]}\n");
  EXPECT_EQ(reason({decorated}, "a"), "");
  EXPECT_EQ(reason({decorated, correlation("c", 2, "a", ", generate: true")}, "c"), "");
  EXPECT_THAT(reason({decorated, correlation("c", 2, "a") + "kubevigil: {window: tumbling}\n"}, "c"),
              HasSubstr("window"));
  EXPECT_THAT(reason({detection("a", 1, "peerIP: 1.2.3.4"), correlation("c", 2, "a")}, "c"), HasSubstr("reads \"a\""));
  const auto special = [](const std::string& type, const std::string& group, const std::string& more) {
    return "title: c\nname: c\nid: " + id_of(2) + "\ncorrelation: {type: " + type + ", rules: [a], group-by: [" +
           group + "], timespan: 5m, " + more;
  };
  EXPECT_THAT(reason({decorated, special("new_value", "verb", "condition: {field: user.username}}\n")}, "c"),
              HasSubstr("new_value"));
  EXPECT_THAT(reason({decorated, special("value_count", "verb",
                                         "condition: {gte: 2, field: user.username}}\n"
                                         "kubevigil: {value_count: {require-any: [x]}}\n")},
                     "c"),
              HasSubstr("options of value_count"));
  EXPECT_THAT(
      reason({decorated, special("value_count", "peerIP", "condition: {gte: 2, field: user.username}}\n")}, "c"),
      HasSubstr("derived field \"peerIP\""));
}

TEST(CheckReport, HasEveryProblemInEveryForm) {
  const LoadedRules loaded = load({detection("a", 1, "verb: exec"), detection("b", 2, "vreb: <get>"), "title: &"});
  EXPECT_TRUE(parse_check_format("sarif") == CheckFormat::Sarif);
  EXPECT_FALSE(parse_check_format("yaml"));
  EXPECT_FALSE(check_passed(loaded));
  const std::string text = check_report(loaded, CheckFormat::Text, {true, "1"});
  EXPECT_THAT(text, HasSubstr("dead: a: verb is never \"exec\""));
  EXPECT_THAT(text, HasSubstr("2 of 2 rules portable (100%)"));
  const std::string json = check_report(loaded, CheckFormat::Json, {});
  EXPECT_THAT(json, HasSubstr("\"code\":\"impossible-value\""));
  EXPECT_THAT(json, HasSubstr("\"dead\":[{\"rule\":\"a\",\"reason\":\"verb is never \\\"exec\\\"\"}"));
  const std::string sarif = check_report(loaded, CheckFormat::Sarif, {false, "1.2"});
  EXPECT_THAT(sarif, HasSubstr("\"version\":\"2.1.0\""));
  EXPECT_THAT(sarif, HasSubstr("\"ruleId\":\"unknown-field\",\"level\":\"warning\""));
  EXPECT_THAT(sarif, HasSubstr("\"region\":{\"startLine\":6,\"startColumn\":15,\"endColumn\":19}"));
  const std::string junit = check_report(loaded, CheckFormat::Junit, {});
  EXPECT_THAT(junit, HasSubstr("tests=\"3\" failures=\"1\""));
  EXPECT_THAT(junit, ::testing::Not(HasSubstr("<get>")));
}

std::string chain(int id, const std::string& more = {}) {
  return "title: chain\nname: chain\nid: " + id_of(id) +
         "\ncorrelation: {type: chain, timespan: 1h, condition: {field: hit.stage, gte: 2}}\n"
         "kubevigil: {chain: {root: [user.username]" +
         more + "}}\n";
}

const std::string kStaged = "level: low\nkubevigil: {stage: entry}\n";

std::vector<std::string> members(const LoadedRules& loaded, CorrelationInput::Role role) {
  std::vector<std::string> names;
  for (const CorrelationInput& input : loaded.rules.find("chain")->correlation().inputs) {
    if (input.role == role) names.push_back(loaded.rules.rules[input.rule].meta.name);
  }
  return names;
}

TEST(Chains, ReadWhateverHasAStage) {
  const std::vector<std::string> rules = {
      chain(1), detection("staged", 2, "verb: get", kStaged), detection("plain", 3),
      detection("minor", 4, "verb: list", "level: informational\nkubevigil: {stage: probe}\n"),
      correlation("often", 5, "plain") + "level: high\nkubevigil: {stage: collect}\n"};
  const LoadedRules loaded = load(rules);
  EXPECT_TRUE(loaded.diagnostics.empty()) << render(loaded.diagnostics, loaded.sources);
  EXPECT_THAT(members(loaded, CorrelationInput::Role::Member), testing::ElementsAre("staged", "often"));
  EXPECT_THAT(members(loaded, CorrelationInput::Role::Actor), testing::ElementsAre("plain"));
  EXPECT_TRUE(loaded.rules.find("staged")->alerts);
  EXPECT_TRUE(loaded.rules.find("often")->alerts);
  EXPECT_FALSE(loaded.rules.find("plain")->alerts);  // `often` reads it
}

TEST(Chains, MeanTheSameWhateverOtherRulesThereAre) {
  const auto hash = [](const std::vector<std::string>& texts) {
    return load(texts).rules.find(id_of(1))->semantic_hash;
  };
  const std::string staged = detection("staged", 2, "verb: get", kStaged);
  const std::string more = detection("more", 3, "verb: list", kStaged);
  const std::string plain = detection("plain", 4);
  const auto link = [](const std::string& rule, const std::string& within) {
    return ", links: {l: {rule: " + rule + ", to: {user.username: objectRef.name}, within: " + within + "}}";
  };
  const std::string base = hash({chain(1), staged});
  EXPECT_EQ(hash({chain(1), staged, more}), base);
  EXPECT_NE(hash({chain(1, ", hits: {min-level: medium}"), staged}), base);
  EXPECT_NE(hash({chain(1, ", max-span: 2h"), staged}), base);
  EXPECT_NE(hash({chain(1, ", limits: {depth: 2}"), staged}), base);
  EXPECT_NE(hash({chain(1), staged, filter("chain", 9)}), base);
  const std::string linked = hash({chain(1, link("plain", "1h")), staged, plain});
  EXPECT_NE(linked, base);
  EXPECT_NE(hash({chain(1, link("plain", "2h")), staged, plain}), linked);
  EXPECT_NE(hash({chain(1, link("plain", "1h")), staged, detection("plain", 4, "verb: watch")}), linked);
}

TEST(Chains, AreNotTakenAlongByABrokenRuleThatTheyDidNotName) {
  const LoadedRules loaded =
      load({chain(1), detection("staged", 2, "verb: get", kStaged), correlation("broken", 3, "nobody") + kStaged});
  ASSERT_NE(loaded.rules.find("chain"), nullptr);
  EXPECT_THAT(members(loaded, CorrelationInput::Role::Member), testing::ElementsAre("staged"));
}

TEST(Chains, NeverLinkOverAddresses) {
  for (const char* field : {"peerIP", "sourceIPs", "userAgent"}) {
    const std::string link = ", links: {l: {to: {user.username: " + std::string(field) + "}, within: 0s}}";
    const LoadedRules loaded = load({chain(1, link), detection("staged", 2, "verb: get", kStaged)});
    EXPECT_THAT(render(loaded.diagnostics, loaded.sources), HasSubstr("over which way somebody came")) << field;
  }
}

TEST(Chains, WithNothingToCountAreDead) {
  EXPECT_THAT(load({chain(1), detection("plain", 2)}).rules.find("chain")->dead, HasSubstr("no rule has"));
}

}  // namespace
}  // namespace kubevigil
