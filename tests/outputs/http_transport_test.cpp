// HttpTransport against servers in this process: what is sent, and what is made of each answer.
#include "outputs/http_transport.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/hash.h"
#include "engine/codec/decompress.h"
#include "engine/run/framing.h"
#include "outputs/http_answer.h"
#include "outputs/registry.h"
#include "tests/net/scripted_server.h"
#include "tests/support/certificates.h"
#include "tests/support/consumers.h"
#include "tests/support/random_alert.h"

namespace kubevigil {
namespace {

using Kind = Delivery::Kind;
using testing::HasSubstr;
using testing::IsEmpty;

struct Request {
  std::string head, body;
};

Request read_request(Wire& wire) {
  std::string text = wire.read_until("\r\n\r\n");
  const size_t end = text.find("\r\n\r\n") + 4;
  constexpr std::string_view kLength = "Content-Length: ";
  const size_t size = std::stoul(text.substr(text.find(kLength) + kLength.size()));
  while (text.size() < end + size && wire.read_more(text)) continue;
  return {text.substr(0, end), text.substr(end)};
}

std::string answer(int status, const std::string& body, const std::string& headers = "") {
  return fmt::format("HTTP/1.1 {} X\r\n{}Content-Length: {}\r\n\r\n{}", status, headers, body.size(), body);
}

HttpTransportOptions options_for(uint16_t port) {
  HttpTransportOptions options;
  options.client.url = *parse_url(fmt::format("http://127.0.0.1:{}/in", port));
  options.client.connect_timeout = options.client.request_timeout = Duration::seconds(60);
  return options;
}

std::unique_ptr<HttpTransport> open(HttpTransportOptions options) {
  auto opened = HttpTransport::open(std::move(options), system_env());
  EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
  return opened ? std::move(*opened) : nullptr;
}

const Message kMessage = {R"({"a":1})", "application/json", {}};

std::string header_of(const std::string& head, const std::string& name) {
  const size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "(none)";
  const size_t begin = at + 2 + name.size() + 2;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

TEST(HttpTransport, SendsBodyHeadersTokenAndSignature) {
  const TestFolder folder;
  const std::string token_file = folder.write("token", "  first-token\n");
  std::vector<Request> seen;
  ScriptedServer server({[&](Wire& wire) {
    for (int i = 0; i < 2; ++i) {
      seen.push_back(read_request(wire));
      wire.write(answer(200, ""));
    }
  }});
  HttpTransportOptions options = options_for(server.port());
  options.headers = {{"X-Tenant", "a"}};
  options.bearer_file = token_file;
  options.signature_key = "key";
  const auto sink = open(options);
  EXPECT_EQ(sink->send(kMessage).kind, Kind::Delivered);
  folder.write("token", "second-token");
  EXPECT_EQ(sink->send(kMessage).kind, Kind::Delivered);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].body, kMessage.body);
  EXPECT_EQ(header_of(seen[0].head, "Content-Type"), "application/json");
  EXPECT_EQ(header_of(seen[0].head, "X-Tenant"), "a");
  EXPECT_EQ(header_of(seen[0].head, "Authorization"), "Bearer first-token");
  EXPECT_EQ(header_of(seen[1].head, "Authorization"), "Bearer second-token") << "read again";
  EXPECT_EQ(header_of(seen[0].head, "Content-Encoding"), "(none)");
  const std::string time = header_of(seen[0].head, "X-Kubevigil-Timestamp");
  EXPECT_EQ(header_of(seen[0].head, "X-Kubevigil-Signature"),
            "sha256=" + hmac_sha256_hex("key", time + "." + kMessage.body));
}

TEST(HttpTransport, CompressesAndSignsWhatItSends) {
  Request seen;
  ScriptedServer server({[&](Wire& wire) {
    seen = read_request(wire);
    wire.write(answer(204, ""));
  }});
  HttpTransportOptions options = options_for(server.port());
  options.gzip = true;
  options.signature_key = "key";
  EXPECT_EQ(open(options)->send(kMessage).kind, Kind::Delivered);
  EXPECT_EQ(header_of(seen.head, "Content-Encoding"), "gzip");
  EXPECT_EQ(unpack(seen.body, 1000)->bytes, kMessage.body);
  const std::string time = header_of(seen.head, "X-Kubevigil-Timestamp");
  EXPECT_EQ(header_of(seen.head, "X-Kubevigil-Signature"), "sha256=" + hmac_sha256_hex("key", time + "." + seen.body));
}

TEST(HttpTransport, SecretsAreInNoReason) {
  ScriptedServer server({[&](Wire& wire) {
    const Request request = read_request(wire);
    wire.write(answer(400, std::string(280, '.') + request.head));  // a server that repeats what it got
  }});
  HttpTransportOptions options = options_for(server.port());
  options.bearer = "canary-bearer-token";
  options.headers = {{"X-Api-Key", "canary-api-key"}};
  const Delivery sent = open(options)->send(kMessage);
  EXPECT_EQ(sent.kind, Kind::Refused);
  EXPECT_EQ(sent.reason.find("canary"), std::string::npos) << sent.reason;
}

TEST(HttpTransport, WrongSettingsAreSaidAtTheStart) {
  HttpTransportOptions options = options_for(1);
  options.bearer_file = "/nowhere/token";
  EXPECT_THAT(HttpTransport::open(options, system_env()).error().message, HasSubstr("/nowhere/token"));
  options.bearer_file.clear();
  options.headers = {{"X-A", "a\r\nX-B: b"}};
  EXPECT_THAT(HttpTransport::open(options, system_env()).error().message, HasSubstr("X-A"));
  const TestFolder folder;
  options.headers.clear();
  options.bearer_file = folder.write("token", " \n");
  EXPECT_THAT(HttpTransport::open(options, system_env()).error().message, HasSubstr("empty"));
}

TEST(HttpTransport, NoAnswerIsRetry) {
  ScriptedServer server({[](Wire& wire) { read_request(wire); }, [](Wire& wire) { read_request(wire); }});
  const Delivery sent = open(options_for(server.port()))->send(kMessage);
  EXPECT_EQ(sent.kind, Kind::Retry);
  EXPECT_NE(sent.reason, "");
}

// falcosidekick's rules at the other end of the wire.
TEST(HttpTransport, FalcosidekickTakesEveryAlert) {
  constexpr uint64_t kAlerts = 60;
  ScriptedServer server({[&](Wire& wire) {
    for (uint64_t i = 0; i < kAlerts; ++i) {
      const Request request = read_request(wire);
      const test::Problems problems = test::falcosidekick_problems(request.body);
      const bool typed = header_of(request.head, "Content-Type") == "application/json";
      wire.write(problems.empty() && typed ? answer(200, "ok") : answer(400, problems.empty() ? "type" : problems[0]));
    }
  }});
  const auto sink = open(options_for(server.port()));
  const auto encoding = make_encoding("falco", {});
  std::vector<Alert> alerts;
  for (uint64_t seed = 1; seed <= kAlerts; ++seed) alerts.push_back(test::random_alert(seed));
  size_t delivered = 0;
  for (const Message& message : bodies(*encoding, Framing::Single, alerts)) {
    const Delivery sent = sink->send(message);
    EXPECT_EQ(sent.reason, "");
    delivered += sent.kind == Kind::Delivered ? 1 : 0;
  }
  EXPECT_EQ(delivered, kAlerts);
}

struct AnswerRow {
  int status;
  std::string headers_value;  // of Retry-After
  Kind kind;
  int64_t wait;  // seconds
};

TEST(HttpAnswer, EachStatusHasAMeaning) {
  const AnswerRow kRows[] = {
      {200, "", Kind::Delivered, 0},
      {202, "", Kind::Delivered, 0},
      {204, "5", Kind::Delivered, 0},
      {307, "", Kind::Retry, 0},
      {400, "5", Kind::Refused, 0},
      {401, "", Kind::Retry, 0},
      {403, "", Kind::Retry, 0},
      {404, "", Kind::Retry, 0},
      {405, "", Kind::Retry, 0},
      {406, "", Kind::Retry, 0},
      {408, "", Kind::Retry, 0},
      {409, "", Kind::Refused, 0},
      {410, "", Kind::Retry, 0},
      {411, "", Kind::Retry, 0},
      {413, "", Kind::Refused, 0},
      {415, "", Kind::Retry, 0},
      {421, "", Kind::Retry, 0},
      {422, "", Kind::Refused, 0},
      {425, "", Kind::Retry, 0},
      {426, "", Kind::Retry, 0},
      {431, "", Kind::Retry, 0},
      {451, "", Kind::Retry, 0},
      {429, "30", Kind::Retry, 30},
      {429, " 30 ", Kind::Retry, 30},
      {429, "-1", Kind::Retry, 0},
      {429, "1.5", Kind::Retry, 0},
      {429, "999999999", Kind::Retry, 3600},
      {429, "99999999999999999999", Kind::Retry, 0},
      {429, "Wed, 21 Oct 2015 07:28:00 GMT", Kind::Retry, 0},
      {500, "", Kind::Retry, 0},
      {503, "7", Kind::Retry, 7},
      {599, "", Kind::Retry, 0},
  };
  for (const AnswerRow& row : kRows) {
    HttpResponse response;
    response.status = row.status;
    response.body = "why\x1b[2J";
    if (!row.headers_value.empty()) response.headers = {{"retry-after", row.headers_value}};
    const Delivery got = judge_answer(response, false, 1);
    EXPECT_EQ(got.kind, row.kind) << row.status;
    EXPECT_EQ(got.retry_after.micros, Duration::seconds(row.wait).micros) << row.status << " " << row.headers_value;
    if (row.kind != Kind::Delivered) {
      EXPECT_EQ(got.reason, fmt::format("HTTP {}: why\\x1b[2J", row.status));
    }
  }
}

std::string verdicts(const std::string& body, size_t records, bool truncated = false) {
  HttpResponse response;
  response.status = 200;
  response.body = body;
  response.truncated = truncated;
  const Delivery got = judge_answer(response, true, records);
  std::string out = got.kind == Kind::Delivered ? "delivered" : "retry";
  for (const Delivery::Item& item : got.items) {
    out += fmt::format(" {}:{}:{}", item.index, item.kind == Kind::Retry ? "retry" : "refused", item.reason);
  }
  return out;
}

TEST(HttpAnswer, ElasticsearchJudgesEachDocument) {
  EXPECT_EQ(verdicts(R"({"errors":false,"items":[{"create":{"status":201}},{"create":{"status":200}}]})", 2),
            "delivered");
  EXPECT_EQ(verdicts(R"({"took":3,"errors":true,"items":[{"create":{"_id":"a","status":201}},)"
                     R"({"create":{"status":409,"error":{"type":"version_conflict_engine_exception"}}},)"
                     R"({"create":{"status":429,"error":{"type":"es_rejected","reason":"queue full"}}},)"
                     R"({"create":{"status":400,"error":{"type":"mapper","reason":"bad\nip"}}}]})",
                     4),
            "delivered 2:retry:429 es_rejected: queue full 3:refused:400 mapper: bad\\x0aip");
  for (const char* odd : {"", "{}", "[]", "not json", R"({"items":[]})", R"({"items":[{}]})",
                          R"({"items":[{"create":{"status":"201"}}]})",
                          R"({"items":[{"create":{"status":201}},{"create":{"status":201}}]})"}) {
    EXPECT_EQ(verdicts(odd, 1), "retry") << odd;
  }
  EXPECT_EQ(verdicts(R"({"items":[{"create":{"status":201}}]})", 1, true), "retry") << "cut off";
}

TEST(HttpTransport, BulkAnswersReachTheirAlerts) {
  Request seen;
  ScriptedServer server({[&](Wire& wire) {
    seen = read_request(wire);
    wire.write(answer(200, R"({"errors":true,"items":[{"create":{"status":201}},{"create":{"status":503}}]})"));
  }});
  const auto encoding = make_encoding("es-bulk", {});
  std::vector<Alert> alerts = {test::random_alert(1), test::random_alert(2)};
  HttpTransportOptions options = options_for(server.port());
  options.judges_records = encoding->format().judges_records;
  const auto messages = bodies(*encoding, encoding->format().framing, alerts);
  const Delivery sent = open(options)->send(messages.at(0));
  EXPECT_EQ(sent.kind, Kind::Delivered);
  ASSERT_EQ(sent.items.size(), 1u);
  EXPECT_EQ(sent.items[0].index, 1u);
  EXPECT_EQ(sent.items[0].kind, Kind::Retry);
  EXPECT_THAT(test::es_bulk_problems(seen.body), IsEmpty());
  EXPECT_EQ(header_of(seen.head, "Content-Type"), "application/x-ndjson");
}

}  // namespace
}  // namespace kubevigil
