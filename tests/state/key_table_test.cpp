#include "engine/state/key_table.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/resumable.h"

namespace kubevigil {
namespace {

struct Number {
  uint64_t value = 0;
  size_t heap_bytes() const { return value; }
  void archive(Archive& archive) { archive(value); }
};

constexpr auto kNever = [](const Number&) { return false; };
Hash128 key(uint64_t n) { return siphash(std::to_string(n)); }

void touch(KeyTable<Number>& table, uint64_t n) { table.settle(table.at(key(n), kNever), kNever); }

TEST(KeyTable, KeepsWithinKeysAndBytes) {
  KeyTable<Number> keys(SIZE_MAX, 10);
  for (uint64_t n = 0; n < 100; ++n) touch(keys, n);
  EXPECT_EQ(keys.size(), 10u);
  EXPECT_EQ(keys.evictions(), 90u);

  KeyTable<Number> bytes(10'000, SIZE_MAX);
  for (uint64_t n = 0; n < 100; ++n) {
    const auto slot = bytes.at(key(n), kNever);
    bytes[slot].value = 700;
    bytes.settle(slot, kNever);
    EXPECT_LE(bytes.bytes(), 10'000u);
  }
}

TEST(KeyTable, ASprayOfKeysLeavesKeysThatWereTouchedAgain) {
  KeyTable<Number> table(SIZE_MAX, 100);
  for (uint64_t n = 0; n < 50; ++n) touch(table, n);
  for (uint64_t n = 0; n < 50; ++n) touch(table, n);
  for (uint64_t n = 1000; n < 100'000; ++n) touch(table, n);
  for (uint64_t n = 0; n < 50; ++n) EXPECT_NE(table.find(key(n)), table.kNone) << n;
  EXPECT_EQ(table.size(), 100u);
}

TEST(KeyTable, ExpiredKeysLeaveFirstAndAreNoEvictions) {
  KeyTable<Number> table(SIZE_MAX, 100);
  const auto odd = [](const Number& number) { return number.value % 2 == 1; };
  for (uint64_t n = 0; n < 1000; ++n) {
    const auto slot = table.at(key(n), odd);
    table[slot].value = n;
    table.settle(slot, odd);
  }
  EXPECT_LE(table.evictions(), 500u);
  EXPECT_LE(table.size(), 100u);
}

TEST(KeyTable, AnEvictedKeyComesBackDegraded) {
  KeyTable<Number> table(SIZE_MAX, 2);
  for (uint64_t n = 0; n < 3; ++n) touch(table, n);
  EXPECT_EQ(table.find(key(0)), table.kNone);
  EXPECT_TRUE(table.degraded(table.at(key(0), kNever)));
  EXPECT_FALSE(table.degraded(table.at(key(7), kNever)));
}

TEST(KeyTable, EvictionIsTheSameAfterLoading) {
  for (uint64_t seed : test_seeds(20)) {
    std::mt19937_64 random(seed);
    KeyTable<Number> whole(5'000, 30), resumed(5'000, 30);
    for (int i = 0; i < 3000; ++i) {
      if (i % 97 == 0) {
        Archive saved = Archive::saving();
        resumed.archive(saved);
        KeyTable<Number> loaded(5'000, 30);
        Archive loading = Archive::loading(saved.bytes());
        loaded.archive(loading);
        ASSERT_TRUE(!loading.failed() && loading.at_end());
        resumed = std::move(loaded);
      }
      const uint64_t n = random() % 20 < 12 ? random() % 20 : random() % 500;
      const uint64_t value = random() % 200;
      for (auto* table : {&whole, &resumed}) {
        const auto slot = table->at(key(n), kNever);
        (*table)[slot].value = value;
        table->settle(slot, kNever);
      }
      ASSERT_EQ(whole.bytes(), resumed.bytes()) << "seed " << seed;
      ASSERT_EQ(whole.evictions(), resumed.evictions()) << "seed " << seed;
    }
    for (uint64_t n = 0; n < 500; ++n) EXPECT_EQ(whole.find(key(n)), resumed.find(key(n)));
  }
}

TEST(KeyTable, DamagedArchivesAreRefusedNotFollowed) {
  KeyTable<Number> table(SIZE_MAX, 20);
  for (uint64_t n = 0; n < 30; ++n) touch(table, n);
  Archive saved = Archive::saving();
  table.archive(saved);
  std::mt19937_64 random(1);
  for (int i = 0; i < 5000; ++i) {
    std::string bytes = saved.bytes();
    bytes[random() % bytes.size()] = static_cast<char>(random());
    if (i % 3 == 0) bytes.resize(random() % bytes.size());
    KeyTable<Number> loaded(SIZE_MAX, 20);
    Archive loading = Archive::loading(bytes);
    loaded.archive(loading);
    for (uint64_t n = 100; n < 140; ++n) touch(loaded, n);  // must not crash, whatever was loaded
    EXPECT_LE(loaded.size(), 40u);
  }
}

TEST(OperatorBudget, TheSameStreamEvictsTheSameKeys) {
  const Rule rule = correlation_rule(CorrelationType::EventCount, 1000, 3);
  for (uint64_t seed : test_seeds(5)) {
    const auto stream = random_stream({.events = 2000, .keys = 300}, seed);
    const auto result = compare_resumed(rule, {20'000, 1'000'000, Duration{50}, Timestamp::min()}, stream, 100 + seed);
    EXPECT_EQ(result.difference, "") << "seed " << seed;
    EXPECT_GT(result.firings, 0u);
  }
}

}  // namespace
}  // namespace kubevigil
