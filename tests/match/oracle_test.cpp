// The compiled matcher against the oracle, on random rules and random events. KUBEVIGIL_SEED=<n> runs the one round
// with that seed, which a failure prints.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "engine/event/event_reader.h"
#include "engine/match/program.h"
#include "engine/rule/rule_loader.h"
#include "tests/support/oracle.h"
#include "tests/support/random_rules.h"

namespace kubevigil {
namespace {

using oracle::Coverage;
using oracle::Oracle;
using oracle::Verdict;

constexpr uint64_t kFirstSeed = 20260102;
constexpr uint64_t kRounds = 40;
constexpr size_t kRules = 40, kEvents = 60;
constexpr uint64_t kWanted = 100;  // times that each construct comes out each way

// One event in memory of its own, read.
class ReadEvent {
 public:
  explicit ReadEvent(const std::string& json) : memory_(json + std::string(kRecordPadding, ' ')), size_(json.size()) {
    RecordOrigin origin;
    origin.cluster = "test";
    const auto read = reader_.read(std::string_view(memory_).substr(0, size_), origin, event);
    EXPECT_TRUE(read) << json;
  }
  Event event;

 private:
  std::string memory_;
  size_t size_;
  EventReader reader_;
};

struct Outcome {
  std::set<std::string> hits, not_evaluable;
  bool operator==(const Outcome&) const = default;
};

Outcome outcome_of(Matcher& matcher, const RuleSet& rules, const Event& event) {
  MatchResult result;
  matcher.match(event, 0, 0, result);
  Outcome outcome;
  for (const Hit& hit : result.hits) outcome.hits.insert(rules.rules[hit.rule].meta.name);
  for (const uint32_t rule : result.not_evaluable) outcome.not_evaluable.insert(rules.rules[rule].meta.name);
  return outcome;
}

std::string text_of(const Outcome& outcome, const std::string& rule) {
  return outcome.hits.contains(rule) ? "yes" : outcome.not_evaluable.contains(rule) ? "unknown" : "no";
}
std::string text_of(Verdict verdict) {
  return verdict == Verdict::Yes ? "yes" : verdict == Verdict::Unknown ? "unknown" : "no";
}
std::string text_of(Truth truth) { return truth == Truth::True ? "yes" : truth == Truth::Unknown ? "unknown" : "no"; }

class Round {
 public:
  explicit Round(uint64_t seed) : seed_(seed), random_(seed) {
    LoadOptions options;
    std::string list;
    for (const std::string& value : random_rule_list()) list += "- " + value + "\n";
    options.lists["lists/pool"] = list;
    std::vector<RuleSource> sources;
    for (size_t i = 0; i < kRules; ++i) {
      texts_.push_back(random_rule(random_, i));
      sources.push_back({"random-" + std::to_string(i) + ".yaml", texts_.back(), false});
    }
    loaded_ = load_rules(sources, options);
    rules_ = std::make_shared<const RuleSet>(loaded_.rules);
    program_ = Program::compile(rules_);
  }

  // Rules that the loader leaves out because they match everything say nothing about matching.
  size_t left_out() const { return kRules - rules_->rules.size(); }
  std::string diagnostics() const { return render(loaded_.diagnostics, loaded_.sources); }

  void run(Coverage& coverage) {
    const oracle::Lists lists = {{"pool", random_rule_list()}};
    std::vector<Oracle> oracles;
    for (const std::string& text : texts_) oracles.emplace_back(text, lists);
    Matcher reused(program_);
    for (size_t e = 0; e < kEvents && !testing::Test::HasFailure(); ++e) {
      const std::string json = random_event(random_);
      ReadEvent read(json);
      const Outcome outcome = outcome_of(reused, *rules_, read.event);
      Matcher fresh(program_);
      EXPECT_EQ(outcome_of(fresh, *rules_, read.event), outcome) << "a fresh matcher differs, seed " << seed_ << "\n"
                                                                 << json;
      for (size_t r = 0; r < kRules; ++r) compare(r, oracles[r].judge(json, coverage), outcome, read.event, json);
    }
  }

