#include "engine/app/config_load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/app/config_show.h"
#include "engine/base/limits.h"
#include "tests/support/config_text.h"

namespace kubevigil {
namespace {

using test::checked;
using test::config_text;
using test::reports;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string all(const LoadedConfig& loaded) { return render(loaded.diagnostics, loaded.sources); }

TEST(ConfigLoad, DefaultsOfTheBrief) {
  const LoadedConfig loaded = checked(config_text(""));
  ASSERT_THAT(loaded.diagnostics.entries(), IsEmpty()) << all(loaded);
  const Config& c = loaded.config;
  EXPECT_EQ(c.data, "/etc/kubevigil/data");
  EXPECT_EQ(c.instance, "node1");
  EXPECT_EQ(c.threads, 2U);
  EXPECT_TRUE(c.redact);
  EXPECT_TRUE(c.rules.builtin);
  EXPECT_FALSE(c.rules.strict);
  EXPECT_FALSE(c.inputs.webhook);
  ASSERT_EQ(c.inputs.tail.size(), 1U);
  EXPECT_EQ(c.inputs.tail[0].path, "/etc/kubevigil/audit.log");
  EXPECT_EQ(c.inputs.tail[0].start, TailStart::Oldest);
  EXPECT_EQ(c.inputs.tail[0].slack, Duration::seconds(2));
  EXPECT_EQ(c.inputs.tail[0].idle_after, Duration::seconds(15));
  EXPECT_THAT(c.inputs.tail[0].formats, testing::ElementsAre("native"));
  EXPECT_EQ(c.state.memory, 256u << 20);
  EXPECT_EQ(c.state.snapshot_every, Duration::seconds(30));
  ASSERT_EQ(c.outputs.size(), 1U);
  EXPECT_EQ(c.outputs[0].encoding, "jsonl");
  EXPECT_EQ(c.outputs[0].dead_letter, "/etc/kubevigil/data/dead-letter/out.jsonl");
  EXPECT_EQ(c.outputs[0].retry.give_up_after, Duration::hours(24));
  EXPECT_FALSE(c.outputs[0].rate_limit);
  EXPECT_EQ(c.admin.listen, (HostPort{"127.0.0.1", 9442}));
  EXPECT_EQ(c.log.level, LogLevel::Info);
  EXPECT_EQ(c.log.format, LogFormat::Json);
  EXPECT_FALSE(c.standby);
}

TEST(ConfigLoad, ValuesOfEveryKind) {
  const LoadedConfig loaded = checked(R"(
data: /srv/kv
instance: kv-1
threads: 8
redact: off
rules: {paths: [rules, /x/y], trusted-proxies: [10.0.0.0/8, "fd00::1"]}
inputs:
  webhook:
    listen: [{address: "[::1]:9443", tls: {certificate: s.pem, key: s.key, client-authorities: ca.pem}}]
    credentials:
      - {name: prod, common-name: kube-apiserver, authorities: ca.pem, clusters: [prod, dr]}
      - {name: lab, token-file: /run/secrets/lab, clusters: [lab]}
    formats: [any]
    spool-budget: 2GB
state: {snapshot-every: 1m}
outputs:
  - name: soc
    transport: http
    encoding: falco
    filter: {min-level: high, not-rules: ["a*"]}
    rate-limit: {alerts: 5}
    http:
      url: https://soc.example/hook
      bearer: {env: SOC_TOKEN}
      hmac: {file: hmac.key}
      headers: {X-Team: blue, X-Key: {env: SOC_KEY}}
  - {name: log, transport: syslog, encoding: cef, syslog: {address: "log.example:514", protocol: udp}}
log: {level: debug, format: text}
standby: {lease-file: /mnt/lease}
)");
  ASSERT_FALSE(loaded.diagnostics.has_errors()) << all(loaded);
  const Config& c = loaded.config;
  EXPECT_EQ(c.threads, 8U);
  EXPECT_FALSE(c.redact);
  EXPECT_THAT(c.rules.paths, ElementsAre("/etc/kubevigil/rules", "/x/y"));
  const WebhookConfig& webhook = c.inputs.webhook.value();
  EXPECT_EQ(webhook.listen[0].address, (HostPort{"::1", 9443}));
  EXPECT_EQ(webhook.listen[0].tls.value().authorities, "/etc/kubevigil/ca.pem");
  EXPECT_THAT(webhook.credentials[0].clusters, ElementsAre("prod", "dr"));
  EXPECT_EQ(webhook.credentials[1].token_file, "/run/secrets/lab");
  EXPECT_THAT(webhook.formats, testing::ElementsAre("any"));
  EXPECT_EQ(webhook.spool_budget, 2'000'000'000U);
  EXPECT_EQ(c.state.snapshot_every, Duration::minutes(1));
  const OutputConfig& soc = c.outputs[0];
  EXPECT_EQ(soc.filter.min_level, Level::High);
  EXPECT_EQ(soc.rate_limit.value().alerts, 5U);
  EXPECT_EQ(soc.rate_limit.value().per, Duration::minutes(1));
  EXPECT_EQ(soc.http.value().url.text.reveal(), "https://soc.example/hook");
  EXPECT_EQ(soc.http.value().bearer.env, "SOC_TOKEN");
  EXPECT_EQ(soc.http.value().hmac.file, "/etc/kubevigil/hmac.key");
  EXPECT_EQ(soc.http.value().headers.at(0).second.text.reveal(), "blue");
  EXPECT_EQ(soc.http.value().headers.at(1).second.env, "SOC_KEY");
  EXPECT_EQ(c.outputs[1].syslog.value().protocol, SyslogWire::Udp);
  EXPECT_EQ(c.log.level, LogLevel::Debug);
  EXPECT_EQ(c.standby.value().ttl, Duration::seconds(15));
}

TEST(ConfigLoad, WhatIsWrongAndWhere) {
  struct Case {
    std::string more;                   // from line 4 on; line 3 with inputs of its own
    std::vector<std::string> expected;  // all reports
  };
  const Case cases[] = {
      {"thread: 2", {"4:1 unknown-key"}},
      {"threads: two", {"4:10 bad-value"}},
      {"threads: 65", {"4:10 bad-value"}},
      {"threads: -1", {"4:10 bad-value"}},
      {"threads: 99999999999999999999", {"4:10 bad-value"}},
      {"threads: [2]", {"4:10 bad-value"}},
      {"threads:", {"4:1 bad-value"}},
      {"redact: yes", {"4:9 bad-value"}},
      {"instance: a b", {"4:11 bad-value"}},
      {"instance: ../x", {"4:11 bad-value"}},
      {"state: {memory: 256M}", {"4:17 bad-value"}},
      {"state: {memory: 1KiB}", {"4:17 bad-value"}},
      {"state: {snapshot-every: 5}", {"4:25 bad-value"}},
      {"state: 5", {"4:8 bad-value"}},
      {"state: [5]", {"4:8 bad-value"}},
      {"rules: {paths: rules}", {"4:16 bad-value"}},
      {"rules: {trusted-proxies: [proxy]}", {"4:27 bad-value"}},
      {"admin: {listen: \"localhost:1\"}", {"4:17 bad-value"}},
      {"log: {level: warning}", {"4:14 bad-value"}},
      {"standby: {ttl: 5s}", {"4:10 missing-key"}},
      {"? [a]\n: b", {"4:3 yaml-key", "4:3 unknown-key"}},
      {"threads: 1\nthreads: 2", {"5:1 duplicate-key"}},
      {"a: &a [*a]", {"4:8 yaml-syntax"}},
      {"x: [", {"5:1 yaml-syntax"}},
      {"---\nthreads: 3", {"5:1 bad-value"}},
  };
  for (const Case& c : cases) EXPECT_THAT(reports(checked(config_text(c.more))), c.expected) << c.more;
}

TEST(ConfigLoad, BoundsOfTheText) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'h'; ++c) {
    const std::string alias = std::string("*") + static_cast<char>(c - 1);
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) bomb += alias + ",";
    bomb += alias + "]\n";
  }
  EXPECT_THAT(all(checked(bomb)), HasSubstr("yaml-limit"));
  EXPECT_THAT(all(checked(std::string(limits::kRuleFileBytes + 1, 'x'))), HasSubstr("yaml-limit"));
  std::string many = "inputs:\n  tail:\n";
  for (size_t i = 0; i <= limits::kConfigEntries; ++i) many += "    - {path: a, cluster: c}\n";
  EXPECT_THAT(all(checked(config_text(many))), HasSubstr("more than 1000 entries"));
}

