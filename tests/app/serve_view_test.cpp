// What the admin listener shows of `serve` while its parts come and go, and that nothing in the tables of metrics and
// self-alerts is there for nobody.
#include "engine/app/serve_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "engine/app/live_watch.h"
#include "tests/run/live_bench.h"
#include "tests/support/source_file.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// All sources of the program but the tables themselves.
std::string sources() {
  std::string out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(test::source_file("engine"))) {
    const std::string name = entry.path().filename();
    if (entry.path().extension() != ".cpp" || name == "metric_table.cpp" || name == "self_alert.cpp") continue;
    out += read_file(entry.path());
  }
  return out;
}

// The names of an enumeration in a header.
std::vector<std::string> names_of(const std::string& header, const std::string& begin) {
  const size_t from = header.find(begin) + begin.size();
  std::string body = header.substr(from, header.find("};", from) - from);
  body = std::regex_replace(body, std::regex("//[^\n]*"), "");
  std::vector<std::string> out;
  const std::regex word("\\w+");
  for (std::sregex_iterator at(body.begin(), body.end(), word), end; at != end; ++at) out.push_back(at->str());
  return out;
}

bool any_of(const std::string& code, std::initializer_list<std::string> texts) {
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) { return code.find(text) != code.npos; });
}

TEST(Tables, EveryMetricIsSetBySomebody) {
  const std::string code = sources();
  const auto names =
      names_of(read_file(test::source_file("engine/base/metric_table.h")), "enum class Metric : uint8_t {");
  EXPECT_EQ(names.size(), kMetrics);
  for (const std::string& name : names) {
    EXPECT_TRUE(any_of(code, {"set(" + name + ",", "set(Metric::" + name + ",", "observe(Metric::" + name + ","}))
        << name;
  }
}

TEST(Tables, EverySelfAlertIsRaisedBySomebody) {
  const std::string code = sources();
  const auto names =
      names_of(read_file(test::source_file("engine/run/self_alert.h")), "enum class SelfAlertKind : uint8_t {");
  EXPECT_EQ(names.size(), kSelfAlertKinds);
  for (const std::string& name : names) {
    EXPECT_TRUE(any_of(code, {"SelfAlertKind::" + name})) << name;
  }
}

struct Clock : Env {
  Timestamp now() const override { return *parse_rfc3339("2026-01-02T03:00:00Z"); }
  Duration monotonic() const override { return {}; }
  size_t peak_memory() const override { return 0; }
};

TEST(ServeView, SaysWhatItWaitsFor) {
  const Clock env;
  Metrics metrics;
  ServeView view(metrics, env, {});
  EXPECT_FALSE(view.ready().ready);
  EXPECT_EQ(view.ready().why, "starting");
  view.set_waiting("reading the journal again");
  EXPECT_EQ(view.status().ready.why, "reading the journal again");
  EXPECT_THAT(view.metrics(), HasSubstr("\nkubevigil_ready 0\n"));
  view.set_ready();
  EXPECT_TRUE(view.ready().ready);
  EXPECT_THAT(view.metrics(), HasSubstr("\nkubevigil_ready 1\n"));
}

