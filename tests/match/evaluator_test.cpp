// The truth of conditions on events, missing bodies and patches first of all.
#include <gtest/gtest.h>

#include "engine/match/program.h"
#include "tests/event/read_event.h"

namespace kubevigil {
namespace {

Truth truth(const std::string& condition, ReadEvent& event) {
  const Result<Expr> expr = parse_expr(condition);
  EXPECT_TRUE(expr) << condition;
  return expr ? evaluate(*expr, event.lookup) : Truth::Unknown;
}

std::string event_of(const std::string& verb, const std::string& level, const std::string& body) {
  return R"({"level":")" + level + R"(","auditID":"a","stage":"ResponseComplete","verb":")" + verb +
         R"(","user":{"username":"alice","groups":["dev","ops"]},"objectRef":{"resource":"pods"})" +
         (body.empty() ? "" : R"(,"requestObject":)" + body) + "}";
}

struct Row {
  std::string condition;
  Truth truth;
};

void expect(ReadEvent& event, const std::vector<Row>& rows) {
  for (const Row& row : rows) EXPECT_EQ(to_text(truth(row.condition, event)), to_text(row.truth)) << row.condition;
}

TEST(Evaluator, KleeneLogic) {
  ReadEvent event(event_of("create", "Metadata", ""));
  const std::string yes = R"(verb equals ["create"])", no = R"(verb equals ["get"])";
  const std::string unknown = R"(requestObject.spec.x equals ["1"])";
  expect(event, {{yes, Truth::True},
                 {no, Truth::False},
                 {unknown, Truth::Unknown},
                 {"not(" + unknown + ")", Truth::Unknown},
                 {"all(" + unknown + ", " + no + ")", Truth::False},
                 {"all(" + yes + ", " + unknown + ")", Truth::Unknown},
                 {"any(" + unknown + ", " + yes + ")", Truth::True},
                 {"any(" + no + ", " + unknown + ")", Truth::Unknown}});
}

TEST(Evaluator, ABodyThatSuchARequestNeverHasIsAbsent) {
  ReadEvent event(event_of("list", "Metadata", ""));
  expect(event, {{R"(requestObject.spec.x equals ["1"])", Truth::False},
                 {R"(requestObject.spec.x null [])", Truth::True},
                 {R"(not(requestObject.spec.x equals ["1"]))", Truth::True}});
}

TEST(Evaluator, PatchesSayNothingAboutWhatTheyDoNotName) {
  ReadEvent event(event_of("patch", "Request", R"({"spec":{"x":"1","list":[{"a":"1"},{"b":"2"}]}})"));
  expect(event, {{R"(requestObject.spec.x equals ["1"])", Truth::True},
                 {R"(requestObject.spec.y equals ["1"])", Truth::False},
                 {R"(not(requestObject.spec.y equals ["1"]))", Truth::Unknown},
                 {R"(not(not(requestObject.spec.y equals ["1"])))", Truth::False},
                 {R"(requestObject.spec.y null [])", Truth::Unknown},
                 {R"(requestObject.spec.y exists ["true"])", Truth::False},
                 {R"(requestObject.spec.y exists ["false"])", Truth::Unknown},
                 {R"(every requestObject.spec.y equals ["1"])", Truth::Unknown},
                 {R"(some in requestObject.spec.list (@a equals ["2"]))", Truth::False},
                 {R"(none in requestObject.spec.list (@a equals ["2"]))", Truth::Unknown},
                 {R"(not(some in requestObject.spec.list (@a equals ["2"])))", Truth::Unknown},
                 {R"(some in requestObject.spec.list (not(@a equals ["2"])))", Truth::True}});
}

TEST(Evaluator, Blocks) {
  ReadEvent event(event_of("create", "Request", R"({"c":[{"i":"x","p":true},{"i":"y","p":false}],"e":[]})"));
  expect(event, {{R"(some in requestObject.c (all(@i equals ["x"], @p equals ["true"])))", Truth::True},
                 {R"(some in requestObject.c (all(@i equals ["x"], @p equals ["false"])))", Truth::False},
                 {R"(every in requestObject.c (@i equals ["x", "y"]))", Truth::True},
                 {R"(every in requestObject.c (@i equals ["x"]))", Truth::False},
                 {R"(every in requestObject.e (@i equals ["x"]))", Truth::False},
                 {R"(every_or_empty in requestObject.e (@i equals ["x"]))", Truth::True},
                 {R"(none in requestObject.e (@i equals ["x"]))", Truth::True},
                 {R"(none in requestObject.c (@i equals ["x"]))", Truth::False},
                 {R"(every in user.groups (@ equals ["dev", "ops"]))", Truth::True},
                 {R"(some in requestObject.c (@i fieldref [="@i"]))", Truth::True}});
}

}  // namespace
}  // namespace kubevigil
