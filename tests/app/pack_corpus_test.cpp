// The built-in pack over real logs: a cluster on its installation day stays quiet, recorded attacks do not.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "engine/app/pack.h"
#include "engine/base/text.h"
#include "engine/run/case_stream.h"
#include "tests/support/corpus.h"
#include "tests/support/source_file.h"

namespace kubevigil {
namespace {

using test::corpus;

std::shared_ptr<const Program> pack_program(Preset preset) {
  LoadOptions options;
  options.preset = preset;
  options.lists = builtin_lists();
  return Program::compile(std::make_shared<const RuleSet>(load_rules(builtin_rules(), options).rules));
}

std::vector<CaseRecord> lines_of(const std::filesystem::path& path) {
  std::vector<CaseRecord> records;
  std::ifstream in(path, std::ios::binary);
  for (std::string line; std::getline(in, line);) {
    if (!trim(line).empty()) records.push_back({Timestamp::min(), line});  // the first event says when it begins
  }
  return records;
}

// Rule name -> number of alerts of at least that level.
std::map<std::string, int> alerts_of(const Program& program, const StreamOutcome& outcome, Level least) {
  std::map<std::string, int> counts;
  for (const StreamAlert& a : outcome.alerts) {
    const RuleMeta& meta = program.rules().rules[a.rule].meta;
    if (meta.level >= least) ++counts[meta.name];
  }
  return counts;
}

using Counts = std::map<std::string, int>;

class Corpus : public testing::Test {
 protected:
  void SetUp() override { SKIP_WITHOUT_CORPUS("real"); }
};

TEST_F(Corpus, AnInstallationDayIsQuiet) {
  const auto program = pack_program(Preset::All);
  const auto records = lines_of(corpus() / "real/kubeadm-csv/reconstructed-metadata-events.ndjson");
  const StreamOutcome outcome = run_stream(program, records);
  EXPECT_EQ(records.size(), 16'563u);
  EXPECT_EQ(alerts_of(*program, outcome, Level::Medium), Counts{});
}

TEST_F(Corpus, AnOldClusterIsQuiet) {
  const auto program = pack_program(Preset::All);
  for (const char* name : {"demo.log", "demo-2017-full.log"}) {
    const StreamOutcome outcome = run_stream(program, lines_of(corpus() / "real/audit2rbac" / name));
    EXPECT_EQ(alerts_of(*program, outcome, Level::Medium), Counts{}) << name;
  }
}

TEST_F(Corpus, RecordedAttacksAreSeen) {
  const auto program = pack_program(Preset::Core);
  const auto alerts = [&](const char* name) {
    const StreamOutcome outcome = run_stream(program, lines_of(corpus() / "real/falco-traces" / name));
    return alerts_of(*program, outcome, Level::Informational);
  };
  EXPECT_EQ(alerts("anonymous_creates_namespace_foo.json"),
            (Counts{{"anonymous_request_allowed", 1}, {"anonymous_resource_write", 1}}));
  EXPECT_EQ(alerts("exec_pod.json"), (Counts{{"pod_exec", 1}}));
  EXPECT_EQ(alerts("attach_pod.json"), (Counts{{"pod_exec", 1}}));
  EXPECT_EQ(alerts("create_deployment.json"), Counts{});
  // Only the pod that the controller made is in these logs, not its deployment.
  for (const char* name : {"create_nginx_pod_privileged.json", "create_nginx_pod_privileged_2nd_container.json",
                           "create_nginx_pod_no_secctx_1st_container_privileged_2nd_container.json"}) {
    EXPECT_EQ(alerts(name), (Counts{{"pod_made_exceeds_its_tier", 1}, {"privileged_pod_created", 1}})) << name;
  }
  for (const char* name :
       {"create_nginx_pod_sensitive_mount.json", "create_nginx_pod_sensitive_mount_2nd_container.json"}) {
    EXPECT_EQ(alerts(name), (Counts{{"host_path_mounted", 1}, {"pod_made_exceeds_its_tier", 1}})) << name;
  }
  EXPECT_EQ(alerts("create_nginx_pod_unprivileged.json"), Counts{});
  EXPECT_EQ(alerts("create_nginx_pod_unsensitive_mount.json"), Counts{});
}

TEST_F(Corpus, EachRuleThatFiresOnRealLogsIsAccountedFor) {
  const auto program = pack_program(Preset::All);
  std::ifstream page(test::source_file("detections/NOISE.md"));
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  for (const char* folder : {"falco-traces", "kubeadm-csv", "audit2rbac"}) {
    for (const auto& entry : std::filesystem::directory_iterator(corpus() / "real" / folder)) {
      const StreamOutcome outcome = run_stream(program, lines_of(entry.path()));
      for (const auto& [rule, count] : alerts_of(*program, outcome, Level::Informational)) {
        EXPECT_NE(text.find('`' + rule + '`'), text.npos) << rule << " fires on " << entry.path().filename();
      }
    }
  }
}

}  // namespace
}  // namespace kubevigil
