// What rules can see in a log, from the kinds of requests and levels that it has.
#include "engine/run/log_coverage.h"

#include <gtest/gtest.h>

#include "engine/rule/rule_loader.h"
#include "tests/event/read_event.h"

namespace kubevigil {
namespace {

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
  Log& add(const std::string& level, const std::string& verb, const std::string& resource, Timestamp time = {}) {
    ReadEvent e(R"({"auditID":"a","stage":"ResponseComplete","level":")" + level + R"(","verb":")" + verb +
                R"(","requestURI":"/x")" +
                (resource.empty() ? "" : R"(,"objectRef":{"resource":")" + resource + "\"}") + "}");
    e.event.time = time;
    seen.add(e.event);
    return *this;
  }
  std::string state(const std::string& name) const {
    const RuleSet set = rules();
    for (const RuleCoverage& c : coverage_in(seen, set)) {
      if (set.rules[c.rule].meta.name != name) continue;
      return std::string(to_text(c.seen)) + " " + std::to_string(c.too_low) + "/" + std::to_string(c.events);
    }
    return "no such rule";
  }
  SeenRequests seen;
};

TEST(LogCoverage, ByKindAndLevel) {
  const Log log = Log()
                      .add("Metadata", "list", "secrets")
                      .add("Request", "create", "pods")
                      .add("Metadata", "create", "pods")
                      .add("Metadata", "get", "");
  EXPECT_EQ(log.state("lists"), "evaluable 0/1");
  EXPECT_EQ(log.state("privileged"), "part 1/2");
  EXPECT_EQ(log.state("answers"), "blind 2/2");
  EXPECT_EQ(log.state("paths"), "evaluable 0/1");
  EXPECT_EQ(log.state("execs"), "absent 0/0");
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
