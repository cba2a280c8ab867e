// `kubevigil sinks test`: what is said about each way in which an output can fail, and that no secret is said.
#include "engine/app/sink_trial.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/app/config_load.h"
#include "engine/run/framing.h"
#include "outputs/registry.h"
#include "tests/net/scripted_server.h"
#include "tests/support/certificates.h"
#include "tests/support/consumers.h"
#include "tests/support/daemon.h"

namespace kubevigil {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// The one output of a configuration that says so.
OutputConfig output(const std::string& yaml, const std::string& folder = "/") {
  const std::string text =
      "data: /data\ninputs: {tail: [{path: /var/log/audit.log, cluster: prod}]}\noutputs: [" + yaml + "]\n";
  const LoadedConfig loaded = load_config_text(text, "c.yaml", {folder, "host", {}});
  EXPECT_FALSE(loaded.diagnostics.has_errors()) << render(loaded.diagnostics, loaded.sources);
  return loaded.config.outputs.at(0);
}

Trial attempt(const OutputConfig& config) {
  return try_output(config, "kubevigil-0", Level::High, posix_disk(), system_env());
}

std::string http(uint16_t port, const std::string& encoding, const std::string& more = "") {
  return fmt::format("{{name: soc, transport: http, encoding: {}, http: {{url: \"http://127.0.0.1:{}/in\"{}}}}}",
                     encoding, port, more);
}

struct AnswerRow {
  int status;
  const char* body;
  bool delivered;
  const char* words;
};

TEST(SinkTrial, SaysInPlainWordsWhatTheServerAnswered) {
  const AnswerRow kRows[] = {
      {200, "ok", true, "accepted by the server (HTTP 2xx), id "},
      {302, "", false, "redirects are never followed"},
      {400, "no priority", false, "HTTP 400: no priority\n  The server does not understand the body"},
      {401, "", false, "does not know the credential"},
      {403, "", false, "look at its rights"},
      {404, "", false, "look at the path of the url"},
      {429, "", false, "busy"},
      {500, "oops", false, "HTTP 500: oops\n  The server is out of order"},
  };
  for (const AnswerRow& row : kRows) {
    std::string request;
    const ScriptedServer server({[&](Wire& wire) {
      request = wire.read_until("}}");
      wire.write(fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n{}", row.status, std::string(row.body).size(),
                             row.body));
    }});
    const Trial trial = attempt(output(http(server.port(), "falco")));
    EXPECT_EQ(trial.delivered, row.delivered) << row.status;
    EXPECT_THAT(trial.words, HasSubstr(row.words)) << row.status;
    EXPECT_THAT(trial.words, StartsWith(row.delivered ? "accepted" : "not delivered: ")) << row.status;
    EXPECT_THAT(request, HasSubstr("TEST: kubevigil can reach this receiver")) << row.status;
  }
}

