// Outputs put together by name: which encoding goes over which transport, and that no secret is said anywhere.
#include "outputs/transport_registry.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "engine/base/text.h"
#include "outputs/registry.h"
#include "tests/net/scripted_server.h"
#include "tests/support/certificates.h"
#include "tests/support/random_alert.h"
#include "tests/support/source_file.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;
using testing::Not;

OutputOptions options_for(const TestFolder& folder, std::string_view transport, std::string_view encoding) {
  OutputOptions options;
  options.name = "soc";
  options.transport = transport;
  options.encoding = encoding;
  options.http.url = Secret("http://127.0.0.1:1/in");
  options.file.path = folder.path("alerts");
  options.syslog.wire = SyslogWire::Udp;
  options.syslog.host = "127.0.0.1";
  return options;
}

Result<OpenOutput> open(const OutputOptions& options) { return open_output(options, "", posix_disk(), system_env()); }

std::string error_of(const OutputOptions& options) {
  const auto opened = open(options);
  return opened ? "" : opened.error().message;
}

TEST(TransportRegistry, ReadmeListsWhatGoesOverWhat) {
  std::ifstream in(test::source_file("outputs/README.md"));
  const std::string readme{std::istreambuf_iterator<char>(in), {}};
  const TestFolder folder;
  std::string table = "| transport | what | encodings |\n|---|---|---|\n";
  for (const TransportRow& transport : transports()) {
    std::string names;
    for (const EncodingRow& encoding : encodings()) {
      if (!open(options_for(folder, transport.name, encoding.name))) continue;
      names += (names.empty() ? "" : ", ") + std::string(encoding.name);
    }
    table += fmt::format("| {} | {} | {} |\n", transport.name, transport.help, names);
  }
  EXPECT_NE(readme.find(table), std::string::npos) << "the table should be\n" << table;
}

TEST(TransportRegistry, EveryOpenPairFramesItsRecordsAsItsTransportNeedsThem) {
  const TestFolder folder;
  const std::vector<Alert> alerts = {test::random_alert(1), test::random_alert(2)};
  for (const TransportRow& transport : transports()) {
    for (const EncodingRow& row : encodings()) {
      const auto opened = open(options_for(folder, transport.name, row.name));
      if (!opened) continue;
      const std::string pair = fmt::format("{} over {}", row.name, transport.name);
      const auto messages = bodies(*opened->connection.encoding, opened->framing, alerts, opened->limits);
      ASSERT_FALSE(messages.empty()) << pair;
      const std::string& body = messages[0].body;
      const auto lines = std::count(body.begin(), body.end(), '\n');
      if (transport.name == "syslog") {
        EXPECT_EQ(lines, 0) << pair;
        EXPECT_EQ(messages.size(), 2u) << pair;
      }
      if (transport.name == "file" || transport.name == "stdout") {
        EXPECT_EQ(lines, row.name == "es-bulk" ? 4 : 2) << pair;
        EXPECT_EQ(body.back(), '\n') << pair;
      }
      // Whoever reads a topic reads it again himself.
      EXPECT_EQ(opened->connection.reminders != nullptr, row.name == "alertmanager" && transport.name != "kafka")
          << pair;
    }
  }
}

TEST(TransportRegistry, HttpCarriesJsonAsItIsAsked) {
  const TestFolder folder;
  const std::vector<Alert> alerts = {test::random_alert(1), test::random_alert(2)};
  struct Row {
    const char* encoding;
    Framing framing;
    size_t messages;
    const char *begin, *type;
  };
  const Row rows[] = {{"ocsf", Framing::Single, 2, "{", "application/json"},
                      {"ocsf", Framing::Array, 1, "[\n{", "application/json"},
                      {"json", Framing::Lines, 1, "{", "application/x-ndjson"},
                      {"jsonl", Framing::Single, 2, "{", "application/json"},
                      {"falco", Framing::Single, 2, "{", "application/json"}};
  for (const Row& row : rows) {
    OutputOptions options = options_for(folder, "http", row.encoding);
    options.http.framing = row.framing;
    const auto opened = open(options);
    ASSERT_TRUE(opened) << opened.error().message;
    const auto messages = bodies(*opened->connection.encoding, opened->framing, alerts, opened->limits);
    ASSERT_EQ(messages.size(), row.messages) << row.encoding;
    EXPECT_TRUE(messages[0].body.starts_with(row.begin)) << row.encoding << messages[0].body;
    EXPECT_EQ(messages[0].content_type, row.type) << row.encoding;
  }
  OutputOptions fixed = options_for(folder, "http", "alertmanager");
  fixed.http.framing = Framing::Single;
  EXPECT_EQ(error_of(fixed), "output soc: the encoding alertmanager goes over http as array only");
}