  size_t pairs() const { return pairs_; }
  size_t hits() const { return hits_; }

 private:
  void compare(size_t number, Verdict verdict, const Outcome& outcome, const Event& event, const std::string& json) {
    const std::string name = "random-" + std::to_string(number);
    const Rule* rule = rules_->find(name);
    if (rule == nullptr) return;
    ++pairs_;
    const auto failure = [&] {
      return "rule and event of seed " + std::to_string(seed_) + "\n" + texts_[number] + json + "\n" +
             to_text(rule->detection().condition) + "\n";
    };
    // As written, without index: rules see every event here, whatever its stage.
    if (pairs_ % 8 == 0) {
      FieldLookup fields;
      fields.begin(event);
      EXPECT_EQ(text_of(evaluate(rule->detection().condition, fields)), text_of(verdict))
          << "evaluate(): " << failure();
    }
    const bool sees = rule->detection().names_stage || stage_role(event) != StageRole::None;
    const std::string expected = sees ? text_of(verdict) : "no";
    EXPECT_EQ(text_of(outcome, name), expected) << "Matcher: " << failure();
    hits_ += expected == "yes" ? 1 : 0;
  }

  uint64_t seed_;
  Random random_;
  std::vector<std::string> texts_;
  LoadedRules loaded_;
  std::shared_ptr<const RuleSet> rules_;
  std::shared_ptr<const Program> program_;
  size_t pairs_ = 0, hits_ = 0;
};

// Everything that the language has came out true and false often enough to mean something, and unknown where bodies
// are concerned.
void expect_covered(const Coverage& coverage) {
  const std::set<std::string> wanted = {"plain",
                                        "contains",
                                        "startswith",
                                        "endswith",
                                        "re",
                                        "i",
                                        "m",
                                        "s",
                                        "cidr",
                                        "gt",
                                        "gte",
                                        "lt",
                                        "lte",
                                        "neq",
                                        "all",
                                        "cased",
                                        "fieldref",
                                        "base64",
                                        "base64offset",
                                        "windash",
                                        "wide",
                                        "utf16",
                                        "utf16le",
                                        "utf16be",
                                        "expand",
                                        "exists",
                                        "exists: true",
                                        "exists: false",
                                        "null",
                                        "[any]",
                                        "[all]",
                                        "[all_or_empty]",
                                        "[none]",
                                        "[N]",
                                        "not",
                                        "1 of",
                                        "all of",
                                        "1 of them",
                                        "all of them",
                                        "list of maps",
                                        "keywords",
                                        "body not there",
                                        "not in the patch",
                                        "part of a list"};
  const std::set<std::string> always_unknown = {"body not there"};
  for (const auto& [construct, times] : coverage) {
    EXPECT_TRUE(wanted.contains(construct)) << construct << " is not asked for";
  }
  for (const std::string& construct : wanted) {
    ASSERT_TRUE(coverage.contains(construct)) << construct;
    const auto& [no, unknown, yes] = coverage.at(construct);
    EXPECT_GE(unknown, kWanted) << construct;
    if (always_unknown.contains(construct)) continue;
    EXPECT_GE(no, kWanted) << construct;
    EXPECT_GE(yes, kWanted) << construct;
  }
}

TEST(Oracle, AgreesWithTheMatcher) {
  const char* seed = std::getenv("KUBEVIGIL_SEED");
  Coverage coverage;
  size_t pairs = 0, hits = 0, left_out = 0;
  for (uint64_t i = 0; i < (seed ? 1 : kRounds) && !HasFailure(); ++i) {
    Round round(seed ? std::strtoull(seed, nullptr, 10) : kFirstSeed + i);
    round.run(coverage);
    pairs += round.pairs();
    hits += round.hits();
    left_out += round.left_out();
    if (seed) std::puts(round.diagnostics().c_str());
  }
  if (seed || HasFailure()) return;
  expect_covered(coverage);
  EXPECT_GE(pairs, 50'000u);
  EXPECT_GE(hits, pairs / 20);
  EXPECT_LE(left_out, kRounds * kRules / 10);
}

}  // namespace
}  // namespace kubevigil
