// What rules can see in a log, from the kinds of requests and levels that it has.
#include "engine/run/log_coverage.h"

#include <gtest/gtest.h>

#include "engine/rule/rule_loader.h"
#include "tests/event/read_event.h"

namespace kubevigil {
namespace {

constexpr const char* kBody = R"(,"requestObject":{"kind":"Pod","spec":{}})";
constexpr const char* kAnswer = R"(,"responseObject":{"kind":"Pod"})";
constexpr const char* kCut = R"(,"annotations":{"audit.k8s.io/truncated":"true"})";
constexpr const char* kHead = "logsource: {product: kubernetes, service: audit}\n";

std::string detection(const std::string& name, const std::string& selection) {
  return "title: " + name + "\nname: " + name + "\n" + kHead + "detection:\n  s:\n" + selection +
         "  condition: s\n---\n";
}

RuleSet rules() {
  const std::string text =
      detection("lists", "    verb: list\n    resource: secrets\n") +
      detection("privileged", "    resource: pods\n    verb: create\n    podSpec.hostPID: true\n") +
      detection("answers", "    resource: pods\n    verb: create\n    responseObject.kind: Pod\n") +
      detection("paths", "    verb: get\n    uri.path: /version\n") + detection("execs", "    resource: pods/exec\n") +
      detection("beginnings", "    verb: list\n    resource: secrets\n    stage: RequestReceived\n") +
      "title: first\nname: first\ncorrelation:\n  type: new_value\n  rules: [lists]\n  group-by: [user.username]\n"
      "  timespan: 90d\n  condition: {field: objectRef.namespace}\nkubevigil: {new_value: {learn: 7d}}\n---\n"
      "title: both\nname: both\ncorrelation:\n  type: temporal\n  rules: [lists, execs]\n  timespan: 1h\n---\n"
      "title: either\nname: either\ncorrelation:\n  type: event_count\n  rules: [lists, privileged]\n  timespan: 1h\n"
      "  condition: {gte: 3}\n";
  LoadedRules loaded = load_rules({{"rules.yaml", text, false}}, {});
  EXPECT_EQ(loaded.diagnostics.count(Severity::Error), 0u) << render(loaded.diagnostics, loaded.sources);
  return std::move(loaded.rules);
}

class Log {
 public:
  Log& add(const std::string& level, const std::string& verb, const std::string& resource, Timestamp time = {},
           const std::string& stage = "ResponseComplete", const std::string& more = "") {
    ReadEvent e(R"({"auditID":"a","stage":")" + stage + R"(","level":")" + level + R"(","verb":")" + verb +
                R"(","requestURI":"/x")" + more +
                (resource.empty() ? "" : R"(,"objectRef":{"resource":")" + resource + "\"}") + "}");
    e.event.time = time;
    seen.add(e.event);
    return *this;
  }
  Log& stage(const std::string& stage, const std::string& verb, const std::string& resource) {
    return add("Metadata", verb, resource, {}, stage);
  }
  // A pod that somebody made, with these members of the event.
  Log& pod(const std::string& level, const std::string& more) {
    return add(level, "create", "pods", {}, "ResponseComplete", more);
  }
  std::string state(const std::string& name) const {
    const RuleSet set = rules();
    for (const RuleCoverage& c : coverage_in(seen, set)) {
      if (set.rules[c.rule].meta.name != name) continue;
      return std::string(to_text(c.seen)) + " " + std::to_string(c.too_low) + "/" + std::to_string(c.requests);
    }
    return "no such rule";
  }
  SeenRequests seen;
};

TEST(LogCoverage, ByKindAndLevel) {
  const Log log = Log()
                      .add("Metadata", "list", "secrets")
                      .pod("Request", kBody)
                      .add("Metadata", "create", "pods")
                      .add("Metadata", "get", "");
  EXPECT_EQ(log.state("lists"), "evaluable 0/1");
  EXPECT_EQ(log.state("privileged"), "part 1/2");
  EXPECT_EQ(log.state("answers"), "blind 2/2");
  EXPECT_EQ(log.state("paths"), "evaluable 0/1");
  EXPECT_EQ(log.state("execs"), "absent 0/0");
}

