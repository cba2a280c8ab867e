// `kubevigil rules except`: from an alert to a filter that silences it and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/program.h"

namespace kubevigil::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

// The id of the first alert of that rule.
std::string id_of(const std::string& alerts, const std::string& rule) {
  const size_t name = alerts.find("\"name\":\"" + rule + "\"");
  if (name == alerts.npos) return "none";
  const size_t line = alerts.rfind('\n', name) + 1;
  constexpr std::string_view kKey = "\"id\":\"";
  const size_t key = alerts.find(kKey, line);
  return alerts.substr(key + kKey.size(), 36);
}

struct Case {
  Folder folder;
  std::string log = folder.write("audit.log", demo_events());
  std::string alerts = run({"replay", log, "-o", "jsonl", "-q"}).out;
  Result except(const std::string& rule, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"rules", "except", id_of(alerts, rule), "--log", log};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
};

TEST(RulesExcept, TheFilterSilencesThatAlertAndNothingElse) {
  const Case demo;
  const Result made =
      demo.except("exec_reads_token", {"--owner", "platform", "--reason", "a drill", "--expires", "2099-01-01"});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("silences 1 of "));
  EXPECT_THAT(made.out, HasSubstr("user.username|cased: \"system:serviceaccount:ci:deployer\"\n"));
  EXPECT_THAT(made.out, HasSubstr("impersonatedUser.username: null\n"));
  EXPECT_THAT(made.out, HasSubstr("  owner: \"platform\"\n  reason: \"a drill\"\n  expires: \"2099-01-01\"\n"));
  const Folder site;
  site.write("filter.yaml", made.out);
  const Result again = run({"replay", demo.log, "--rules", site.path(), "--strict-rules", "-o", "jsonl", "-q"});
  EXPECT_EQ(again.err, "");
  EXPECT_EQ(id_of(again.out, "exec_reads_token"), "none");
  EXPECT_EQ(std::count(again.out.begin(), again.out.end(), '\n'),
            std::count(demo.alerts.begin(), demo.alerts.end(), '\n') - 1);
}

TEST(RulesExcept, SomeAlertsAllowNone) {
  const Case demo;
  const Result chain = demo.except("attack_chain");
  EXPECT_EQ(chain.code, 1);
  EXPECT_THAT(chain.err, HasSubstr("exempt: never"));
  EXPECT_EQ(chain.out, "");
}

TEST(RulesExcept, AnAlertThatIsNotThere) {
  const Case demo;
  EXPECT_EQ(run({"rules", "except", "abc", "--log", demo.log}).code, 2);
  const Result none = run({"rules", "except", "ffffffff-0000", "--log", demo.log});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("has this id"));
  EXPECT_EQ(run({"rules", "except", "ffffffff-0000", "--log", demo.folder.path("none")}).code, 3);
}

// The alert lists ten events and counts thirty: tuples of the ten alone would leave it standing.
TEST(RulesExcept, ItIsWidenedUntilTheAlertIsGone) {
  const Folder folder;
  std::string events;
  for (int i = 10; i < 40; ++i) {
    const std::string n = std::to_string(i);
    events +=
        R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"00000000-0000-4000-8000-0000000000)" +
        n + R"(","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/n/secrets/s)" + n +
        R"(","verb":"get","user":{"username":"backup*"},"sourceIPs":["10.0.0.1"],"objectRef":{"resource":"secrets","namespace":"n","name":"s)" +
        n + R"("},"responseStatus":{"code":200},"stageTimestamp":"2026-03-02T09:00:)" + n + ".000000Z\"}\n";
  }
  const std::string log = folder.write("audit.log", events);
  const std::string rules =
      folder.write("rules.yaml",
                   "title: Many\nname: many\nid: 5f3b6f54-9a40-4b52-9d0e-0a1a36f1a001\n"
                   "correlation:\n  type: value_count\n  rules: [one]\n  group-by: [user.username]\n"
                   "  timespan: 1h\n  condition: {field: objectRef.name, gte: 12}\n---\n"
                   "title: One\nname: one\nid: 5f3b6f54-9a40-4b52-9d0e-0a1a36f1a002\n"
                   "logsource: {product: kubernetes, service: audit}\n"
                   "detection: {s: {resource: secrets, verb: get}, condition: s}\n");
  const std::string alerts = run({"replay", log, "--no-builtin", "--rules", rules, "-o", "jsonl", "-q"}).out;
  const Result made = run({"rules", "except", id_of(alerts, "many"), "--log", log, "--no-builtin", "--rules", rules});
  ASSERT_EQ(made.code, 0) << made.err << alerts;
  EXPECT_THAT(made.out, HasSubstr("names of objects and commands are left out"));
  EXPECT_THAT(made.out, HasSubstr(R"(user.username|cased: "backup\\*")"));
  EXPECT_THAT(made.out, Not(HasSubstr("objectRef.name|")));
}

}  // namespace
}  // namespace kubevigil::e2e
