// What a matcher says about events: hits and what they hand on, stages, rules that cannot be judged, the index.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "engine/match/group_key.h"
#include "engine/match/operands.h"
#include "engine/match/program.h"
#include "engine/rule/rule_loader.h"
#include "tests/event/read_event.h"

namespace kubevigil {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string detection(const std::string& name, const std::string& selection, const std::string& more = "") {
  static int number = 0;
  return "title: " + name + "\nname: " + name + "\nid: 00000000-0000-4000-8000-" +
         std::to_string(100000000000 + number++) +
         "\nlogsource: {product: kubernetes, service: audit}\nlevel: low\ndetection:\n  sel: {" + selection +
         "}\n  condition: sel\n" + more;
}

std::string correlation(const std::string& rule, const std::string& type, const std::string& group,
                        const std::string& condition) {
  return "---\n" +
         std::string("title: c\nname: c\nid: 00000000-0000-4000-8000-200000000000\nlevel: low\ncorrelation: {type: ") +
         type + ", rules: [" + rule + "], group-by: [" + group + "], timespan: 10m, condition: {" + condition + "}}\n";
}

class Bench {
 public:
  explicit Bench(const std::string& yaml) {
    LoadedRules loaded = load_rules({{"test.yaml", yaml, false}}, {});
    EXPECT_EQ(loaded.diagnostics.count(Severity::Error), 0u) << render(loaded.diagnostics, loaded.sources);
    rules = std::make_shared<const RuleSet>(std::move(loaded.rules));
    matcher.emplace(Program::compile(rules));
  }

  MatchResult match(const std::string& json, std::string_view cluster = "prod") {
    ReadEvent event;
    RecordOrigin origin;
    origin.cluster = cluster;
    EXPECT_TRUE(event.read(json, origin));
    MatchResult result;
    matcher->match(event.event, 3, 1, result);
    return result;
  }

  std::vector<std::string> names(const std::vector<Hit>& hits) const {
    std::vector<std::string> out;
    for (const Hit& hit : hits) out.push_back(rules->rules[hit.rule].meta.name);
    return out;
  }