// The level alone is a word: what it stands for must be there.
TEST(LogCoverage, ALevelCountsWithTheBodiesThatItIsFor) {
  const std::string both = std::string(kBody) + kAnswer;
  EXPECT_EQ(Log().pod("RequestResponse", both).state("answers"), "evaluable 0/1");
  EXPECT_EQ(Log().pod("RequestResponse", kBody).state("answers"), "blind 1/1");
  EXPECT_EQ(Log().pod("RequestResponse", kBody).state("privileged"), "evaluable 0/1");
  EXPECT_EQ(Log().pod("Request", "").state("privileged"), "blind 1/1");
  EXPECT_EQ(Log().pod("RequestResponse", kCut).state("privileged"), "blind 1/1");
  EXPECT_EQ(Log().pod("Request", R"(,"responseStatus":{"code":403})").state("privileged"), "evaluable 0/1")
      << "a refused request need not have a body";
  EXPECT_EQ(Log().add("RequestResponse", "list", "secrets").state("lists"), "evaluable 0/1");
}

TEST(LogCoverage, BlindWhereMostBodiesAreCut) {
  Log log;
  for (int i = 0; i < 3; ++i) log.pod("Request", kBody);
  for (int i = 0; i < 3; ++i) log.pod("Request", kCut);
  EXPECT_EQ(log.state("privileged"), "part 3/6");
  log.pod("Request", kCut);
  EXPECT_EQ(log.state("privileged"), "blind 4/7");
}

TEST(LogCoverage, ARequestIsCountedOnceByItsEnd) {
  const Log both = Log().stage("RequestReceived", "list", "secrets").stage("ResponseComplete", "list", "secrets");
  EXPECT_EQ(both.state("lists"), "evaluable 0/1");
  EXPECT_EQ(both.seen.events(), 2u);
  const Log begun = Log().stage("RequestReceived", "list", "secrets").stage("RequestReceived", "list", "secrets");
  EXPECT_EQ(begun.state("lists"), "blind 2/2") << "rules look at the end of a request, and there is none";
  EXPECT_EQ(begun.state("beginnings"), "evaluable 0/2");
  const Log ended = Log().stage("ResponseComplete", "list", "secrets");
  EXPECT_EQ(ended.state("beginnings"), "blind 1/1") << "the policy omits the stage that the rule names";
  EXPECT_EQ(both.state("beginnings"), "evaluable 0/1");
  Log execs;
  for (const char* stage : {"RequestReceived", "ResponseStarted", "ResponseComplete"}) {
    execs.add("Metadata", "create", "", {}, stage, R"(,"objectRef":{"resource":"pods","subresource":"exec"})");
  }
  execs.stage("ResponseStarted", "list", "secrets");  // of a short request: its end is elsewhere
  EXPECT_EQ(execs.state("execs"), "evaluable 0/1");
  EXPECT_EQ(execs.state("lists"), "absent 0/0");
}

TEST(LogCoverage, CorrelationsSeeWhatTheirMembersSee) {
  const Log log = Log().add("Metadata", "list", "secrets").add("Metadata", "create", "pods");
  EXPECT_EQ(log.state("both"), "absent 0/1");
  EXPECT_EQ(log.state("either"), "part 1/2");
  EXPECT_EQ(Log().add("Metadata", "create", "pods").state("either"), "blind 1/1");
}

TEST(LogCoverage, ALogShorterThanTheLearningOnlyTeaches) {
  Log log;
  log.add("Metadata", "list", "secrets", Timestamp{0});
  EXPECT_EQ(log.state("first"), "learning 0/1");
  log.add("Metadata", "list", "secrets", Timestamp{0} + Duration::hours(7 * 24));
  EXPECT_EQ(log.state("first"), "evaluable 0/2");
}

TEST(LogCoverage, KindsAreBounded) {
  SeenRequests seen;
  for (size_t i = 0; i < SeenRequests::kMostKinds + 5; ++i) {
    ReadEvent e(event_with(R"("verb":"get","objectRef":{"resource":"r)" + std::to_string(i) + "\"}"));
    seen.add(e.event);
  }
  EXPECT_EQ(seen.kinds().size(), SeenRequests::kMostKinds);
  EXPECT_EQ(seen.left_out(), 5u);
}

}  // namespace
}  // namespace kubevigil
