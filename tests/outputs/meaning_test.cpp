// What the encodings say: severities, identity over revisions, what later revisions become, bounds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/run/framing.h"
#include "engine/run/self_alert.h"
#include "outputs/chat_text.h"
#include "outputs/registry.h"
#include "outputs/severity.h"
#include "tests/support/consumers.h"
#include "tests/support/format_facts.h"
#include "tests/support/random_alert.h"

namespace kubevigil {
namespace {

using test::FormatFacts;
using test::Json;
using testing::HasSubstr;
using testing::IsEmpty;

struct Clock : Env {
  Timestamp time = *parse_rfc3339("2026-01-02T04:00:00Z");
  Timestamp now() const override { return time; }
  Duration monotonic() const override { return {}; }
  size_t peak_memory() const override { return 0; }
};

Alert sample(EpisodeStatus status = EpisodeStatus::Open) {
  Alert a = test::hostile_alert(0);
  a.status = status;
  a.revision = status == EpisodeStatus::Open ? 1 : 2;
  a.values = {};
  a.rule_title = "Exec into a pod";
  a.cluster = "prod";
  a.source.peer_ip = "203.0.113.7";
  return a;
}

EncodingOptions serving(const Env& env) {
  EncodingOptions options;
  options.revisions = true;
  options.env = &env;
  return options;
}

std::string record(std::string_view name, const Alert& alert, const EncodingOptions& options = {}) {
  std::string out;
  make_encoding(name, options)->record(alert, out);
  return out;
}

std::string text_at(const Json& json, std::string_view path) {
  const Json* found = FormatFacts::find(json, path);
  return found == nullptr ? "(missing)" : found->text;
}

Json parsed(std::string_view name, const Alert& alert, const EncodingOptions& options = {}) {
  return oracle::parse_json(record(name, alert, options));
}

struct Levels {
  Level level;
  bool all_stages;
  const char *falco, *ocsf, *alertmanager, *ecs, *cef;
  int syslog;
};

TEST(Meaning, SeveritiesFollowTheOneTable) {
  constexpr Levels kLevels[] = {
      {Level::Informational, false, "Informational", "1", "info", "1", "|3|", 6},
      {Level::Low, false, "Notice", "2", "info", "21", "|4|", 5},
      {Level::Medium, false, "Warning", "3", "warning", "47", "|6|", 4},
      {Level::High, false, "Error", "4", "warning", "73", "|7|", 3},
      {Level::High, true, "Error", "4", "warning", "73", "|7|", 3},
      {Level::Critical, false, "Critical", "5", "critical", "99", "|8|", 2},
      {Level::Critical, true, "Alert", "5", "critical", "99", "|9|", 1},
  };
  for (const Levels& row : kLevels) {
    Alert a = sample();
    a.level = row.level;
    if (row.all_stages) a.values = {"probe", "collect", "spread", "entry", "effect"};
    EXPECT_EQ(text_at(parsed("falco", a), "priority"), row.falco);
    EXPECT_EQ(text_at(parsed("ocsf", a), "severity_id"), row.ocsf);
    EXPECT_EQ(text_at(parsed("alertmanager", a), "labels/severity"), row.alertmanager);
    EXPECT_EQ(text_at(parsed("ecs", a), "event/severity"), row.ecs);
    EXPECT_NE(record("cef", a).find(row.cef), std::string::npos);
    EXPECT_EQ(severity_of(a).syslog, row.syslog);
  }
}

TEST(Meaning, ConsumersThatActOnEveryMessageHearNoEnd) {
  const Clock clock;
  const auto heard = [&](std::string_view name) {
    std::string out;
    for (const EpisodeStatus status :
         {EpisodeStatus::Open, EpisodeStatus::Update, EpisodeStatus::Closed, EpisodeStatus::Retracted}) {
      if (make_encoding(name, serving(clock))->wants(sample(status))) out += std::string(to_text(status)) + " ";
    }
    return out;
  };
  EXPECT_EQ(heard("falco"), "open update ");
  EXPECT_EQ(heard("slack"), "open update retracted ");
  for (const char* name : {"jsonl", "text", "alertmanager", "ocsf", "ecs", "es-bulk", "cef"}) {
    EXPECT_EQ(heard(name), "open update closed retracted ") << name;
  }
}

TEST(Meaning, LifeInOcsfAndEcs) {
  struct Row {
    EpisodeStatus status;
    const char *activity, *state, *alert, *kind;
  };
  const Clock clock;
  for (const Row& row :
       {Row{EpisodeStatus::Open, "1", "1", "true", "alert"}, Row{EpisodeStatus::Update, "2", "1", "true", "alert"},
        Row{EpisodeStatus::Closed, "2", "1", "false", "event"},
        Row{EpisodeStatus::Retracted, "3", "3", "false", "event"}}) {
    const Json ocsf = parsed("ocsf", sample(row.status), serving(clock));
    EXPECT_EQ(text_at(ocsf, "activity_id"), row.activity);
    EXPECT_EQ(text_at(ocsf, "status_id"), row.state);
    EXPECT_EQ(text_at(ocsf, "is_alert"), row.alert);
    EXPECT_EQ(text_at(ocsf, "finding_info/uid"), sample().id);
    EXPECT_EQ(text_at(parsed("ecs", sample(row.status), serving(clock)), "event/kind"), row.kind);
    // replay has one record an alert, closed as a rule: it is news all the same.
    EXPECT_EQ(text_at(parsed("ocsf", sample(row.status)), "activity_id"), "1");
    EXPECT_EQ(text_at(parsed("ecs", sample(row.status)), "event/kind"), "alert");
  }
}

// What a self-alert of a moment says has no later revision: its first one is closed, and is news all the same.
TEST(Meaning, WhatIsToldOnceIsHeardByEveryConsumer) {
  Clock clock;
  for (const SelfAlertRow& row : self_alert_rows()) {
    const auto kind = static_cast<SelfAlertKind>(&row - self_alert_rows().data());
    const Alert alert = self_alert({kind, "kv-0", 7, 1, "prod", "subject", "detail", clock.time, clock.time, 1});
    for (const EncodingRow& encoding : encodings()) {
      EXPECT_TRUE(make_encoding(encoding.name, serving(clock))->wants(alert)) << encoding.name << " " << row.name;
    }
    const Json ocsf = parsed("ocsf", alert, serving(clock));
    EXPECT_EQ(text_at(ocsf, "activity_id") + text_at(ocsf, "is_alert"), "1true") << row.name;
    EXPECT_EQ(text_at(parsed("ecs", alert, serving(clock)), "event/kind"), "alert") << row.name;
    EXPECT_EQ(text_at(parsed("alertmanager", alert, serving(clock)), "endsAt"),
              format_rfc3339(clock.time + Duration::minutes(15)))
        << row.name;
    EXPECT_THAT(record("slack", alert, serving(clock)), testing::Not(HasSubstr("closed"))) << row.name;
  }
}

TEST(Meaning, AlertmanagerLabelsStayTheSame) {
  Alert first = sample();
  Alert later = sample(EpisodeStatus::Closed);
  later.revision = 7;
  later.count = 90;
  later.last_seen = later.last_seen + Duration::minutes(40);
  later.values = {"a", "b"};
  later.message = "another message";
  const Clock clock;
  const std::string labels = record("alertmanager", first, serving(clock));
  const size_t end = labels.find("\"annotations\"");
  EXPECT_EQ(labels.substr(0, end), record("alertmanager", later, serving(clock)).substr(0, end));
  later.dedup_key = "another group";
  EXPECT_NE(labels.substr(0, end), record("alertmanager", later, serving(clock)).substr(0, end));
}

TEST(Meaning, AlertmanagerFiresUntilItsExpiry) {
  Clock clock;
  EncodingOptions options = serving(clock);
  const auto ends = [&](EpisodeStatus status) {
    return text_at(parsed("alertmanager", sample(status), options), "endsAt");
  };
  const Timestamp last = sample().last_seen;  // 03:04:05.123456
  clock.time = last;
  EXPECT_EQ(ends(EpisodeStatus::Open), format_rfc3339(last + Duration::minutes(15)));
  options.expiry = Duration::hours(1);
  EXPECT_EQ(ends(EpisodeStatus::Update), format_rfc3339(last + Duration::hours(1)));
  clock.time = last + Duration::hours(3);
  EXPECT_EQ(ends(EpisodeStatus::Open), format_rfc3339(clock.time + Duration::minutes(5)))
      << "an alert found late is still seen";
  EXPECT_EQ(ends(EpisodeStatus::Closed), format_rfc3339(last));
  EXPECT_EQ(ends(EpisodeStatus::Retracted), format_rfc3339(sample().first_seen));
}

// Behind falcosidekick each field is a label of an Alertmanager.
TEST(Meaning, FewFalcoFieldsStayTheSameFromAlertToAlert) {
  EncodingOptions few;
  few.few_fields = true;
  few.link = "https://vigil.example/";
  Alert a = sample(), b = sample();
  a.request.audit_id = "one";
  b.request.audit_id = "another";
  b.id += "x";
  b.revision = 7;
  b.count = 9;
  b.time = b.first_seen = b.last_seen = a.time + Duration::hours(5);
  b.source.ips = {"192.0.2.9"};
  b.source.user_agent = "other";
  b.request.uri += "?x";
  b.values = {"v"};
  const auto fields = [](const std::string& text) { return text.substr(text.find("\"output_fields\"")); };
  EXPECT_EQ(fields(record("falco", a, few)), fields(record("falco", b, few)));
  EXPECT_THAT(record("falco", a, few), HasSubstr("ka.user.name"));
  EXPECT_NE(fields(record("falco", a)), fields(record("falco", b)));
  EXPECT_THAT(test::falcosidekick_problems(record("falco", a, few)), IsEmpty());
}

// Elastic's rule looks back minutes: what an outage held up must not look old.
TEST(Meaning, EcsSaysWhenItWasSent) {
  Clock clock;
  clock.time = sample().time + Duration::hours(2);
  EXPECT_EQ(text_at(parsed("ecs", sample(), serving(clock)), "event/ingested"), format_rfc3339(clock.time));
  EXPECT_EQ(text_at(parsed("ecs", sample()), "event/ingested"), "(missing)") << "history";
}

TEST(Meaning, BulkIdsAreOfTheRevision) {
  Alert a = sample();
  a.revision = 4;
  const std::string lines = record("es-bulk", a);
  EXPECT_EQ(lines.substr(0, lines.find('\n')),
            "{\"create\":{\"_index\":\"logs-kubevigil.alerts-default\",\"_id\":\"" + a.id + ".4\"}}");
}

TEST(Meaning, ImpersonationKeepsBothNames) {
  Alert a = sample();
  a.actor.username = "victim";
  a.actor.impersonated_by = "eve";
  const Json falco = parsed("falco", a);
  EXPECT_EQ(text_at(falco, "output_fields/ka.user.name"), "eve");
  EXPECT_EQ(text_at(falco, "output_fields/ka.impuser.name"), "victim");
  const Json ecs = parsed("ecs", a);
  EXPECT_EQ(text_at(ecs, "user/name"), "eve");
  EXPECT_EQ(text_at(ecs, "user/effective/name"), "victim");
  EXPECT_NE(record("cef", a).find("suser=eve duser=victim"), std::string::npos);
}

// What an attacker can blow up is cut; what the alert holds anyway (native JSON, and OCSF around it) is bounded there.
TEST(Meaning, RecordsAreBounded) {
  Alert a = sample();
  const std::string big(1 << 20, '<');
  a.message = a.rule_title = a.actor.username = a.target.name = a.target.ns = a.request.uri = big;
  a.source.user_agent = a.cluster = a.permission.binding = big;
  a.values = a.next_steps = a.actor.groups = a.references = std::vector<std::string>(100, big);
  for (const char* name : {"text", "falco", "alertmanager", "slack", "cef"}) {
    EXPECT_LT(record(name, a).size(), 64u << 10) << name;
  }
}

TEST(ChatText, NothingIsLeftThatAChatTakesForItsOwn) {
  EXPECT_EQ(chat_safe("plain system:serviceaccount:a:b alice@corp.example"),
            "plain system:serviceaccount:a:b alice@corp.example");
  EXPECT_EQ(chat_safe("<!channel>"), "\xE2\x80\xB9!channel\xE2\x80\xBA");
  EXPECT_EQ(chat_safe("@Here"), "@\xE2\x80\x8BHere");
  EXPECT_EQ(chat_safe("[a](b)"), "[a]\xE2\x80\x8B(b)");
  EXPECT_EQ(chat_safe("a\nb\x1b"), "a\\x0ab\\x1b");
  EXPECT_EQ(slack_code("a`b<&>", 100), "`a'b&lt;&amp;&gt;`");
  EXPECT_EQ(slack_code("", 100), "-");
  EXPECT_EQ(slack_code_within("alice", 16), "`alice`");
  EXPECT_EQ(slack_code_within("a<b>&&&&&&&&", 20), "`a&lt;b&gt;&amp;\xE2\x80\xA6`");
  EXPECT_LE(slack_code_within(std::string(1000, '&'), 270).size(), 270u);
}

}  // namespace
}  // namespace kubevigil