TEST(ConfigLoad, AnEmptyFileLacksWhatIsNeeded) {
  for (const std::string text : {"", "# nothing\n", "---\n", "null"}) {
    EXPECT_THAT(reports(checked(text)), testing::Contains(HasSubstr("missing-key")).Times(2)) << text;
  }
}

TEST(ConfigLoad, SecretsAreNeverShown) {
  const LoadedConfig loaded = checked(config_text(R"(outputs:
  - name: a
    transport: http
    http:
      url: https://user:hunter1@example/
      bearer: hunter2
      hmac: [hunter3]
      headers: {"bad name": hunter4, Host: hunter5}
  - {name: b, transport: http, http: {url: "https://hooks.slack.com/services/hunter6", headers: {A: "hunter7", B: 7}}}
  - {name: c, transport: http, http: {url: {files: hunter8}, bearer: {file: a, env: b}, headers: hunter9, hmac: {env: "A B"}}}
)"));
  const std::string said = all(loaded);
  EXPECT_EQ(loaded.diagnostics.count(Severity::Error), 9U) << said;
  for (const char* secret : {"hunter1", "hunter2", "hunter4", "hunter5", "hunter6", "hunter7", "hunter9"}) {
    EXPECT_THAT(said, Not(HasSubstr(secret)));
  }
  LoadedConfig good = checked(config_text(R"(outputs:
  - {name: b, transport: http, http: {url: "https://hooks.slack.com/services/hunter6", headers: {A: "hunter7"}}}
)"));
  ASSERT_FALSE(good.diagnostics.has_errors()) << all(good);
  for (const std::string& shown : {config_as_yaml(good), config_as_json(good)}) {
    EXPECT_THAT(shown, HasSubstr("https://hooks.slack.com/redacted"));
    EXPECT_THAT(shown, Not(HasSubstr("hunter")));
  }
}

// Others than those of a key that is read as a secret: on the line of somebody else's problem, or at a wrong place.
TEST(ConfigLoad, SecretsNearAProblemAreNotShown) {
  for (const std::string outputs : {
           R"([{name: a, transport: htp, http: {url: "https://hooks.slack.com/services/hunter1"}}])",
           R"([{name: a, transport: http, http: {url: 'https://hooks.slack.com/?hunter1', timeout: 1x}}])",
           R"([{name: a, transport: http, http: {url: https://x/hunter1, gzip: 7}}])",
           "\n  - {name: a, transport: http, http: {url: http://x/, hmac: [hunter1, {a: hunter2}]}}\n",
           "\n  - name: a\n    http:\n      hmac:\n        - hunter1\n        - {a: hunter2}\n",
           "\n  - name: a\n    transport: https://x/hunter1\n",
           "\n  - name: a\n    http: https://x/hunter1\n",
           "\n  - https://user:hunter1@x/hunter2\n",
           "\n  - https://user:hunter1/hunter2@x\n",
           "\n  - name: a\n    http:\n      url: https://x/hunter1\n      url: https://x/hunter2\n",
           "\n  - name: a\n    hook: &it https://x/hunter1\n",
           "\n  - name: a\n    webhook_url:\n      hunter1\n    passwords:\n      - hunter2\n",
       }) {
    const std::string said = all(checked(config_text("outputs: " + outputs + "\n")));
    EXPECT_THAT(said, HasSubstr("error")) << outputs;
    EXPECT_THAT(said, Not(HasSubstr("hunter"))) << outputs;
  }
  const auto by_variable = checked(config_text("outputs: [{name: a, transport: stdout}]"),
                                   {{"KUBEVIGIL_OUTPUTS__0__ENCODING", "https://x/hunter1"}});
  EXPECT_THAT(all(by_variable), Not(HasSubstr("hunter")));
  EXPECT_THAT(all(by_variable), HasSubstr("https://x/*"));
}

TEST(ConfigLoad, SecretsInTextThatIsNoYamlAreNotShown) {
  for (const std::string line : {"bearer: hunter2: x", "headers: {Authorization: \"Bearer hunter2}",
                                 "url: https://user:hunter2@x/: [", "- https://x/hunter2: ]", "X-Api-Key: [hunter2",
                                 "hmac: 'hunter2", "password: *hunter2", "token: !hunter2!x y"}) {
    const LoadedConfig loaded = checked("data: d\n" + line + "\n");
    EXPECT_FALSE(loaded.is_yaml) << line;
    EXPECT_THAT(all(loaded), HasSubstr("yaml-syntax")) << line;
    EXPECT_THAT(all(loaded), Not(HasSubstr("hunter"))) << line;
  }
}

TEST(ConfigLoad, SecretsAtThePlaceOfUnknownKeysAreNotShown) {
  for (const std::string line :
       {"bearer: hunter2", "hmac: 'hunter2'", "Api-Token: {a: hunter2}", "password: [hunter2]"}) {
    const std::string said = all(checked(config_text(line + "\n")));
    EXPECT_THAT(said, HasSubstr("unknown-key")) << line;
    EXPECT_THAT(said, Not(HasSubstr("hunter"))) << line;
  }
}

TEST(ConfigLoad, VariablesSetKeys) {
  EXPECT_EQ(variable_of("inputs.webhook.spool-budget"), "KUBEVIGIL_INPUTS__WEBHOOK__SPOOL_BUDGET");
  EXPECT_EQ(variable_of("outputs[0].http.url"), "KUBEVIGIL_OUTPUTS__0__HTTP__URL");
  const LoadedConfig loaded =
      checked(config_text("threads: 3\nstate: {memory: 1GiB}"), {{"KUBEVIGIL_STATE__MEMORY", "2GiB"},
                                                                 {"KUBEVIGIL_RULES__PATHS", "/a, b"},
                                                                 {"KUBEVIGIL_OUTPUTS__0__ENCODING", "text"},
                                                                 {"KUBEVIGIL_STANDBY__LEASE_FILE", "/mnt/lease"},
                                                                 {"KUBEVIGIL_INPUTS__TAIL__0__CLUSTER", "lab"}});
  ASSERT_THAT(loaded.diagnostics.entries(), IsEmpty()) << all(loaded);
  EXPECT_EQ(loaded.config.threads, 3U);
  EXPECT_EQ(loaded.config.state.memory, 2ull << 30);
  EXPECT_THAT(loaded.config.rules.paths, ElementsAre("/a", "/etc/kubevigil/b"));
  EXPECT_EQ(loaded.config.outputs[0].encoding, "text");
  EXPECT_EQ(loaded.config.standby.value().lease_file, "/mnt/lease");
  EXPECT_EQ(loaded.config.inputs.tail[0].cluster, "lab");
  EXPECT_EQ(loaded.origins.at("state.memory").from, ConfigOrigin::From::Environment);
  EXPECT_EQ(loaded.origins.at("threads").from, ConfigOrigin::From::File);
  EXPECT_EQ(loaded.origins.at("threads").span.line, 4U);
  EXPECT_EQ(loaded.origins.at("log.level").from, ConfigOrigin::From::Default);
}

TEST(ConfigLoad, VariablesThatAreWrong) {
  struct Case {
    std::string name, value, expected;
  };
  const Case cases[] = {
      {"KUBEVIGIL_STATE__MEMRY", "1GiB", "error: the environment variable names no key of the configuration"},
      {"KUBEVIGIL_STATE__MEMRY", "1GiB", "did you mean KUBEVIGIL_STATE__MEMORY?"},
      {"KUBEVIGIL_LOG_LEVEL", "debug", "did you mean KUBEVIGIL_LOG__LEVEL?"},
      {"KUBEVIGIL_STATE__MEMORY", "1G", "KUBEVIGIL_STATE__MEMORY:1:1: error: state.memory: expected a size"},
      {"KUBEVIGIL_OUTPUTS__7__ENCODING", "text", "names no key"},
      {"KUBEVIGIL_OUTPUTS__0__HTTP__BEARER", "x", "names no key"},
      {"KUBEVIGIL_PORT", "tcp://10.0.0.1:9443", ""},
      {"KUBEVIGIL_PORT_9443_TCP_ADDR", "10.0.0.1", ""},
      {"KUBEVIGIL_SERVICE_PORT_HTTPS", "9443", ""},
      {"KUBEVIGIL_WEBHOOK_SERVICE_HOST", "10.0.0.1", ""},
      {"PATH", "/bin", ""},
  };
  for (const Case& c : cases) {
    const std::string said = all(checked(config_text(""), {{c.name, c.value}}));
    EXPECT_THAT(said, c.expected.empty() ? testing::Matcher<std::string>(IsEmpty()) : HasSubstr(c.expected)) << c.name;
  }
}

}  // namespace
}  // namespace kubevigil
