#include "engine/match/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/event/read_event.h"

namespace kubevigil {
namespace {

using testing::ElementsAre;

const std::string kCreate =
    R"({"level":"Metadata","auditID":"a","stage":"ResponseComplete","verb":"create","user":{"username":"alice"},)"
    R"("objectRef":{"resource":"pods"}})";

Explanation explained(const std::string& condition, ReadEvent& event) {
  const Result<Expr> expr = parse_expr(condition);
  EXPECT_TRUE(expr) << condition;
  return explain(*expr, event.lookup);
}

TEST(Explain, ShowsValuesAndReasons) {
  ReadEvent event(kCreate);
  const Explanation tree =
      explained(R"(all(verb equals ["get"], requestObject.spec.hostNetwork equals ["true"]))", event);
  EXPECT_EQ(tree.text, "all of");
  EXPECT_EQ(tree.truth, Truth::False);
  ASSERT_EQ(tree.children.size(), 2u);
  EXPECT_EQ(tree.children[0].field, "verb");
  EXPECT_THAT(tree.children[0].values, ElementsAre("create"));
  EXPECT_EQ(tree.children[0].reason, "");
  EXPECT_EQ(tree.children[1].truth, Truth::Unknown);
  EXPECT_EQ(tree.children[1].reason, "requestObject is not in the event (level Metadata)");
}

TEST(Explain, SaysThatAPatchDoesNotNameAField) {
  ReadEvent event(
      R"({"level":"Request","auditID":"a","stage":"ResponseComplete","verb":"patch","objectRef":{"resource":"pods"},)"
      R"("requestObject":{"spec":{"x":1}}})");
  const Explanation tree = explained(R"(not(requestObject.spec.y equals ["1"]))", event);
  EXPECT_EQ(tree.truth, Truth::Unknown);
  EXPECT_EQ(tree.children[0].reason, "the body is a patch that does not name this field");
}

TEST(Explain, ShowsTheElementsOfABlock) {
  ReadEvent event(
      R"({"level":"Request","auditID":"a","stage":"ResponseComplete","verb":"create","objectRef":{"resource":"pods"},)"
      R"("requestObject":{"c":[{"i":"x"},{"i":"y"}]}})");
  const Explanation tree = explained(R"(some in requestObject.c (@i equals ["y"]))", event);
  EXPECT_EQ(tree.text, "some element of requestObject.c (2 elements)");
  ASSERT_EQ(tree.children.size(), 2u);
  EXPECT_EQ(tree.children[0].label, "[0]");
  EXPECT_EQ(tree.children[0].truth, Truth::False);
  EXPECT_EQ(tree.children[1].truth, Truth::True);
  EXPECT_THAT(tree.children[1].values, ElementsAre("y"));
}

TEST(Explain, DecisiveTestsAreThoseThatMadeItTrue) {
  ReadEvent event(kCreate);
  const Explanation tree = explained(
      R"(all(any(verb equals ["create"], verb equals ["get"]), not(any(user.username equals ["bob"], level equals ["Request"]))))",
      event);
  std::vector<std::string> fields;
  for (const Explanation* test : decisive_tests(tree)) fields.push_back((test->negated ? "not " : "") + test->field);
  EXPECT_THAT(fields, ElementsAre("verb", "not user.username", "not level"));
  EXPECT_TRUE(decisive_tests(explained(R"(verb equals ["get"])", event)).empty());
}

TEST(Explain, AFilterThatDidNotApplyIsNoReason) {
  ReadEvent event(kCreate);
  Expr condition = *parse_expr(R"(all(verb equals ["create"], not(user.username equals ["bob"])))");
  condition.children[1].label = "filter deployers";
  const Explanation tree = explain(condition, event.lookup);
  ASSERT_EQ(decisive_tests(tree).size(), 1u);
  EXPECT_EQ(decisive_tests(tree).front()->field, "verb");
}

}  // namespace
}  // namespace kubevigil
