// The admin listener over a view that the test steers: what it shows, to whom, and in which words.
#include "engine/app/admin_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/app/admin_query.h"
#include "engine/base/text.h"
#include "engine/net/http_client.h"
#include "tests/support/certificates.h"
#include "tests/support/format_facts.h"

namespace kubevigil {
namespace {

using test::FormatFacts;
using test::Json;
using testing::HasSubstr;
using testing::Not;

const std::string kHostile = "a\"b\\c\n</script>\x1b[31m\xff\u202e";
constexpr const char* kToken = "0123456789abcdef0123456789abcdef";

struct FixedEnv : Env {
  Timestamp now() const override { return *parse_rfc3339("2026-01-02T04:00:00Z"); }
  Duration monotonic() const override { return {}; }
  size_t peak_memory() const override { return 0; }
};

struct FakeView : AdminView {
  AdminReady now{false, "reading the journal"};
  mutable AlertQuery asked;

  AdminReady ready() const override { return now; }
  std::string metrics() const override { return "kubevigil_ready 0\n"; }
  AdminStatus status() const override {
    AdminStatus out;
    out.instance = kHostile;
    out.lease_held = true;
    out.watermark = Timestamp{0};
    out.sinks = {{.name = kHostile, .sent = 7, .oldest_pending = Timestamp{0}, .last_error = kHostile}};
    return out;
  }
  std::vector<AdminRule> rules() const override { return {{.id = "r", .name = kHostile, .level = Level::High}}; }
  AdminSources sources() const override {
    AdminSources out;
    out.senders = {{.cluster = "prod", .credential = kHostile, .peer = "10.0.0.1", .last_batch = Timestamp{0}}};
    out.strangers = {{.peer = "10.0.0.2", .path = kHostile}};
    out.tails = {{.path = kHostile, .problem = kHostile}};
    out.streams = {{.name = kHostile, .active = true}};
    return out;
  }
  std::vector<RecentAlert> alerts(const AlertQuery& query) const override {
    asked = query;
    return {{.id = "1", .json = R"({"id":"1"})"}, {.id = "2", .json = R"({"id":"2"})"}};
  }
};

class Admin : public ::testing::Test {
 protected:
  HttpReply ask(const std::string& target, const std::string& headers = "Host: localhost:9442\r\n",
                const std::string& method = "GET") {
    AdminHandler handler(view, guard, env);
    const auto head = parse_request_head(method + " " + target + " HTTP/1.1\r\n" + headers + "\r\n", 20);
    if (!head) return {.status = head.error().status};
    return *handler.decide({*head, "127.0.0.1", nullptr, 0}, Responder(nullptr)).reply;
  }
  void use_tokens() {
    auto tokens = open_admin_tokens(folder.write("token", std::string("other-token-0123456\n") + kToken + "\n"));
    ASSERT_TRUE(tokens) << tokens.error().message;
    guard = {false, *tokens};
  }