TEST(ServeView, ShowsPartsAsTheyComeAndGo) {
  const Clock env;
  test::SimulatedDisk disk;
  ASSERT_TRUE(disk.make_folder("/data"));
  Metrics metrics;
  ServeView view(metrics, env, {{"soc", "http", "falco"}});
  EXPECT_THAT(view.rules(), IsEmpty());
  EXPECT_THAT(view.sources().senders, IsEmpty());
  EXPECT_THAT(view.alerts({}), IsEmpty());
  EXPECT_THAT(view.metrics(), Not(HasSubstr("kubevigil_spool_bytes")));

  auto spool = Spool::open(disk, {.folder = "/data/spool", .commit = {.own_thread = false}});
  ASSERT_TRUE(spool);
  auto reserve = DiskReserve::open(disk, "/data", 1000);
  ASSERT_TRUE(reserve);
  SenderBook senders(env, {});
  senders.took({"prod", "api", "10.0.0.1"}, 100, 1);
  senders.took({"prod", "api", "10.0.0.2"}, 50, 2);
  senders.refused({"prod", "api", "10.0.0.2"}, WebhookRefusal::Budget);
  senders.turned_away("203.0.113.9", Refusal::UnknownToken, "/k8s-audit");
  SelfAlerts self_alerts("kv-0", 1);
  self_alerts.raise({SelfAlertKind::DiskFull, "", "/data", "", env.now()});
  test::SimulatedDisk full;
  ASSERT_TRUE(full.make_folder("/data"));
  full.set_capacity(0);
  Quarantine quarantine(full, "/data/bad", Redactor());
  quarantine.add("s", std::vector<BadRecord>(kQuarantinedTexts + 3), env.now());
  view.set_ready();
  view.change([&](ServeParts& parts, ServeFacts& facts) {
    parts.disk = &disk;
    parts.quarantine = &quarantine;
    parts.spool = spool->get();
    parts.reserve = reserve->get();
    parts.senders = &senders;
    parts.self_alerts = &self_alerts;
    facts.data = "/data";
    facts.spool_budget = 5000;
    facts.recovery.emplace();
    facts.recovery->first = 10;
    facts.recovery->end = 30;
    facts.recovery->different = 2;
    facts.recovery_took = Duration{1'500'000};
  });
  const std::string page = view.metrics();
  for (const char* line :
       {"kubevigil_spool_budget_bytes 5000", "kubevigil_disk_reserve_held 1", "kubevigil_recovery_seconds 1.5",
        "kubevigil_recovery_entries 20", "kubevigil_recovery_mismatches_total 2", "kubevigil_webhook_batches_total 2",
        "kubevigil_sender_body_bytes_total{cluster=\"prod\",credential=\"api\"} 150",
        "kubevigil_webhook_refused_total{reason=\"budget\"} 1",
        "kubevigil_webhook_refused_total{reason=\"unauthorized-unknown-token\"} 1",
        "kubevigil_bad_records_lost_total{why=\"disk\"} 23", "kubevigil_bad_records_lost_total{why=\"rotated\"} 0",
        "kubevigil_bounds_met_total{bound=\"bad_record_texts_left_out\"} 3",
        "kubevigil_self_alerts_total{kind=\"disk_full\"} 1"}) {
    EXPECT_THAT(page, HasSubstr(std::string("\n") + line + "\n"));
  }
  EXPECT_THAT(page, HasSubstr("kubevigil_disk_free_bytes"));
  const AdminSources sources = view.sources();
  ASSERT_THAT(sources.senders, SizeIs(2));
  EXPECT_EQ(sources.senders[1].refused, 1u);
  ASSERT_THAT(sources.strangers, SizeIs(1));
  EXPECT_EQ(sources.strangers[0].path, "/k8s-audit");
  EXPECT_EQ(view.status().recovery.mismatches, 2u);
  EXPECT_EQ(view.status().spool_budget_bytes, 5000u);

  (*reserve)->release();
  EXPECT_FALSE(view.ready().ready);
  EXPECT_THAT(view.ready().why, HasSubstr("disk is full"));
  view.change([](ServeParts& parts, ServeFacts&) { parts = {}; });
  EXPECT_THAT(view.metrics(), Not(HasSubstr("kubevigil_spool_bytes ")));
  EXPECT_TRUE(view.ready().ready);
}

