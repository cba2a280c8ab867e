#include "engine/match/group_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace kubevigil {
namespace {

using testing::ElementsAre;

std::string encoded(std::vector<Value> values, Presence presence = Presence::Present) {
  std::string out;
  GroupCut cut;
  append_group_element(out, {values, presence}, cut);
  return out;
}

TEST(GroupKey, TypesDiffer) {
  const std::set<std::string> distinct = {
      encoded({}, Presence::Absent),
      encoded({}, Presence::Unknown),
      encoded({Value::string("")}),
      encoded({Value::string("null")}),
      encoded({Value::string("1")}),
      encoded({{ValueType::Int, "1", 1}}),
      encoded({Value::boolean(true)}),
      encoded({Value::string("true")}),
      encoded({Value::string("a"), Value::string("b")}),
      encoded({Value::string("[a, b]")}),
  };
  EXPECT_EQ(distinct.size(), 10u);
}

TEST(GroupKey, ElementsBehindALongOneAreKept) {
  const std::string name(2000, 'a');
  const std::string key = encoded({Value::string(name)}) + encoded({Value::string("b"), Value::string(name)}) +
                          encoded({Value::string("c")});
  EXPECT_THAT(decode_group_key(key), ElementsAre(name.substr(0, kGroupStringBytes) + "...",
                                                 "[b, " + name.substr(0, kGroupStringBytes) + "...]", "c"));
}

TEST(GroupKey, AbsentAndNullAreOne) {
  EXPECT_EQ(encoded({}, Presence::Absent), encoded({Value{}}));
  EXPECT_EQ(encoded({}, Presence::Unknown), encoded({}, Presence::Partial));
}

TEST(GroupKey, ListsAreSortedSets) {
  const Value a = Value::string("a"), b = Value::string("b");
  EXPECT_EQ(encoded({a, b, a}), encoded({b, a}));
  EXPECT_EQ(encoded({a, a}), encoded({a}));
  EXPECT_EQ(encoded({a, Value{}}), encoded({a}));
}

std::vector<Value> strings(const std::vector<std::string>& texts) {
  std::vector<Value> values;
  for (const auto& text : texts) values.push_back(Value::string(text));
  return values;
}

// Whoever adds values to a list, wherever they sort, does not choose which of them stay; what went is counted.
TEST(GroupKey, WhatStaysOfALongListIsNotTheAuthorsToChoose) {
  std::vector<std::string> texts = {"zz-real"};
  for (int i = 0; i < 79; ++i) texts.push_back(std::to_string(1000 + i));
  const std::vector<Value> values = strings(texts);
  size_t kept_real = 0;
  for (uint64_t k = 0; k < 100; ++k) {
    GroupCut cut{{k, 7}};
    const auto set = group_value_set(values, cut);
    EXPECT_EQ(set.size(), kGroupSetValues);
    EXPECT_EQ(cut.cut, 16u);
    EXPECT_TRUE(std::is_sorted(set.begin(), set.end()));
    std::string real;
    append_group_text(real, "zz-real");
    kept_real += std::find(set.begin(), set.end(), real) != set.end() ? 1 : 0;
    GroupCut again{{k, 7}};
    EXPECT_EQ(group_value_set(strings({texts.rbegin(), texts.rend()}), again), set);
  }
  EXPECT_NEAR(static_cast<double>(kept_real), 80, 15);
}

TEST(GroupKey, ProductsAreCutAsSetsAre) {
  std::vector<std::string> front, back;
  for (int i = 0; i < 10; ++i) front.push_back("f" + std::to_string(i)), back.push_back("b" + std::to_string(i));
  GroupCut cut;
  EXPECT_EQ(group_products(front, {}, 64, cut).size(), 0u);
  EXPECT_EQ(group_products(front, back, 100, cut).size(), 100u);
  EXPECT_EQ(cut.cut, 0u);
  const auto some = group_products(front, back, 64, cut);
  EXPECT_EQ(cut.cut, 36u);
  EXPECT_TRUE(std::is_sorted(some.begin(), some.end()));
  EXPECT_EQ(some.back().substr(0, 2), "f9");  // the first 64 would end in f6
}

TEST(GroupKey, IsBounded) {
  std::vector<std::string> texts;
  for (int i = 0; i < 500; ++i) texts.push_back(std::to_string(1000 + i));
  const std::string set = decode_group_key(encoded(strings(texts))).front();
  EXPECT_EQ(std::count(set.begin(), set.end(), ','), 63);

  const std::string x(100'000, 'x'), y = x + "y";
  EXPECT_LT(encoded({Value::string(x)}).size(), 1200u);
  EXPECT_NE(encoded({Value::string(x)}), encoded({Value::string(y)}));
}

TEST(GroupKey, DecodesForPeople) {
  std::string key;
  append_group_text(key, "prod");
  key += encoded({}, Presence::Absent) + encoded({}, Presence::Unknown) + encoded({{ValueType::Int, "7", 7}}) +
         encoded({Value::boolean(false)}) + encoded({Value::string("b"), Value::string("a")}) +
         encoded({Value::string(std::string(300, 'z'))});
  EXPECT_THAT(decode_group_key(key),
              ElementsAre("prod", "null", "unknown", "7", "false", "[a, b]", std::string(300, 'z')));
}

// Decoding survives any bytes: snapshots and journals come from disk.
TEST(GroupKey, DecodesRandomBytes) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = random() % 2 ? static_cast<char>(random()) : "nusxibl"[random() % 7];
    EXPECT_LE(decode_group_key(bytes).size(), bytes.size());
  }
}

}  // namespace
}  // namespace kubevigil