  std::shared_ptr<const RuleSet> rules;
  std::optional<Matcher> matcher;
};

std::vector<std::string> key_of(const MatchResult& result, size_t operand = 0) {
  const Operand& o = result.operands.at(operand);
  return decode_group_key(std::string_view(result.memory).substr(o.key_begin, o.key_size));
}
std::vector<std::string> values_of(const MatchResult& result) {
  std::vector<std::string> out;
  for (const Operand& o : result.operands) {
    std::string tuple;
    for (const auto& e : decode_group_key(std::string_view(result.memory).substr(o.value_begin, o.value_size))) {
      tuple += (tuple.empty() ? "" : "+") + e;
    }
    out.push_back(tuple);
  }
  return out;
}

std::string event(const std::string& more, const std::string& stage = "ResponseComplete") {
  return R"({"level":"Metadata","auditID":"a","stage":")" + stage + R"(",)" + more + "}";
}

const std::string kGet =
    R"("verb":"get","user":{"username":"alice","groups":["b","a"]},"objectRef":{"resource":"pods"})";

TEST(Matcher, MarksEveryEventAndHitsTheRight) {
  Bench bench(detection("get", "verb: get") + "---\n" + detection("list", "verb: list"));
  const MatchResult hit = bench.match(event(kGet));
  ASSERT_EQ(hit.events.size(), 1u);
  EXPECT_EQ(hit.events[0].record, 3u);
  EXPECT_EQ(hit.events[0].inner, 1u);
  EXPECT_EQ(hit.events[0].hit_count, 1u);
  EXPECT_THAT(bench.names(hit.hits), ElementsAre("get"));
  const MatchResult none = bench.match(event(R"("verb":"watch")"));
  EXPECT_EQ(none.events.size(), 1u);
  EXPECT_THAT(none.hits, IsEmpty());
}

TEST(Matcher, OneRequestCountsOnceUnlessTheRuleNamesTheStage) {
  Bench bench(detection("plain", "verb: get") + "---\n" + detection("received", "verb: get, stage: RequestReceived"));
  EXPECT_THAT(bench.names(bench.match(event(kGet, "RequestReceived")).hits), ElementsAre("received"));
  EXPECT_THAT(bench.names(bench.match(event(kGet)).hits), ElementsAre("plain"));
  EXPECT_THAT(bench.match(event(kGet, "ResponseStarted")).hits, IsEmpty());
  const std::string watch = R"("verb":"watch","user":{"username":"alice"})";
  Bench watching(detection("watch", "verb: watch"));
  const MatchResult started = watching.match(event(watch, "ResponseStarted"));
  const MatchResult complete = watching.match(event(watch));
  EXPECT_THAT(watching.names(started.hits), ElementsAre("watch"));
  EXPECT_EQ(started.events[0].role, StageRole::First);
  EXPECT_EQ(complete.events[0].role, StageRole::Later);
  EXPECT_TRUE(started.events[0].long_running && complete.events[0].long_running);
  EXPECT_EQ(started.events[0].request, complete.events[0].request);
  EXPECT_NE(started.events[0].request, Hash128{});
}

TEST(Matcher, RulesThatCannotBeJudgedAreSaid) {
  Bench bench(detection("body", "verb: create, requestObject.spec.hostNetwork: true"));
  const MatchResult create = bench.match(event(R"("verb":"create","objectRef":{"resource":"pods"})"));
  EXPECT_THAT(create.hits, IsEmpty());
  EXPECT_THAT(create.not_evaluable, ElementsAre(0u));
  EXPECT_THAT(bench.match(event(kGet)).not_evaluable, IsEmpty());
}

TEST(Matcher, GroupKeysAndValues) {
  const std::string rule = detection("get", "verb: get");
  Bench counted(rule + correlation("get", "event_count", "user.username, objectRef.namespace", "gte: 2"));
  const MatchResult count = counted.match(event(kGet));
  EXPECT_THAT(key_of(count), ElementsAre("prod", "alice", "null"));
  EXPECT_THAT(values_of(count), ElementsAre(""));

  Bench distinct(rule + correlation("get", "value_count", "user.username", "field: user.groups, gte: 2"));
  EXPECT_THAT(values_of(distinct.match(event(kGet))), ElementsAre("a", "b"));
  EXPECT_THAT(distinct.match(event(R"("verb":"get")")).operands, IsEmpty());

  Bench tuples(
      rule + correlation("get", "value_count", "user.username", "field: [user.username, objectRef.namespace], gte: 2"));
  EXPECT_THAT(values_of(tuples.match(event(kGet))), ElementsAre("alice+null"));

  Bench stages(detection("get", "verb: get", "kubevigil: {stage: probe, risk: 40}\n") +
               correlation("get", "value_count", "user.username", "field: hit.stage, gte: 2"));
  EXPECT_THAT(values_of(stages.match(event(kGet))), ElementsAre("probe"));
}

// A value beside another (a decoy among the subjects of a binding) is not another group.
TEST(Matcher, AnEventBelongsToTheGroupOfEachValue) {
  const std::string rule = detection("get", "verb: get");
  Bench counted(rule + correlation("get", "event_count", "user.groups, user.username", "gte: 2"));
  const MatchResult two = counted.match(event(kGet));
  ASSERT_EQ(two.operands.size(), 2u);
  EXPECT_THAT(key_of(two, 0), ElementsAre("prod", "a", "alice"));
  EXPECT_THAT(key_of(two, 1), ElementsAre("prod", "b", "alice"));
  EXPECT_EQ(two.operands[0].key,
            counted.match(event(R"("verb":"get","user":{"username":"alice","groups":["a"]})")).operands.at(0).key);

  Bench distinct(rule + correlation("get", "value_count", "user.groups", "field: user.groups, gte: 2"));
  EXPECT_THAT(values_of(distinct.match(event(kGet))), ElementsAre("a", "b", "a", "b"));

  std::string groups;
  for (int i = 0; i < 100; ++i) groups += (i == 0 ? "\"g" : ",\"g") + std::to_string(i) + "\"";
  const std::string many = R"("verb":"get","user":{"username":"alice","groups":[)" + groups + "]}";
  const MatchResult cut = counted.match(event(many));
  EXPECT_EQ(cut.operands.size(), kGroupFanOut);
  EXPECT_EQ(cut.group_values_cut, 36u);
  EXPECT_EQ(two.group_values_cut, 0u);
}

TEST(Matcher, AValueInAMissingBodyMakesTheCorrelationNotEvaluable) {
  Bench bench(detection("create", "verb: create") +
              correlation("create", "value_count", "user.username", "field: requestObject.spec.x, gte: 2"));
  const MatchResult result = bench.match(event(R"("verb":"create","objectRef":{"resource":"pods"})"));
  EXPECT_THAT(result.operands, IsEmpty());
  EXPECT_THAT(result.not_evaluable, ElementsAre(1u));
}

TEST(Matcher, DedupKeysSeparateClustersAndFields) {
  Bench bench(detection("get", "verb: get"));
  const MatchResult prod = bench.match(event(kGet));
  ASSERT_EQ(prod.hits.size(), 1u);
  EXPECT_THAT(decode_group_key(std::string_view(prod.memory).substr(prod.hits[0].dedup_begin, prod.hits[0].dedup_size)),
              ElementsAre("prod", "alice", "alice", "pods", "null", "null"));
  EXPECT_EQ(bench.match(event(kGet)).hits[0].dedup_key, prod.hits[0].dedup_key);
  EXPECT_NE(bench.match(event(kGet), "test").hits[0].dedup_key, prod.hits[0].dedup_key);
}

// The index forgets when it is full and passes over values that are too long; the answers stay the same.
TEST(Matcher, TheIndexIsBounded) {
  Bench bench(detection("agent", "userAgent|endswith: '7'"));
  size_t hits = 0;
  for (size_t i = 0; i < limits::kInternedValues + 1000; ++i) {
    const std::string agent = "a" + std::to_string(i);
    hits += bench.match(event(R"("verb":"get","userAgent":")" + agent + "\"")).hits.size();
  }
  EXPECT_EQ(hits, (limits::kInternedValues + 1000) / 10);
  EXPECT_EQ(bench.matcher->counters().intern_clears, 1u);
  const std::string longer(limits::kInternedValueBytes, 'x');
  EXPECT_EQ(bench.match(event(R"("verb":"get","userAgent":")" + longer + "7\"")).hits.size(), 1u);
  EXPECT_EQ(bench.match(event(R"("verb":"get","userAgent":")" + longer + "8\"")).hits.size(), 0u);
}