TEST(ServeView, ShowsAPipeline) {
  LiveBench bench;
  ASSERT_TRUE(bench.start());
  std::vector<EventText> events(3);
  for (size_t i = 0; i < events.size(); ++i) {
    events[i].second = static_cast<int64_t>(i) + 1;
    events[i].ns = events[i].id = std::string(1, static_cast<char>('a' + i));
    events[i].user = "alice";
  }
  ASSERT_TRUE(bench.post(events));
  ASSERT_TRUE(bench.post_bytes("no event\n"));
  ASSERT_TRUE(bench.settle());
  Metrics metrics;
  RecentAlerts recent(bench.journal(), bench.env, nullptr);
  ServeView view(metrics, bench.env, {});
  view.change([&](ServeParts& parts, ServeFacts& facts) {
    parts.pipeline = &bench.pipeline();
    parts.journal = &bench.journal();
    parts.recent = &recent;
    facts.state_budget = 1000;
    facts.reloads_rejected = 1;
    facts.rules_behind = true;
  });
  ASSERT_TRUE(until([&] { return view.status().events == 3 && view.status().bad_records == 1; }));
  recent.step();
  const std::string page = view.metrics();
  for (const char* line : {"kubevigil_events_total 3", "kubevigil_rules_last_reload_successful 0",
                           "kubevigil_rules_reloads_total{result=\"rejected\"} 1", "kubevigil_journal_broken 0",
                           "kubevigil_state_budget_bytes 1000", "kubevigil_streams{state=\"active\"} 1"}) {
    EXPECT_THAT(page, HasSubstr(std::string("\n") + line + "\n"));
  }
  EXPECT_THAT(page, HasSubstr("\nkubevigil_rules_info{hash=\""));
  EXPECT_THAT(page, HasSubstr("\nkubevigil_state_keys{rule=\"secrets_across\"} "));
  const AdminStatus status = view.status();
  EXPECT_EQ(status.rules, view.rules().size());
  EXPECT_TRUE(status.rules_behind);
  EXPECT_GT(status.alerts, 0u);
  EXPECT_TRUE(status.watermark);
  ASSERT_THAT(view.sources().streams, SizeIs(1));
  EXPECT_EQ(view.sources().streams[0].name, "webhook/prod/cred/a");
  EXPECT_TRUE(bench.pipeline().stop());
}

ConsumerStatus status_with(std::shared_ptr<const LiveRules> rules, uint64_t evictions) {
  ConsumerStatus status;
  status.rules = std::move(rules);
  status.rule_status.resize(status.rules->program->rules().rules.size());
  status.rule_status.back().state.evictions = evictions;
  return status;
}

TEST(LiveWatch, TellsOfStateThatWasGivenUpSinceItLooks) {
  LiveBench bench;
  SelfAlerts self_alerts("kv-0", 1);
  LiveWatch watch(self_alerts);
  const Timestamp now = bench.env.now();
  const auto rules = bench.rules(kReplayRules);
  watch.review(ConsumerStatus{}, now);
  watch.review(status_with(rules, 5), now);
  EXPECT_THAT(self_alerts.due(now), IsEmpty()) << "of an earlier life";
  watch.review(status_with(rules, 5), now);
  EXPECT_THAT(self_alerts.due(now), IsEmpty());
  watch.review(status_with(rules, 12), now);
  const auto told = self_alerts.due(now);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].rule_name, "kubevigil_state_pressure");
  EXPECT_THAT(told[0].message, HasSubstr("7 keys"));
  EXPECT_EQ(told[0].group.back().second, rules->program->rules().rules.back().meta.name);
}

// Whoever has a name that escapes make long does not hide the others.
TEST(LiveWatch, NamesAllThreeMakersHoweverHostileTheirNames) {
  LiveBench bench;
  SelfAlerts self_alerts("kv-0", 1);
  LiveWatch watch(self_alerts);
  const Timestamp now = bench.env.now();
  ConsumerStatus status = status_with(bench.rules(kReplayRules), 0);
  watch.review(status, now);
  LiveRuleStatus& rule = status.rule_status.back();
  rule.state.evictions = rule.state.keys = rule.state.bytes = 999'999'999'999;
  rule.state.lost[9] = 1;
  const std::string controls(256, '\x01'), quotes(256, '"');
  rule.makers = {{controls, controls, 99'999'999, now}, {quotes, quotes, 88'888'888, now}, {"lab", "eve", 777, now}};
  watch.review(status, now);
  const auto told = self_alerts.due(now);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told[0].message, HasSubstr("99999999 by \"\\x01"));
  EXPECT_THAT(told[0].message, HasSubstr(", 88888888 by \""));
  EXPECT_THAT(told[0].message, testing::EndsWith(", 777 by \"eve\" in \"lab\""));
}