TEST(SinkTrial, EachDocumentOfABulkIsJudged) {
  const ScriptedServer server({[&](Wire& wire) {
    wire.read_until("}}\n");
    const std::string body =
        R"({"errors":true,"items":[{"create":{"status":400,"error":{"type":"mapping","reason":"bad"}}}]})";
    wire.write(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
  }});
  const Trial trial = attempt(output(http(server.port(), "es-bulk")));
  EXPECT_FALSE(trial.delivered);
  EXPECT_THAT(trial.words, AllOf(HasSubstr("mapping"), HasSubstr("dead-letter file at once")));
}

TEST(SinkTrial, ConnectionsThatFail) {
  const Trial nobody = attempt(output(http(test::free_port(), "falco")));
  EXPECT_THAT(nobody.words, HasSubstr("Nobody listens there"));
  const Trial nameless = attempt(output(
      "{name: soc, transport: http, encoding: falco, http: {url: \"http://no.such.name.invalid/\", timeout: 60s}}"));
  EXPECT_THAT(nameless.words, AllOf(HasSubstr("no.such.name.invalid"), HasSubstr("resolver")));
  const ScriptedServer plain({[](Wire& wire) { wire.write("this is not TLS\r\n\r\n"); }});
  const Trial no_tls = attempt(output(fmt::format(
      "{{name: soc, transport: http, encoding: falco, http: {{url: \"https://127.0.0.1:{}/in\"}}}}", plain.port())));
  EXPECT_FALSE(no_tls.delivered);
  EXPECT_THAT(no_tls.words, HasSubstr("trust is not"));
}

TEST(SinkTrial, AFileIsTestedBesideItself) {
  const TestFolder folder;
  const std::string path = folder.write("alerts.jsonl", "{}\n");
  const Trial trial = attempt(output(fmt::format("{{name: archive, transport: file, file: {{path: {}}}}}", path)));
  EXPECT_TRUE(trial.delivered) << trial.words;
  EXPECT_FALSE(std::filesystem::exists(path + ".test"));
  EXPECT_EQ(std::filesystem::file_size(path), 3u);
  const std::string deep = folder.path("new/folders/alerts.jsonl");
  EXPECT_TRUE(attempt(output(fmt::format("{{name: archive, transport: file, file: {{path: {}}}}}", deep))).delivered);
  EXPECT_FALSE(std::filesystem::exists(folder.path("new"))) << "made as root, it would be of no use to serve";
  const Trial nowhere = attempt(output("{name: archive, transport: file, file: {path: /proc/no/alerts}}"));
  EXPECT_FALSE(nowhere.delivered);
  EXPECT_THAT(nowhere.words, HasSubstr("/proc/no"));
}

// The file itself is not written, so it has to be looked at; and what is called PATH.test may be somebody's.
TEST(SinkTrial, AFileThatServeCouldNotUseFails) {
  const TestFolder folder;
  const auto words = [&](const std::string& path) {
    const Trial trial = attempt(output(fmt::format("{{name: archive, transport: file, file: {{path: {}}}}}", path)));
    EXPECT_FALSE(trial.delivered) << path << " " << trial.words;
    return trial.words;
  };
  std::filesystem::create_directory(folder.path("folder"));
  EXPECT_THAT(words(folder.path("folder")), HasSubstr("is a folder"));
  EXPECT_THAT(words("/dev/null"), HasSubstr("is no file"));
  std::filesystem::create_symlink("alerts", folder.path("link"));
  EXPECT_THAT(words(folder.path("link")), HasSubstr("symbolic link"));
  const std::string other = folder.write("alerts.test", "mine\n");
  EXPECT_THAT(words(folder.path("alerts")), HasSubstr("alerts.test is there already"));
  EXPECT_EQ(std::filesystem::file_size(other), 5u);
}

TEST(SinkTrial, TheNewWordsOfAnOutputReachItsEncoding) {
  std::string request;
  const ScriptedServer server({[&](Wire& wire) {
    request = wire.read_until("}}");
    wire.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  }});
  const std::string few = http(server.port(), "falco");
  EXPECT_TRUE(attempt(output(few.substr(0, few.size() - 1) + ", fields: minimal}")).delivered);
  EXPECT_THAT(request, AllOf(HasSubstr("kv.rule.name"), Not(HasSubstr("kv.alert.id"))));
  const ScriptedServer alertmanager({[](Wire& wire) {
    wire.read_until("}\n]\n");
    wire.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  }});
  const std::string short_lived = http(alertmanager.port(), "alertmanager");
  EXPECT_THAT(attempt(output(short_lived.substr(0, short_lived.size() - 1) + ", expiry: 90m}")).words,
              HasSubstr("ends by itself within 90m"));
}

TEST(SinkTrial, CanariesAreNeverSaid) {
  const TestFolder folder;
  const std::string key = folder.write("key", "canary-hmac-key"), token = folder.write("token", "canary-token-file"),
                    url = folder.path("url");
  for (const int status : {200, 400, 500}) {
    const ScriptedServer server({[&](Wire& wire) {
      const std::string request = wire.read_until("}}");
      wire.write(fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n{}", status, request.size(), request));
    }});
    folder.write("url", fmt::format("http://127.0.0.1:{}/canary-path-of-url", server.port()));
    const OutputConfig config = output(fmt::format(
        "{{name: soc, transport: http, encoding: slack, http: {{url: {{file: {}}}, bearer: {{file: {}}}, hmac: {{file: "
        "{}}}, headers: {{X-Key: canary-in-header}}}}}}",
        url, token, key));
    const Trial trial = attempt(config);
    EXPECT_THAT(trial.words, Not(HasSubstr("canary"))) << trial.words;
    EXPECT_THAT(destination(config), Not(HasSubstr("canary")));
  }
  folder.write("url", "not a url canary");
  const Trial wrong =
      attempt(output(fmt::format("{{name: soc, transport: http, encoding: slack, http: {{url: {{file: {}}}}}}}", url)));
  EXPECT_THAT(wrong.words, AllOf(HasSubstr("output soc: "), Not(HasSubstr("canary"))));
}

// The test alert has to be good for every consumer.
TEST(SinkTrial, ItsAlertIsTakenByAll) {
  const Alert alert = trial_alert("kubevigil-0", Level::Low, system_env());
  EncodingOptions options;
  options.revisions = true;
  options.env = &system_env();
  const auto body = [&](const char* name) {
    const auto encoding = make_encoding(name, options);
    EXPECT_TRUE(encoding->wants(alert)) << name;
    return bodies(*encoding, encoding->format().framing, {&alert, 1}).at(0).body;
  };
  EXPECT_THAT(test::falcosidekick_problems(body("falco")), IsEmpty());
  EXPECT_THAT(test::alertmanager_problems(body("alertmanager")), IsEmpty());
  EXPECT_THAT(test::slack_problems(body("slack")), IsEmpty());
  EXPECT_THAT(test::ocsf_problems(body("ocsf")), IsEmpty());
  EXPECT_THAT(test::ecs_problems(body("ecs")), IsEmpty());
  EXPECT_THAT(test::es_bulk_problems(body("es-bulk")), IsEmpty());
}

}  // namespace
}  // namespace kubevigil
