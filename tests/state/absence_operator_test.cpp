// absence and heartbeats against the model.
#include <gtest/gtest.h>

#include "tests/support/models.h"
#include "tests/support/resumable.h"

namespace kubevigil {
namespace {

using Role = CorrelationInput::Role;

OperatorLimits roomy() { return {64u << 20, 1'000'000, Duration{40}, Timestamp::min()}; }

Rule absence_rule(int64_t timespan, int64_t look_back, std::optional<int64_t> every = std::nullopt) {
  Rule rule = correlation_rule(CorrelationType::Absence, timespan, 0, 2);
  auto& correlation = std::get<Correlation>(rule.body);
  correlation.condition.bounds.clear();
  correlation.inputs[1].role = Role::Expect;
  correlation.absence.look_back = Duration{look_back};
  if (every) correlation.absence.every = Duration{*every};
  return rule;
}

model::Answer answer_of(const Firing& firing) { return {firing.time, firing.anchor.position.offset, firing.key_bytes}; }

// Returns how many fired, and adds to `retracted` how many of these a late event took back.
size_t compare(const Rule& rule, uint64_t seed, size_t& retracted) {
  const auto op = make_operator(rule, roomy());
  OperatorDriver driver(*op, Duration{0}, Duration{40});
  model::Absence expected(rule.correlation());
  size_t fired = 0;
  for (const auto& m : random_stream({.events = 200, .disorder = 30, .keys = 4, .inputs = 2, .twins = 0}, seed)) {
    std::vector<Firing> out;
    const bool fed = driver.feed(m, out);
    std::vector<model::Answer> answers, contradicted, expected_contradicted;
    for (const Firing& f : out) (f.retracts ? contradicted : answers).push_back(answer_of(f));
    EXPECT_EQ(answers, expected.advance(driver.watermark())) << "seed " << seed << " event " << m.sequence;
    if (testing::Test::HasFailure()) return fired;
    if (fed) expected_contradicted = expected.add({m.time, m.sequence, m.input, m.key, m.value, 0});
    std::sort(contradicted.begin(), contradicted.end());
    EXPECT_EQ(contradicted, expected_contradicted) << "seed " << seed << " event " << m.sequence;
    retracted += contradicted.size();
    fired += answers.size();
  }
  EXPECT_EQ(op->stats().pending, expected.pending()) << "seed " << seed;
  return fired;
}

TEST(AbsenceOperator, EqualsTheModel) {
  size_t fired = 0, retracted = 0;
  for (uint64_t seed : test_seeds(100)) {
    for (const int64_t timespan : {5, 20, 60}) {
      for (const int64_t look_back : {0, 10}) fired += compare(absence_rule(timespan, look_back), seed, retracted);
      ASSERT_FALSE(HasFailure()) << "seed " << seed << " timespan " << timespan;
    }
  }
  EXPECT_GT(fired, 1000u);
  EXPECT_GT(retracted, 100u);
  EXPECT_LT(retracted, fired);
}

TEST(AbsenceOperator, HeartbeatEqualsTheModel) {
  size_t fired = 0, retracted = 0;
  for (uint64_t seed : test_seeds(100)) {
    for (const int64_t every : {5, 15, 40}) fired += compare(absence_rule(1, 0, every), seed, retracted);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(fired, 1000u);
  EXPECT_GT(retracted, 100u);
}

TEST(AbsenceOperator, ContinuesFromAnArchiveAtAnyPoint) {
  for (const auto& rule : {absence_rule(20, 10), absence_rule(1, 0, 15)}) {
    for (uint64_t seed : test_seeds(10)) {
      const auto stream = random_stream({.events = 200, .disorder = 30, .keys = 4, .inputs = 2}, seed);
      const auto result = compare_resumed(rule, roomy(), stream, 1 + seed);
      ASSERT_EQ(result.difference, "") << "seed " << seed;
      EXPECT_GT(result.firings, 0u);
    }
  }
}

TEST(AbsenceOperator, WhatIsOutstandingAtTheEndIsUndetermined) {
  const Rule rule = absence_rule(20, 0);
  const auto op = make_operator(rule, roomy());
  OperatorDriver driver(*op, Duration{0}, Duration{40});
  std::vector<Firing> out;
  driver.feed({Timestamp{100}, 1, 0, "n", "", 0}, out);
  driver.feed({Timestamp{119}, 2, 0, "nn", "", 0}, out);
  op->finish(out);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(op->stats().pending, 2u);
  EXPECT_EQ(op->next_due(), Timestamp{120});
  op->on_watermark(Timestamp{120}, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(to_text(out[0]), "120 key=n count=0.000000 first=100 anchor=1 #1");
}

// "120 key=n ..." a line, "-" in front of what is taken back.
std::string heartbeat_log(const std::vector<int64_t>& late) {
  const Rule rule = absence_rule(1, 0, 20);
  const auto op = make_operator(rule, {64u << 20, 1'000'000, Duration{60}, Timestamp::min()});
  std::vector<Firing> out;
  uint64_t sequence = 0;
  const auto beat = [&](int64_t time) {
    OperatorDriver driver(*op, Duration{1000}, Duration{5000});  // what moves the watermark is another stream
    driver.feed({Timestamp{time}, ++sequence, 0, "n", "", 0}, out);
  };
  beat(100);
  op->on_watermark(Timestamp{150}, out);
  for (const int64_t time : late) {
    beat(time);
    op->on_watermark(Timestamp{150}, out);
  }
  std::string log;
  for (const Firing& f : out) log += (f.retracts ? "-" : "") + std::to_string(f.time.micros) + " ";
  return log;
}

// The watermark has jumped far beyond the beat that was missed; beats that come late then leave a gap behind the first
// one, or none.
TEST(AbsenceOperator, LateBeatsBehindAJumpTakeTheAlertBackWhenNoGapIsLeft) {
  EXPECT_EQ(heartbeat_log({}), "120 ");
  EXPECT_EQ(heartbeat_log({110}), "120 ") << "what is missing is another beat";
  EXPECT_EQ(heartbeat_log({110, 128}), "120 ");
  EXPECT_EQ(heartbeat_log({110, 128, 145}), "120 -120 ");
  EXPECT_EQ(heartbeat_log({145, 128, 110}), "120 -120 ");
  EXPECT_EQ(heartbeat_log({145, 110}), "120 ") << "from 110 to 145";
}

// A question that comes late finds its answer, however many came behind that one.
TEST(AbsenceOperator, ABusyKeysAnswersAreKnownAsLongAsTheLateness) {
  const Rule rule = absence_rule(20, 3);
  const auto op = make_operator(rule, {64u << 20, 1'000'000, Duration{3000}, Timestamp::min()});
  OperatorDriver driver(*op, Duration{0}, Duration{3000});
  std::vector<Firing> out;
  uint64_t sequence = 0;
  std::vector<int64_t> answers;
  for (int64_t time = 1000; time < 3900; time += 1 + time % 4) {
    if (time >= 1500 && time < 1550) continue;
    answers.push_back(time);
    driver.feed({Timestamp{time}, ++sequence, 1, "n", "", 0}, out);
  }
  const size_t bytes = op->bytes();
  EXPECT_LT(bytes, 8000u) << "not each of them is kept";
  int64_t fired = 0;
  for (int64_t time = 1000; time < 3870; ++time) {
    driver.feed({Timestamp{time}, ++sequence, 0, "n", "", 0}, out);
    const bool answered = *std::lower_bound(answers.begin(), answers.end(), time - 3) < time + 20;
    const bool fires = !answered && time >= fired + 20;
    if (fires) fired = time;
    op->on_watermark(Timestamp{3900}, out);
    EXPECT_EQ(!out.empty(), fires) << time;
    out.clear();
  }
  EXPECT_GT(fired, 1500);
}

TEST(AbsenceOperator, DeadlinesOfEvictedKeysDoNotPileUp) {
  const Rule rule = absence_rule(1'000'000, 0);
  const auto op = make_operator(rule, {64u << 20, 100, Duration{40}, Timestamp::min()});
  std::vector<Firing> out;
  const auto feed = [&](uint64_t n) {
    Match match;
    match.time = Timestamp{1};
    match.key = siphash(std::to_string(n));
    op->on_match(match, out);
  };
  for (uint64_t n = 0; n < 5'000; ++n) feed(n);
  const size_t bytes = op->bytes();
  for (uint64_t n = 5'000; n < 50'000; ++n) feed(n);
  EXPECT_LT(op->bytes(), 2 * bytes);
  op->on_watermark(Timestamp{2'000'000}, out);
  EXPECT_EQ(out.size(), 100u);
}

}  // namespace
}  // namespace kubevigil