TEST(LiveWatch, TellsWhoMakesKeysAndHowFarTheLostOnesHadComeOnceInFiveMinutes) {
  LiveBench bench;
  SelfAlerts self_alerts("kv-0", 1);
  LiveWatch watch(self_alerts);
  Timestamp now = bench.env.now();
  ConsumerStatus status = status_with(bench.rules(kReplayRules), 5);
  LiveRuleStatus& rule = status.rule_status.back();
  rule.state.lost[9] = 5;
  watch.review(status, now);
  const auto said = [&]() -> std::string {
    watch.review(status, now);
    const auto told = self_alerts.due(now);
    return told.empty() ? "" : told.back().message;
  };
  EXPECT_EQ(said(), "");
  rule.state.evictions = 15;
  rule.state.lost[0] = 4;
  rule.state.lost[7] = 6;
  rule.state.keys = 3;
  rule.state.bytes = 500;
  rule.makers = {{"prod", "mallory\nroot", 12'345, now}, {"lab", std::string(500, 'x'), 17, now}};
  const std::string cut = std::string(61, 'x') + "\u2026";
  EXPECT_EQ(
      said(),
      "State of a rule was given up for want of memory: 10 keys were given up before their time, the furthest with "
      "70 % or more of what fires; 3 keys in 500 bytes are left; most new keys in 10 minutes: 12345 by "
      "\"mallory\\x0aroot\" in \"prod\", 17 by \"" +
          cut + "\" in \"lab\"");
  for (int minute = 1; minute < 5; ++minute) {
    now = now + Duration::minutes(1);
    ++rule.state.evictions;
    ++rule.state.lost[static_cast<size_t>(minute)];
    EXPECT_EQ(said(), "") << minute;
  }
  now = now + Duration::minutes(1);
  EXPECT_THAT(said(), HasSubstr(": 4 keys were given up before their time, the furthest with 40 %"));
  rule.state.evictions = 2;  // the rule was changed
  rule.state.lost = {2};
  rule.makers.clear();
  now = now + Duration::minutes(5);
  EXPECT_THAT(said(), HasSubstr(": 2 keys were given up before their time; 3 keys in 500 bytes are left"));
}

TEST(LiveWatch, TellsOfClocksThatRunAhead) {
  LiveBench bench;
  SelfAlerts self_alerts("kv-0", 1);
  LiveWatch watch(self_alerts);
  const Timestamp now = bench.env.now();
  ConsumerStatus status = status_with(bench.rules(kReplayRules), 0);
  status.streams = {{"behind", "prod", true, false, now - Duration::hours(1), 1},
                    {"about right", "prod", true, false, now + Duration::seconds(4), 1},
                    {"no event", "prod", true, false, Timestamp::min(), 0},
                    {"of an earlier life", "", true, false, now + Duration::hours(1), 0},
                    {"idle", "prod", false, false, now + Duration::hours(1), 1},
                    {"ahead", "prod", true, false, now + Duration::seconds(20), 1}};
  watch.review(status, now);
  const auto told = self_alerts.due(now);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].rule_name, "kubevigil_clock_skew");
  EXPECT_EQ(told[0].group.back().second, "ahead");
  EXPECT_EQ(told[0].cluster, "prod");
  EXPECT_THAT(told[0].message, HasSubstr("more than 20 s"));
}

}  // namespace
}  // namespace kubevigil
