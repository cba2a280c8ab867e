#include "engine/match/group_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace kubevigil {
namespace {

using testing::ElementsAre;

std::string encoded(std::vector<Value> values, Presence presence = Presence::Present) {
  std::string out;
  append_group_element(out, {values, presence});
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

TEST(GroupKey, IsBounded) {
  std::vector<std::string> texts;
  for (int i = 0; i < 500; ++i) texts.push_back(std::to_string(1000 + i));
  std::vector<Value> values;
  for (const auto& text : texts) values.push_back(Value::string(text));
  EXPECT_THAT(decode_group_key(encoded(values)).front(), testing::EndsWith("1063]"));

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
