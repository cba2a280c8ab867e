// HttpClient against scripted servers on loopback: what it sends, what it makes of answers, and when it gives up.
#include "engine/net/http_client.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <future>
#include <latch>

#include "tests/net/scripted_server.h"
#include "tests/support/certificates.h"

namespace kubevigil {
namespace {

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

HttpClientOptions options_for(uint16_t port, bool tls = false) {
  HttpClientOptions options;
  options.url = *parse_url(fmt::format("{}://127.0.0.1:{}/in?x=1", tls ? "https" : "http", port));
  options.connect_timeout = options.request_timeout = Duration::seconds(60);
  return options;
}

std::unique_ptr<HttpClient> open_client(const HttpClientOptions& options) {
  auto client = HttpClient::open(options, system_env());
  EXPECT_TRUE(client) << (client ? "" : client.error().message);
  return client ? std::move(*client) : nullptr;
}

// Reads one request with a Content-Length body of `size` bytes.
std::string read_request(Wire& wire, size_t size) {
  std::string text = wire.read_until("\r\n\r\n");
  const size_t whole = text.find("\r\n\r\n") + 4 + size;
  while (text.size() < whole && wire.read_more(text)) continue;
  return text;
}

TEST(HttpClient, SendsHeadersAndBody) {
  std::string seen;
  ScriptedServer server({[&](Wire& wire) {
    seen = read_request(wire, 5);
    wire.write(kOk);
  }});
  auto client = open_client(options_for(server.port()));
  const auto response = client->send({.headers = {{"Content-Type", "application/json"}}, .body = "hello"});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "ok");
  EXPECT_EQ(seen, fmt::format("POST /in?x=1 HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n"
                              "Content-Length: 5\r\n\r\nhello",
                              server.port()));
}

struct AnswerCase {
  const char* name;
  std::string answer;
  int status;
  std::string body;  // or, with status 0, a part of the error
};
const AnswerCase kAnswers[] = {
    {"length", kOk, 200, "ok"},
    {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\nT: 1\r\n\r\n",
     200, "abcde"},
    {"until close", "HTTP/1.1 503 Busy\r\n\r\nlater", 503, "later"},
    {"until close, HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nold", 200, "old"},
    {"no body", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
    {"interim first", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
     202, ""},
    {"redirect is an answer", "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 307, ""},
    {"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", 0, "not a valid HTTP response"},
    {"cut in the header", "HTTP/1.1 200 OK\r\nContent-Le", 0, "before the end of its response"},
    {"cut in the body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 200, "half"},
    {"cut in a chunk", "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", 500, "half"},
    {"bad chunk", "HTTP/1.1 202 Ok\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n", 202, ""},
    {"nothing", "", 0, "before the end of its response"},
    {"endless header", "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x'), 0, "HTTP response"},
    {"endless chunk line", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;" + std::string(70'000, 'x'), 200,
     ""},
    {"101", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", 0, "switched protocols"},
};

TEST(HttpClient, Answers) {
  for (const AnswerCase& row : kAnswers) {
    SCOPED_TRACE(row.name);
    ScriptedServer server({[&](Wire& wire) {
      read_request(wire, 0);
      wire.write(row.answer);
      wire.channel().finish_sending();
      wire.read_to_end();
    }});
    auto client = open_client(options_for(server.port()));
    const auto response = client->send({});
    if (row.status == 0) {
      ASSERT_FALSE(response);
      EXPECT_NE(response.error().message.find(row.body), std::string::npos) << response.error().message;
    } else {
      ASSERT_TRUE(response) << response.error().message;
      EXPECT_EQ(response->status, row.status);
      EXPECT_EQ(response->body, row.body);
    }
  }
}

TEST(HttpClient, LongBodiesAreCut) {
  ScriptedServer server({[](Wire& wire) {
    read_request(wire, 0);
    wire.write("HTTP/1.1 500 No\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'e'));
  }});
  HttpClientOptions options = options_for(server.port());
  options.response_bytes = 1000;
  auto client = open_client(options);
  const auto response = client->send({});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_TRUE(response->truncated);
  EXPECT_EQ(response->body, std::string(1000, 'e'));
}

TEST(HttpClient, KeepsTheConnection) {
  int requests = 0;
  {
    ScriptedServer server({[&](Wire& wire) {  // one connection; a second would not be accepted
      while (read_request(wire, 0).ends_with("\r\n\r\n")) {
        ++requests;
        wire.write(kOk);
      }
    }});
    auto client = open_client(options_for(server.port()));
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(client->send({}));
    client.reset();
  }
  EXPECT_EQ(requests, 5);
}

TEST(HttpClient, DeadKeptConnectionIsReplaced) {
  // The first connection is closed by the server after its answer, without saying so in a header.
  std::latch closed(1);
  std::string second;
  ScriptedServer server({[&](Wire& wire) {
                           read_request(wire, 0);
                           wire.write(kOk);
                           shutdown(wire.socket(), SHUT_RDWR);
                           closed.count_down();
                         },
                         [&](Wire& wire) {
                           second = read_request(wire, 3);
                           wire.write(kOk);
                         }});
  auto client = open_client(options_for(server.port()));
  ASSERT_TRUE(client->send({}));
  closed.wait();
  const auto response = client->send({.body = "two"});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_TRUE(second.ends_with("two"));
}

TEST(HttpClient, ConnectionThatDiesDuringARequestIsTriedOnceMore) {
  int deaths = 0;
  const auto die_on_second = [&](Wire& wire) {
    read_request(wire, 0);
    wire.write(kOk);
    wire.read_until("\r\n\r\n");
    ++deaths;
  };
  const auto die_at_once = [&](Wire& wire) {
    wire.read_until("\r\n\r\n");
    ++deaths;
  };
  {
    ScriptedServer server({die_on_second, die_at_once});
    auto client = open_client(options_for(server.port()));
    ASSERT_TRUE(client->send({}));
    EXPECT_FALSE(client->send({}));  // over the kept one, then over a new one; not a third time
  }
  EXPECT_EQ(deaths, 2);
}

TEST(HttpClient, EarlyRefusalIsSeenWhileTheBodyIsStillSent) {
  ScriptedServer server({[](Wire& wire) {
    wire.read_until("\r\n\r\n");
    wire.write("HTTP/1.1 401 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    wire.read_to_end();
  }});
  auto client = open_client(options_for(server.port()));
  const std::string body(64 << 20, 'b');
  const auto response = client->send({.body = body});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 401);
}

TEST(HttpClient, TimesOut) {
  ScriptedServer server({[](Wire& wire) { wire.read_to_end(); }});
  HttpClientOptions options = options_for(server.port());
  options.request_timeout = {50'000};
  auto client = open_client(options);
  const auto response = client->send({});
  ASSERT_FALSE(response);
  EXPECT_NE(response.error().message.find("timed out"), std::string::npos) << response.error().message;
}

// The status is the answer: what hangs behind it must not make a request that was taken one that was not.
TEST(HttpClient, ABodyThatDoesNotComeIsCut) {
  ScriptedServer server({[](Wire& wire) {
                           read_request(wire, 0);
                           wire.write("HTTP/1.1 201 Made\r\nContent-Length: 100\r\n\r\nbegun");
                           wire.read_to_end();
                         },
                         [](Wire& wire) {
                           read_request(wire, 0);
                           wire.write(kOk);
                         }});
  HttpClientOptions options = options_for(server.port());
  options.body_timeout = {20'000};
  auto client = open_client(options);
  const auto response = client->send({});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "begun");
  EXPECT_TRUE(response->truncated);
  EXPECT_TRUE(client->send({})) << "over a new connection";
}

TEST(HttpClient, CancelEndsTheSendAndAllLaterOnes) {
  std::latch asked(1);
  ScriptedServer server({[&](Wire& wire) {
    read_request(wire, 0);
    asked.count_down();
    wire.read_to_end();
  }});
  auto client = open_client(options_for(server.port()));
  auto sent = std::async(std::launch::async, [&] { return client->send({}); });
  asked.wait();
  client->cancel();
  const auto first = sent.get(), later = client->send({});
  ASSERT_FALSE(first);
  ASSERT_FALSE(later);
  EXPECT_NE(first.error().message.find("cancelled"), std::string::npos) << first.error().message;
  EXPECT_TRUE(client->cancelled());
}

TEST(HttpClient, RefusesToConnectWhereNobodyListens) {
  uint16_t port = 0;
  {
    ScriptedServer gone({});
    port = gone.port();
  }
  auto client = open_client(options_for(port));
  const auto response = client->send({});
  ASSERT_FALSE(response);
  EXPECT_NE(response.error().message.find("refused"), std::string::npos) << response.error().message;
}

TEST(HttpClient, UnsendableRequests) {
  auto client = open_client(options_for(1));
  const std::pair<HttpRequest, const char*> rows[] = {
      {{.headers = {{"X", "a\r\nY: b"}}}, "cannot be sent"},
      {{.headers = {{"X Y", "a"}}}, "cannot be sent"},
      {{.headers = {{"host", "a"}}}, "set by the client"},
      {{.headers = {{"Content-LENGTH", "1"}}}, "set by the client"},
      {{.method = "PO ST"}, "method"},
      {{.target = "/a b"}, "target"},
      {{.target = "a"}, "target"},
      {{.target = "/\r\n"}, "target"},
  };
  for (const auto& [request, part] : rows) {
    const auto response = client->send(request);
    ASSERT_FALSE(response) << part;
    EXPECT_NE(response.error().message.find(part), std::string::npos) << response.error().message;
  }
}

}  // namespace
}  // namespace kubevigil
