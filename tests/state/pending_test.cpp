#include "engine/state/pending.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/support/streams.h"

namespace kubevigil {
namespace {

Question question(int64_t when, uint64_t sequence, const std::string& key) {
  return {when, sequence, key, siphash(key)};
}

TEST(PendingQuestions, LeaveInOrderAndNotBeforeTheirTime) {
  PendingQuestions pending(SIZE_MAX);
  for (const auto& q : {question(5, 1, "b"), question(-3, 9, "a"), question(5, 1, "a"), question(5, 0, "c")}) {
    pending.add(q);
    pending.add(q);  // the same question again is none
  }
  EXPECT_EQ(pending.size(), 4u);
  EXPECT_EQ(pending.earliest(), -3);
  EXPECT_FALSE(pending.take_before(-3));
  std::string order;
  while (const auto q = pending.take_before(6)) order += q->key_bytes;
  EXPECT_EQ(order, "acab");
  EXPECT_EQ(pending.earliest(), std::nullopt);
  EXPECT_EQ(pending.bytes(), 0u);
}

TEST(PendingQuestions, TheEarliestGoUnansweredBeyondTheBudgetAndAreCounted) {
  PendingQuestions pending(1000);
  for (int64_t i = 0; i < 100; ++i) pending.add(question(i, 0, "key"));
  EXPECT_LE(pending.bytes(), 1000u);
  EXPECT_EQ(pending.dropped() + pending.size(), 100u);
  EXPECT_EQ(pending.earliest(), static_cast<int64_t>(pending.dropped()));
  pending.shrink(0);
  EXPECT_EQ(pending.dropped(), 100u);
  EXPECT_EQ(pending.bytes(), 0u);
}

// Against a set of everything that was ever asked; saved and loaded at every step.
TEST(PendingQuestions, EqualsASortedSetAndItsArchive) {
  for (uint64_t seed : test_seeds(20)) {
    std::mt19937_64 random(seed);
    auto pending = std::make_unique<PendingQuestions>(SIZE_MAX);
    std::set<Question> expected;
    for (int step = 0; step < 300; ++step) {
      const Question q = question(static_cast<int64_t>(random() % 50), random() % 3, std::to_string(random() % 4));
      pending->add(q);
      expected.insert(q);
      if (random() % 3 == 0) {
        const auto end = static_cast<int64_t>(random() % 20);
        while (const auto taken = pending->take_before(end)) {
          ASSERT_EQ(*taken, *expected.begin()) << "seed " << seed;
          expected.erase(expected.begin());
        }
        ASSERT_TRUE(expected.empty() || expected.begin()->when >= end) << "seed " << seed;
      }
      Archive saved = Archive::saving();
      pending->archive(saved);
      auto loaded = std::make_unique<PendingQuestions>(SIZE_MAX);
      Archive loading = Archive::loading(saved.bytes());
      loaded->archive(loading);
      ASSERT_TRUE(loading.at_end() && !loading.failed());
      ASSERT_EQ(loaded->bytes(), pending->bytes());
      pending = std::move(loaded);
    }
  }
}

}  // namespace
}  // namespace kubevigil
