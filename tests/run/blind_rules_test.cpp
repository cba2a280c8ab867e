#include "engine/run/blind_rules.h"

#include <gtest/gtest.h>

#include <array>

namespace kubevigil {
namespace {

constexpr std::array kFields = {FieldId::UserGroups, FieldId::RequestObject};
constexpr std::array<std::string_view, 2> kReads = {"get", "list"};

TEST(BlindRules, ConditionsThatCannotHold) {
  const struct {
    const char* condition;
    bool blind;
  } cases[] = {
      {R"(user.groups equals ["system:masters"])", true},
      {R"(not(user.groups equals ["system:masters"]))", false},
      {R"(user.groups exists ["false"])", false},
      {R"(all(verb equals ["create"], requestObject.kind equals ["Pod"]))", true},
      {R"(any(verb equals ["create"], requestObject.kind equals ["Pod"]))", false},
      {R"(verb equals ["get"])", true},
      {R"(verb equals ["get", "list"])", true},
      {R"(verb equals ["get", "watch"])", false},
      {R"(any(verb equals ["get"], verb equals ["create"]))", false},
      {R"(not(verb equals ["get"]))", false},
      {R"(verb startswith ["g"])", false},
  };
  for (const auto& c : cases) {
    const auto condition = parse_expr(c.condition);
    ASSERT_TRUE(condition) << c.condition << ": " << condition.error().message;
    EXPECT_EQ(is_blind(*condition, {kFields, kReads}), c.blind) << c.condition;
    EXPECT_FALSE(is_blind(*condition, {})) << c.condition;
  }
}

}  // namespace
}  // namespace kubevigil
