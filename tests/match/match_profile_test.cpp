// What evaluating rules took: every number against what was done.
#include "engine/match/match_profile.h"

#include <gtest/gtest.h>

#include "engine/match/program.h"
#include "engine/rule/rule_loader.h"
#include "tests/event/read_event.h"

namespace kubevigil {
namespace {

// Hit, ruled out by its index, left by the index and no hit, asked for a body.
constexpr std::string_view kProfiledRules = R"(title: hit
name: hit
id: 00000000-0000-4000-8000-000000000001
logsource: {product: kubernetes, service: audit}
level: low
detection:
  sel: {verb: create, objectRef.name: web}
  condition: sel
---
title: other verb
name: other_verb
id: 00000000-0000-4000-8000-000000000002
logsource: {product: kubernetes, service: audit}
level: low
detection:
  sel: {verb: delete}
  condition: sel
---
title: other name
name: other_name
id: 00000000-0000-4000-8000-000000000003
logsource: {product: kubernetes, service: audit}
level: low
detection:
  sel: {verb: create, objectRef.name: db}
  condition: sel
---
title: body
name: body
id: 00000000-0000-4000-8000-000000000004
logsource: {product: kubernetes, service: audit}
level: low
detection:
  sel: {verb: create, requestObject.kind: Pod}
  condition: sel
)";
constexpr std::string_view kProfiledCreate =
    R"({"level":"Request","auditID":"a","stage":"ResponseComplete","verb":"create","objectRef":{"resource":"pods","name":"web"},"requestObject":{"kind":"Pod"}})";

struct ProfiledRun {
  explicit ProfiledRun(size_t events) {
    LoadedRules loaded = load_rules({{"test.yaml", std::string(kProfiledRules), false}}, {});
    EXPECT_EQ(loaded.diagnostics.count(Severity::Error), 0u) << render(loaded.diagnostics, loaded.sources);
    rules = std::make_shared<const RuleSet>(std::move(loaded.rules));
    profile.clock = [this] { return Duration{time += 5}; };
    Matcher matcher(Program::compile(rules), {}, limits::kInternedBytes, &profile);
    for (size_t i = 0; i < events; ++i) {
      ReadEvent event;
      EXPECT_TRUE(event.read(std::string(kProfiledCreate)));
      MatchResult result;
      matcher.match(event.event, 0, 0, result);
      hits += result.hits.size();
    }
  }
  const RuleCost& rule(std::string_view name) const {
    for (size_t i = 0; i < rules->rules.size(); ++i) {
      if (rules->rules[i].meta.name == name) return profile.rules.at(i);
    }
    ADD_FAILURE() << name;
    return profile.rules.at(0);
  }

  std::shared_ptr<const RuleSet> rules;
  MatchProfile profile;
  int64_t time = 0;
  size_t hits = 0;
};

TEST(MatchProfile, CountsWhatWasDone) {
  const ProfiledRun run(40);
  EXPECT_EQ(run.hits, 80u);
  EXPECT_EQ(run.rule("hit").cost.evaluations, 40u);
  EXPECT_EQ(run.rule("hit").hits, 40u);
  EXPECT_EQ(run.rule("hit").bodies, 0u);
  EXPECT_EQ(run.rule("other_verb").cost.evaluations, 0u) << "its index rules it out";
  EXPECT_EQ(run.rule("other_name").cost.evaluations, 40u);
  EXPECT_EQ(run.rule("other_name").hits, 0u);
  EXPECT_EQ(run.rule("body").hits, 40u);
  EXPECT_EQ(run.rule("body").bodies, 40u);
}

TEST(MatchProfile, TimesEverySixteenthAndSpeaksForAll) {
  const ProfiledRun run(40);
  const EvaluationCost& cost = run.rule("other_name").cost;
  EXPECT_EQ(cost.timed, 3u) << "the second, the 18th and the 34th";
  EXPECT_GE(cost.time.micros, 3 * 5) << "five at least between two looks at the clock";
  EXPECT_DOUBLE_EQ(cost.micros(), static_cast<double>(cost.time.micros) * 40 / 3);
  EXPECT_EQ(EvaluationCost().micros(), 0);
}

TEST(MatchProfile, FieldsAreNamed) {
  const ProfiledRun run(1);
  const auto tests_of = [&](std::string_view name) {
    uint64_t tests = 0;
    for (const FieldCost& field : run.profile.fields) tests += field.name == name ? field.cost.evaluations : 0;
    return tests;
  };
  EXPECT_EQ(tests_of("objectRef.name"), 2u);
  EXPECT_EQ(tests_of("requestObject.kind"), 1u);
  EXPECT_GE(tests_of("verb"), 2u) << "asked when its value was new";
  EXPECT_EQ(tests_of("user.username"), 0u);
}

TEST(MatchProfile, SumsAreThoseOfOneWorker) {
  const ProfiledRun whole(48), a(16), b(32);
  MatchProfile sum;
  sum.add(a.profile);
  sum.add(b.profile);
  for (size_t i = 0; i < sum.rules.size(); ++i) {
    EXPECT_EQ(sum.rules[i].cost.evaluations, whole.profile.rules[i].cost.evaluations);
    EXPECT_EQ(sum.rules[i].cost.timed, whole.profile.rules[i].cost.timed);
    EXPECT_EQ(sum.rules[i].hits, whole.profile.rules[i].hits);
    EXPECT_EQ(sum.rules[i].bodies, whole.profile.rules[i].bodies);
  }
}

}  // namespace
}  // namespace kubevigil
