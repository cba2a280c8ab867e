#include "engine/alert/message.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

std::string filled(std::string_view text, const MessageNumbers& numbers) {
  return fill_message(parse_message(text, [](std::string_view name) { return "<" + std::string(name) + ">"; }),
                      numbers);
}

TEST(Message, PlaceholdersAreFilled) {
  const std::vector<std::string> values = {"a", "b", "c"};
  const MessageNumbers numbers{7, 3, Duration::seconds(125), &values};
  EXPECT_EQ(filled("{user.username} read {distinct} namespaces", numbers), "<user.username> read 3 namespaces");
  EXPECT_EQ(filled("{count} times in {span}: {values:2}", numbers), "7 times in 125s: a, b and 1 more");
  EXPECT_EQ(filled("{values:5}", numbers), "a, b, c");
  EXPECT_EQ(filled("open { and } alone {", numbers), "open < and > alone {");
  EXPECT_EQ(filled("", numbers), "");
}

TEST(Message, FieldValuesAreNotReadAsTemplates) {
  const auto parts = parse_message("{x}", [](std::string_view) { return std::string("{count}"); });
  EXPECT_EQ(fill_message(parts, {5, 0, {}, nullptr}), "{count}");
}

TEST(Message, ShellWords) {
  EXPECT_EQ(shell_word("kube-system"), "kube-system");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("x; rm -rf /"), "'x; rm -rf /'");
  EXPECT_EQ(shell_word("it's $(x)"), "'it'\\''s $(x)'");
  EXPECT_EQ(shell_word("-rf"), "'\\-rf'");
  EXPECT_EQ(shell_word("--all"), "'\\--all'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace kubevigil