  FixedEnv env;
  FakeView view;
  AdminGuard guard;
  TestFolder folder;
};

std::string header(const HttpReply& reply, std::string_view name) {
  return std::string(only_header(reply.headers, name).value_or("(missing)"));
}

TEST_F(Admin, TheProbesSayWhetherAndWhyNot) {
  EXPECT_EQ(ask("/livez").status, 200);
  EXPECT_EQ(ask("/readyz").status, 503);
  EXPECT_EQ(ask("/readyz").body, "not ready: reading the journal\n");
  view.now = {true, ""};
  EXPECT_EQ(ask("/readyz").status, 200);
}

TEST_F(Admin, EveryPageIsJsonThatNobodySniffs) {
  for (const char* page : {"status", "alerts", "rules", "sources"}) {
    const HttpReply reply = ask(std::string("/api/v1/") + page);
    EXPECT_EQ(reply.status, 200) << page;
    EXPECT_EQ(header(reply, "content-type"), "application/json") << page;
    EXPECT_EQ(header(reply, "x-content-type-options"), "nosniff") << page;
    EXPECT_EQ(header(reply, "cache-control"), "no-store") << page;
    FormatFacts facts;
    const Json json = facts.parsed(reply.body);
    EXPECT_THAT(facts.problems(), testing::IsEmpty()) << page << ": " << reply.body;
    EXPECT_TRUE(is_utf8(reply.body));
    for (char c : reply.body.substr(0, reply.body.size() - 1)) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << page;
  }
  const Json status = oracle::parse_json(ask("/api/v1/status").body);
  EXPECT_NE(FormatFacts::find(status, "lease_held"), nullptr);
  EXPECT_EQ(FormatFacts::find(status, "last_snapshot"), nullptr);
  EXPECT_EQ(FormatFacts::find(status, "watermark")->text, "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(ask("/api/v1/alerts").body, "{\"alerts\":[{\"id\":\"1\"},{\"id\":\"2\"}]}\n");
  EXPECT_THAT(header(ask("/metrics"), "content-type"), HasSubstr("version=0.0.4"));
}

TEST_F(Admin, NothingIsChangedAndNothingElseIsThere) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get"}) {
    const HttpReply reply = ask("/api/v1/status", "Host: localhost\r\n", method);
    EXPECT_EQ(reply.status, 405) << method;
    EXPECT_EQ(header(reply, "allow"), "GET, HEAD");
  }
  EXPECT_EQ(ask("/livez", "Host: localhost\r\n", "HEAD").status, 200);
  for (const char* path : {"/", "/api/v1/", "/api/v1/status/", "/metrics/", "//metrics", "/api/v2/status"}) {
    EXPECT_EQ(ask(path).status, 404) << path;
  }
}

TEST_F(Admin, APageUnderAnotherNameIsNotAnswered) {
  for (const char* host :
       {"localhost", "localhost:9442", "LOCALHOST:1", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:9"})
    EXPECT_EQ(ask("/api/v1/alerts", std::string("Host: ") + host + "\r\n").status, 200) << host;
  for (const char* host : {"evil.example", "localhost.evil.example", "10.0.0.1:9442", "127.0.0.1.evil.example", "[::2]",
                           "[", "::1", "localhost@evil.example", "0.0.0.0", "127.1", "x"}) {
    EXPECT_EQ(ask("/api/v1/alerts", std::string("Host: ") + host + "\r\n").status, 421) << host;
    EXPECT_EQ(ask("/readyz", std::string("Host: ") + host + "\r\n").status, 421) << host;
  }
}

TEST_F(Admin, OffLoopbackATokenIsAskedFor) {
  use_tokens();
  const std::string host = "Host: kubevigil.example:9442\r\n";
  const auto with = [&](const std::string& authorization) {
    return ask("/metrics", host + "Authorization: " + authorization + "\r\n").status;
  };
  EXPECT_EQ(with(std::string("Bearer ") + kToken), 200);
  EXPECT_EQ(with(std::string("bearer ") + kToken), 200);
  EXPECT_EQ(with("Bearer other-token-0123456"), 200);
  EXPECT_EQ(with(std::string("Bearer ") + kToken + "x"), 401);
  EXPECT_EQ(with(std::string("Basic ") + kToken), 401);
  EXPECT_EQ(with("Bearer"), 401);
  EXPECT_EQ(with(kToken), 401);
  const HttpReply refused = ask("/api/v1/alerts", host);
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(header(refused, "www-authenticate"), "Bearer");
  EXPECT_THAT(refused.body, Not(HasSubstr("\"id\"")));
  EXPECT_EQ(ask("/no-such-page", host).status, 401) << "who may not ask learns nothing of what there is";
  EXPECT_EQ(ask("/livez", host).status, 200);
  EXPECT_EQ(ask("/readyz", host).body, "not ready\n");
  EXPECT_EQ(ask("/readyz", host + "Authorization: Bearer " + kToken + "\r\n").body, "not ready: reading the journal\n");
}

TEST_F(Admin, AlertsAreFiltered) {
  EXPECT_EQ(ask("/api/v1/alerts?level=high&rule=pod_exec&cluster=a%20b&since=1h&limit=5&status=open").status, 200);
  EXPECT_EQ(view.asked.min_level, Level::High);
  EXPECT_EQ(view.asked.rule, "pod_exec");
  EXPECT_EQ(view.asked.cluster, "a b");
  EXPECT_EQ(view.asked.status, "open");
  EXPECT_EQ(view.asked.limit, 5u);
  EXPECT_EQ(view.asked.since, parse_rfc3339("2026-01-02T03:00:00Z"));
  EXPECT_EQ(ask("/api/v1/alerts?since=2026-01-02T00:00:00Z").status, 200);
  EXPECT_EQ(view.asked.since, parse_rfc3339("2026-01-02T00:00:00Z"));
  for (const char* wrong : {"level=loud", "limit=0", "limit=1001", "limit=5x", "limit=", "since=soon", "status=new",
                            "colour=red", "level=high&level=low", "rule=%zz", "rule=%4", "=1"}) {
    const HttpReply reply = ask(std::string("/api/v1/alerts?") + wrong);
    EXPECT_EQ(reply.status, 400) << wrong;
    EXPECT_THAT(reply.body, HasSubstr("\"detail\":\"")) << wrong;
  }
}

TEST(AdminQuery, DecodesAndBounds) {
  const auto members = parse_query("a=%41+%2B&&b&c==d");
  ASSERT_TRUE(members);
  EXPECT_THAT(*members,
              testing::ElementsAre(testing::Pair("a", "A +"), testing::Pair("b", ""), testing::Pair("c", "=d")));
  std::string many;
  for (int i = 0; i < 21; ++i) many += fmt::format("a{}=1&", i);
  EXPECT_FALSE(parse_query(many));
}

TEST(AdminServer, NeedsATokenOffLoopback) {
  const FakeView view;
  for (const char* address : {"0.0.0.0", "::", "10.0.0.1", "no address"}) {
    const auto server = AdminServer::start({.address = address, .port = 0}, view, system_env());
    ASSERT_FALSE(server) << address;
    EXPECT_THAT(server.error().message, HasSubstr("admin.token-file"));
  }
}

TEST(AdminServer, AnswersOnASocket) {
  const FakeView view;
  auto server = AdminServer::start({.port = 0}, view, system_env());
  ASSERT_TRUE(server) << server.error().message;
  HttpClientOptions options;
  options.url = *parse_url(fmt::format("http://127.0.0.1:{}/", (*server)->port()));
  auto client = HttpClient::open(options, system_env());
  const auto get = [&](const std::string& target, const std::string& method = "GET") {
    const auto answer = (*client)->send({.method = method, .target = target});
    return answer ? fmt::format("{} {}", answer->status, answer->body) : answer.error().message;
  };
  EXPECT_EQ(get("/livez"), "200 ok\n");
  EXPECT_EQ(get("/metrics"), "200 kubevigil_ready 0\n");
  EXPECT_EQ(get("/api/v1/alerts", "HEAD"), "200 ");
  EXPECT_EQ(get("/readyz"), "503 not ready: reading the journal\n");
  EXPECT_EQ((*server)->counters().requests, 4u);
  (*server)->shutdown();
}

}  // namespace
}  // namespace kubevigil