TEST(TransportRegistry, WrongNamesAndPairsAreSaid) {
  const TestFolder folder;
  EXPECT_EQ(error_of(options_for(folder, "smoke", "text")), "output soc: there is no transport smoke");
  EXPECT_EQ(error_of(options_for(folder, "http", "smoke")), "output soc: there is no encoding smoke");
  EXPECT_EQ(error_of(options_for(folder, "http", "csv")),
            "output soc: the encoding csv does not go over http: it is for whole documents, not for messages");
  EXPECT_THAT(error_of(options_for(folder, "file", "alertmanager")), HasSubstr("http can carry it"));
  EXPECT_THAT(error_of(options_for(folder, "syslog", "es-bulk")), HasSubstr("not one line an alert"));
  OutputOptions no_host = options_for(folder, "syslog", "text");
  no_host.syslog.host.clear();
  EXPECT_THAT(error_of(no_host), HasSubstr("output soc: "));
}

// A server that repeats everything it was sent, in each of the ways in which an answer ends up in a message.
TEST(TransportRegistry, CanariesAreInNoReason) {
  for (const int status : {200, 302, 400, 401, 404, 429, 500}) {
    ScriptedServer server({[&](Wire& wire) {
      std::string request = wire.read_until("\r\n\r\n");
      const std::string body = std::string(250, ' ') + request;
      wire.write(fmt::format("HTTP/1.1 {} X\r\nLocation: {}\r\nContent-Length: {}\r\n\r\n{}", status,
                             "/canary-path-in-url", body.size(), body));
    }});
    const TestFolder folder;
    OutputOptions options = options_for(folder, "http", "jsonl");
    options.http.url = Secret(fmt::format("http://127.0.0.1:{}/hook/canary-path-in-url?k=canary", server.port()));
    options.http.url_is_secret = true;
    options.http.headers = {{"X-Api-Key", Secret("canary-header")}};
    options.http.bearer_file = folder.write("token", "canary-bearer-token\n");
    options.http.signature_key = Secret("canary-signature-key");
    auto opened = open(options);
    ASSERT_TRUE(opened) << opened.error().message;
    const Delivery sent = opened->connection.transport->send({"{}\n", "application/json", {}});
    EXPECT_THAT(sent.reason, Not(HasSubstr("canary"))) << status;
    EXPECT_EQ(sent.kind == Delivery::Kind::Delivered, status == 200);
  }
}

TEST(TransportRegistry, CanariesAreInNoErrorAtTheStart) {
  const TestFolder folder;
  const auto errors = [&](const std::function<void(HttpOutput&)>& change) {
    OutputOptions options = options_for(folder, "http", "jsonl");
    change(options.http);
    const std::string error = error_of(options);
    EXPECT_NE(error, "");
    return error;
  };
  for (const char* url : {"ftp://canary/x", "http://user:canary@host/", "http://host:canary/", "canary",
                          "http://h/ canary", "http://h/#canary",
                          "http://h/\xe2\x80\xae"
                          "canary"}) {
    EXPECT_THAT(errors([&](HttpOutput& http) { http.url = Secret(url); }), Not(HasSubstr("canary"))) << url;
  }
  EXPECT_THAT(errors([](HttpOutput& http) {
                http.headers = {{"X-Key", Secret("canary\r\nX: y")}};
              }),
              Not(HasSubstr("canary")));
  const std::string token = folder.write("token", "canary\ncanary");
  EXPECT_THAT(errors([&](HttpOutput& http) { http.bearer_file = token; }), Not(HasSubstr("canary")));
  EXPECT_THAT(errors([](HttpOutput& http) { http.bearer = Secret("canary\ncanary"); }), Not(HasSubstr("canary")));
}

}  // namespace
}  // namespace kubevigil
