#include "engine/app/config_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "engine/base/text.h"
#include "outputs/transport_registry.h"
#include "tests/support/certificates.h"
#include "tests/support/config_text.h"

namespace kubevigil {
namespace {

using test::checked;
using test::config_text;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> codes(const LoadedConfig& loaded) {
  std::vector<std::string> out;
  for (const Diagnostic& d : loaded.diagnostics.entries()) {
    out.push_back((d.severity == Severity::Error ? "" : "warning ") + d.code);
  }
  return out;
}

std::string webhook(const std::string& listen, const std::string& credentials, const std::string& more = "") {
  return "inputs: {webhook: {listen: [" + listen + "], credentials: [" + credentials + "]" + more + "}}\n";
}

TEST(ConfigCheck, KeysAgainstEachOther) {
  const std::string tls = "{address: \"0.0.0.0:9443\", tls: {certificate: c, key: k, client-authorities: a}}";
  const std::string plain_tls = "{address: \"0.0.0.0:9443\", tls: {certificate: c, key: k}}";
  const std::string local = "{address: \"127.0.0.1:9443\"}";
  const std::string token = "{name: t, token-file: t, clusters: [c]}";
  const std::string named = "{name: n, common-name: n, clusters: [c]}";
  const auto http = [](const std::string& more) {
    return "outputs: [{name: a, transport: http, http: {url: \"http://x/\"}" + more + "}]\n";
  };
  struct Case {
    std::string more;
    std::vector<std::string> expected;
  };
  const Case cases[] = {
      {"", {}},
      {"outputs: [{name: a, transport: stdout, filter: {clusters: [PROD, p*]}}]\n", {}},
      {"outputs: [{name: a, transport: stdout, filter: {clusters: [prod, lab]}}]\n", {"warning unknown-name"}},
      {webhook(local, token) + "outputs: [{name: a, transport: stdout, filter: {clusters: [c]}}]\n", {}},
      {"outputs: [{name: a, transport: htp, http: {url: \"http://x/\"}}]\n", {"bad-value"}},
      {"outputs: x\n", {"bad-value"}},
      {"inputs: {}\n", {"no-input"}},
      {"outputs: []\n", {"warning no-output"}},
      {"rules: {builtin: false}\n", {"no-rules"}},
      {"redact: off\n", {"warning exposed"}},
      {"redact: off\nredact-key-file: k\n", {"warning exposed", "warning unused"}},
      {"admin: {listen: \"0.0.0.0:9442\"}\n", {"exposed"}},
      {"admin: {listen: \"0.0.0.0:9442\", token-file: t}\n", {"warning exposed"}},
      {"admin: {listen: \"0.0.0.0:9442\", token-file: t, tls: {certificate: c, key: k}}\n", {}},
      {"admin: {listen: \"127.0.0.1:9442\", tls: {certificate: c}}\n", {"missing-key"}},
      {"admin: {listen: \"[::1]:9442\"}\n", {}},
      // listeners
      {webhook(tls, named), {}},
      {webhook(local, token), {}},
      {webhook("{address: \"0.0.0.0:9443\"}", token), {"insecure-listener"}},
      {webhook("{address: \"[::]:9443\"}", token), {"insecure-listener"}},
      {webhook("{address: \"10.1.2.3:9443\", insecure: true}", token), {}},
      {webhook("{address: \"127.9.9.9:9443\"}", token), {}},
      {webhook("{address: \"127.0.0.1:1\", tls: {certificate: c, key: k}, insecure: true}", token), {"warning unused"}},
      {webhook("{address: \"127.0.0.1:1\", tls: {certificate: c}}", token), {"missing-key"}},
      {webhook("{address: \"127.0.0.1:1\", tls: {key: k}}", token), {"missing-key"}},
      {webhook(local + ", " + local, token), {"same-address"}},
      {webhook(local + ", " + plain_tls, token), {"same-address"}},
      {webhook("{address: \"127.0.0.1:9442\"}", token), {"same-address"}},
      {webhook("{address: \"127.0.0.1:0\"}, {address: \"127.0.0.1:0\"}", token), {}},
      {webhook("", token), {"missing-key"}},
      // credentials
      {webhook(local, ""), {"missing-key"}},
      {webhook(plain_tls, named), {"credential"}},
      {webhook(tls, "{name: n, clusters: [c]}"), {"credential"}},
      {webhook(tls, "{name: n, token-file: t, common-name: n, clusters: [c]}"), {"credential"}},
      {webhook(tls, "{name: n, token-file: t}"), {"missing-key"}},
      {webhook(tls, "{name: n, token-file: t, clusters: []}"), {"bad-value"}},
      {webhook(tls, "{name: n, token-file: t, authorities: a, clusters: [c]}"), {"credential"}},
      {webhook(tls, "{name: n, anonymous: true, clusters: [c]}"), {"credential"}},
      {webhook(local, "{name: n, anonymous: true, clusters: [c]}"), {}},
      {webhook(tls, token + ", " + token), {"duplicate-name"}},
      {webhook(tls, token, ", formats: [native, any]"), {"bad-value"}},
      {webhook(tls, token, ", formats: []"), {"bad-value"}},
      {webhook(tls, token, ", formats: [nativ]"), {"bad-value"}},
      {webhook(tls, token, ", formats: [native, event-hubs, fluent-bit log stream=stdout]"), {}},
      {webhook(tls, token, ", formats: [fluent-bit]"), {"bad-value"}},
      {webhook(tls, token, ", formats: [native log]"), {"bad-value"}},
      {webhook(tls, token, ", slack: 10m"), {"warning order"}},
      // tails
      {"inputs: {tail: [{path: a.log, cluster: a}, {path: b.log, cluster: a}]}\n", {}},
      {"inputs: {tail: [{path: a.log, cluster: a}, {path: a.log, cluster: b}]}\n", {"overlap"}},
      {"inputs: {tail: [{path: a.log, cluster: a}, {path: x/../a.log, cluster: b}]}\n", {"overlap"}},
      {"inputs: {tail: [{path: a.log, cluster: a}, {path: a.log.1, cluster: b}]}\n", {"warning overlap", "overlap"}},
      {"inputs: {tail: [{path: audit.log, cluster: a}]}\n"
       "outputs: [{name: a, transport: file, file: {path: audit.log}}]\n",
       {"overlap"}},
      // outputs
      {http(""), {}},
      {http(", retry: {first: 10m}"), {"order"}},
      {http(", encoding: table"), {"bad-value"}},
      {"outputs: [{name: a, transport: http}]\n", {"transport"}},
      {"outputs: [{name: a, transport: file}]\n", {"transport"}},
      {"outputs: [{name: a, transport: syslog}]\n", {"transport"}},
      {"outputs: [{name: a, transport: stdout, file: {path: a}}]\n", {"warning unused"}},
      {"outputs: [{name: a, transport: stdout}, {name: a, transport: file, file: {path: f}}]\n", {"duplicate-name"}},
      {"outputs: [{name: a, transport: stdout}, {name: b, transport: stdout, encoding: text}]\n", {"overlap"}},
      {"outputs: [{name: a, transport: file, file: {path: f}}, {name: b, transport: file, file: {path: f}}]\n",
       {"overlap"}},
      {"outputs: [{name: a, transport: file, file: {path: f}, dead-letter: f}]\n", {"overlap"}},
      {"outputs: [{name: a, transport: http, http: {url: \"http://x/\", tls: {certificate: c}}}]\n", {"tls-half"}},
      {"outputs: [{name: a, transport: http, http: {url: \"http://x/\", tls: {key: c}}}]\n", {"tls-half"}},
      {"outputs: [{name: a, transport: syslog, syslog: {address: \"x:1\", protocol: tcp, tls: {}}}]\n", {"transport"}},
      {"outputs: [{name: a, transport: syslog, encoding: alertmanager, syslog: {address: \"x:1\"}}]\n", {"encoding"}},
      {"outputs: [{name: a, transport: syslog, encoding: es-bulk, syslog: {address: \"x:1\"}}]\n", {"encoding"}},
      {"outputs: [{name: a, transport: syslog, encoding: ocsf, syslog: {address: \"x:1\"}}]\n", {}},
      {"outputs: [{name: a, transport: stdout, encoding: alertmanager}]\n", {"encoding"}},
      {"outputs: [{name: a, transport: stdout, encoding: falco}]\n", {}},
      {"outputs: [{name: a, transport: file, file: {path: f}}, {name: b, transport: file, file: {path: f.3}}]\n",
       {"overlap"}},
      {"outputs: [{name: a, transport: file, file: {path: f.3}}, {name: b, transport: file, file: {path: f}}]\n",
       {"overlap"}},
      {"outputs: [{name: a, transport: file, file: {path: f}}, {name: b, transport: file, file: {path: f.b}}]\n", {}},
      {"outputs: [{name: a, transport: file, file: {path: data/alerts.jsonl}}]\n", {}},
      {"outputs: [{name: a, transport: file, file: {path: data/journal/alerts.jsonl}}]\n", {"overlap"}},
      {"outputs: [{name: a, transport: file, file: {path: data/lock}}]\n", {"overlap"}},
      {http(", link: \"https://x/#/alerts/\""), {}},
      {http(", link: \"https://x/a?id=\""), {}},
      {http(", link: x/alerts/"), {"bad-value"}},
      {http(", link: \"https://x/a|b\""), {"bad-value"}},
      {http(", link: \"https://x/a b\""), {"bad-value"}},
      {http(", encoding: falco, fields: minimal"), {}},
      {http(", fields: minimal"), {"warning unused"}},
      {http(", encoding: alertmanager, expiry: 1h"), {}},
      {http(", expiry: 1h"), {"warning unused"}},
      {"outputs: [{name: a, transport: http, encoding: ocsf, http: {url: \"http://x/\", body: single}}]\n", {}},
      {"outputs: [{name: a, transport: http, encoding: falco, http: {url: \"http://x/\", body: array}}]\n",
       {"encoding"}},
      {"outputs: [{name: a, transport: http, encoding: falco, http: {url: \"http://x/\", gzip: true}}]\n",
       {"warning encoding"}},
      {"outputs: [{name: a, transport: http, http: {url: \"http://x/\", gzip: true}}]\n", {}},
      {"outputs: [{name: a, transport: http, encoding: es-bulk, http: {url: \"http://x/_bulk?filter_path=a\"}}]\n", {}},
      {"outputs: [{name: a, transport: http, encoding: es-bulk, http: {url: \"http://x/\"}}]\n", {"warning encoding"}},
      {"outputs: [{name: a, transport: http, http: {url: \"http://x/\", bearer: {file: t}}}]\n", {"warning exposed"}},
      {"outputs: [{name: a, transport: http, http: {url: \"https://x/\", bearer: {file: t}}}]\n", {}},
      {"outputs: [{name: a, transport: http, http: {url: \"http://localhost/\", bearer: {file: t}}}]\n", {}},
      {"outputs: [{name: a, transport: http, http: {url: \"http://x/\", headers: {A: {env: B}}}}]\n",
       {"warning exposed"}},
      {"outputs: [{name: a, transport: http, http: {url: \"http://x/\", headers: {A: b}}}]\n", {}},
      {"outputs: [{name: a, transport: syslog, syslog: {address: \"x:1\", protocol: udp}}]\n", {"warning encoding"}},
      {"outputs: [{name: a, transport: syslog, encoding: cef, syslog: {address: \"x:1\", protocol: udp}}]\n", {}},
  };
  for (const Case& c : cases) {
    const LoadedConfig loaded = checked(config_text(c.more));
    EXPECT_THAT(codes(loaded), testing::UnorderedElementsAreArray(c.expected))
        << c.more << render(loaded.diagnostics, loaded.sources);
  }
}

TEST(ConfigCheck, TheRegistryHasTheTransportsInTheOrderOfTheConfiguration) {
  const std::pair<TransportKind, std::string_view> rows[] = {{TransportKind::Stdout, "stdout"},
                                                             {TransportKind::File, "file"},
                                                             {TransportKind::Http, "http"},
                                                             {TransportKind::Syslog, "syslog"},
                                                             {TransportKind::Kafka, "kafka"}};
  EXPECT_EQ(transports().size(), std::size(rows));
  for (const auto& [kind, name] : rows) EXPECT_EQ(transports()[static_cast<size_t>(kind)].name, name);
}

TEST(ConfigCheck, TheFilesItNames) {
  const TestFolder folder;
  const TestCertificate authority = make_certificate({.common_name = "ca", .authority = true});
  const TestCertificate server = make_certificate({.common_name = "kv"}, &authority);
  const TestCertificate old = make_certificate({.common_name = "kv", .begins_in = -7200, .ends_in = -3600}, &authority);
  folder.write("ca.pem", authority.certificate);
  folder.write("s.pem", server.certificate);
  folder.write("s.key", server.key);
  folder.write("old.pem", old.certificate);
  folder.write("old.key", old.key);
  folder.write("token", "abcdefghijklmnopqrstuvwxyz\n");
  folder.write("empty", "\n");
  folder.write("audit.log", "");
  std::filesystem::create_symlink("token", folder.path("link"));
  const auto tls = [](const std::string& certificate, const std::string& key, const std::string& authorities) {
    return webhook("{address: \"0.0.0.0:9443\", tls: {certificate: " + certificate + ", key: " + key +
                       ", client-authorities: " + authorities + "}}",
                   "{name: t, token-file: token, clusters: [c]}");
  };
  struct Case {
    std::string more, expected;
  };
  const auto filter = [](const std::string& text) {
    return "outputs: [{name: a, transport: stdout, filter: " + text + "}]\n";
  };
  const Case cases[] = {
      {"", ""},
      {filter("{rules: [privileged_pod_created, KUBEVIGIL_*, \"8?*\"], not-rules: [kubevigil_disk_full]}"), ""},
      {filter("{rules: [privileged_pods_created]}"),
       "warning: outputs[0].filter.rules: there is no rule \"privileged_pods_created\""},
      {filter("{rules: [privileged_pods_created]}"), "did you mean privileged_pod_created?"},
      {filter("{not-rules: [\"crypto*\"]}"), "outputs[0].filter.not-rules: there is no rule \"crypto*\""},
      {tls("s.pem", "s.key", "ca.pem"), ""},
      {tls("s.pem", "old.key", "ca.pem"), "inputs.webhook.listen[0].tls:"},
      {tls("old.pem", "old.key", "ca.pem"), "expired"},
      {tls("s.pem", "s.key", "token"), "inputs.webhook.listen[0].tls:"},
      {tls("nowhere.pem", "s.key", "ca.pem"), "nowhere.pem cannot be read: No such file or directory"},
      {webhook("{address: \"127.0.0.1:1\"}", "{name: t, token-file: empty, clusters: [c]}"),
       "inputs.webhook.credentials[0].token-file"},
      {"inputs: {tail: [{path: not-yet.log, cluster: a}]}\n", "warning: inputs.tail[0].path"},
      {"inputs: {tail: [{path: ., cluster: a}]}\n", "is a folder, expected a file"},
      {"redact-key-file: empty\n", "holds 1 bytes, a key wants at least 16"},
      {"rules: {paths: [nowhere]}\n", "rules.paths"},
      {"outputs: [{name: a, transport: http, http: {url: \"http://x/\", bearer: {file: empty}}}]\n",
       "outputs[0].http.bearer"},
      {"outputs: [{name: a, transport: http, http: {url: \"http://x/\", bearer: {env: KV_NOT_SET}}}]\n",
       "the environment variable KV_NOT_SET is not set"},
      {"outputs: [{name: a, transport: http, http: {url: \"https://x/\", tls: {authorities: token}}}]\n",
       "outputs[0].http.tls"},
      {"outputs: [{name: a, transport: file, file: {path: token/f}}]\n", "is no folder"},
      {"outputs: [{name: a, transport: file, file: {path: .}}]\n", "is a folder, expected a file"},
      {"outputs: [{name: a, transport: file, file: {path: link}}]\n", "link is a symbolic link"},
      {"outputs: [{name: a, transport: file, file: {path: /dev/null}}]\n", "there is transport: stdout"},
      {"outputs: [{name: a, transport: file, file: {path: token}}]\n", ""},
  };
  for (const Case& c : cases) {
    LoadedConfig loaded = load_config_text(config_text(c.more), "kubevigil.yaml", {folder.path(""), "node1", {}});
    check_config(loaded);
    ASSERT_FALSE(loaded.diagnostics.has_errors()) << c.more << render(loaded.diagnostics, loaded.sources);
    check_config_files(loaded, system_env());
    const std::string said = render(loaded.diagnostics, loaded.sources);
    LoadedConfig serving = load_config_text(config_text(c.more), "kubevigil.yaml", {folder.path(""), "node1", {}});
    check_config_files(serving, system_env(), FileProblems::OutputsOnlyWarn);
    EXPECT_EQ(serving.diagnostics.has_errors(), loaded.diagnostics.has_errors() && !c.more.starts_with("outputs"))
        << c.more;
    EXPECT_THAT(said, c.expected.empty() ? testing::Matcher<std::string>(IsEmpty()) : HasSubstr(c.expected)) << c.more;
  }
}

// Among several, each problem stands under the value that it is about.
TEST(ConfigCheck, ABadFileOfACredentialIsShownAtItsOwnPlace) {
  const TestFolder folder;
  folder.write("good", "abcdefghijklmnopqrstuvwxyz\n");
  folder.write("same", "0123456789abcdef\nabcdefghijklmnopqrstuvwxyz\n");
  folder.write("short", "abc\n");
  const std::string text = config_text(R"(inputs:
  webhook:
    listen: [{address: "127.0.0.1:1"}]
    credentials:
      - {name: a, token-file: good, clusters: [a]}
      - {name: b, token-file: short, clusters: [b]}
      - {name: c, token-file: same, clusters: [c]}
      - {name: d, token-file: short, clusters: [d]}
)");
  LoadedConfig loaded = load_config_text(text, "kubevigil.yaml", {folder.path(""), "node1", {}});
  check_config_files(loaded, system_env());
  std::vector<std::string> shown;
  for (const Diagnostic& d : loaded.diagnostics.entries()) {
    const std::string line(split(text, '\n')[d.span.line - 1]);
    EXPECT_EQ(line.substr(d.span.column - 1, 5), line.substr(line.find("-file: ") + 7, 5)) << d.message;
    shown.push_back(line.substr(line.find("name: ") + 6, 1) + ": " + d.message);
  }
  EXPECT_THAT(shown, testing::ElementsAre(
                         AllOf(StartsWith("b: "), HasSubstr("credentials[1].token-file: "), HasSubstr("a token has")),
                         AllOf(StartsWith("c: "), HasSubstr("credentials[2].token-file: "),
                               HasSubstr("holds a token of a too")),
                         AllOf(StartsWith("d: "), HasSubstr("credentials[3].token-file: "), HasSubstr("a token has"))));
}

}  // namespace
}  // namespace kubevigil