TEST(Matcher, BodiesAreReadOnlyWhereTheEnvelopeFits) {
  Bench bench(detection("body", "verb: create, objectRef.name|startswith: web, requestObject.spec.x: 1"));
  const std::string body = R"(,"requestObject":{"spec":{"x":1}})";
  bench.match(event(R"("verb":"create","objectRef":{"resource":"pods","name":"db"})" + body));
  EXPECT_EQ(bench.matcher->counters().candidates, 1u);
  EXPECT_EQ(bench.matcher->counters().body_candidates, 0u);
  EXPECT_EQ(bench.match(event(R"("verb":"create","objectRef":{"resource":"pods","name":"web"})" + body)).hits.size(),
            1u);
  EXPECT_EQ(bench.matcher->counters().body_candidates, 1u);
}

TEST(Program, SaysWhatItIndexes) {
  Bench bench(detection("a", "verb: get, objectRef.name: x") + "---\n" +
              detection("b", "verb: list, requestObject.a: 1, effectiveUser.username: u, resource: pods/exec"));
  EXPECT_EQ(Program::compile(bench.rules)->to_text(),
            "index verb resource: 2 rules\n"
            "index effectiveUser.username: 1 rules\n"
            "a: envelope verb objectRef.name; body none\n"
            "b: envelope verb effectiveUser.username resource; body requestObject.a\n");
}

}  // namespace
}  // namespace kubevigil
