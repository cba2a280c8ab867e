// HttpServer as good clients see it: bodies, answers now and later, keep-alive, TLS, shutdown.
#include "engine/net/http_server.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "engine/net/http_client.h"
#include "tests/net/server_fixture.h"
#include "tests/support/certificates.h"

namespace kubevigil {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(ServerTest, TakesBodiesHoweverTheyCome) {
  start();
  const std::string chunked =
      "POST /a?x=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;e\r\ndefg\r\n0\r\nT: "
      "1\r\n\r\n";
  const std::string plain = "PUT /a?x=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\nabcdefg";
  for (const std::string& text : {chunked, plain}) {
    for (size_t size : {size_t{1}, size_t{2}, size_t{7}, size_t{60}, text.size()}) {
      Wire one = wire();
      for (size_t at = 0; at < text.size(); at += size) ASSERT_TRUE(one.write(text.substr(at, size)));
      const std::string answer = answer_on(one);
      EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
      EXPECT_THAT(answer, EndsWith("Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"));
      EXPECT_THAT(answer, Not(HasSubstr("Connection: close")));
      const SeenRequest seen = handler.requests().back();
      EXPECT_EQ(seen.body, "abcdefg");
      EXPECT_EQ(seen.path, "/a");
      EXPECT_EQ(seen.query, "x=1");
      EXPECT_EQ(seen.peer, "127.0.0.1");
    }
  }
}

TEST_F(ServerTest, LargeBodyStreamsThroughPauses) {
  handler.pause_each_write = true;
  start();
  std::string body(3'000'000, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 + i / 251);
  Wire one = wire();
  ASSERT_TRUE(one.write(post(body)));
  EXPECT_THAT(answer_on(one), StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(handler.requests().at(0).body == body);
  EXPECT_EQ(server->counters().body_bytes, body.size());
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  Wire one = wire();
  ASSERT_TRUE(one.write(post("first") + "GET /second HTTP/1.1\r\nHost: x\r\n\r\n" + post("third")));
  std::string answers;
  while (std::count(answers.begin(), answers.end(), '}') < 3) ASSERT_TRUE(one.read_more(answers));
  const auto seen = handler.requests();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].body, "first");
  EXPECT_EQ(seen[1].path, "/second");
  EXPECT_EQ(seen[2].body, "third");
  EXPECT_EQ(server->counters().connections, 1u);
}

TEST_F(ServerTest, AnswersLaterFromAnotherThread) {
  handler.hold = true;
  start();
  Wire one = wire(), two = wire();
  ASSERT_TRUE(one.write(post("one")));
  Responder first = handler.held();
  ASSERT_TRUE(two.write(post("two")));
  Responder second = handler.held();
  std::thread([&] {
    second.reply({200, {}, "2"});
    first.reply({429, {{"Retry-After", "3"}, {"Bad\r\n", "x"}}, "1"});
    first.reply({200, {}, "ignored"});
  }).join();
  EXPECT_THAT(answer_on(one),
              testing::AllOf(StartsWith("HTTP/1.1 429 Too Many Requests\r\n"), HasSubstr("\r\nRetry-After: 3\r\n"),
                             Not(HasSubstr("Bad")), EndsWith("1")));
  EXPECT_THAT(answer_on(two), EndsWith("2"));
}

TEST_F(ServerTest, ForgottenAnswersAre503) {
  handler.on_decide = [](const RequestContext&, const Responder&) { return Decision::later(); };
  start();
  Wire one = wire();
  ASSERT_TRUE(one.write(post("x")));
  EXPECT_THAT(answer_on(one), testing::AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Retry-After: 3")));
}

TEST_F(ServerTest, HeadGetAndStatusesWithoutBody) {
  handler.on_decide = [](const RequestContext& request, const Responder&) {
    return Decision::answer({request.head.path == "/none" ? 204 : 200, {}, "text"});
  };
  start();
  Wire one = wire();
  ASSERT_TRUE(one.write("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"));
  const std::string head = one.read_until("\r\n\r\n");
  EXPECT_THAT(head, testing::AllOf(HasSubstr("Content-Length: 4\r\n"), EndsWith("\r\n\r\n")));
  ASSERT_TRUE(one.write("GET /none HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_THAT(one.read_until("\r\n\r\n"), Not(HasSubstr("Content-Length")));
  ASSERT_TRUE(one.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  EXPECT_THAT(one.read_to_end(), testing::AllOf(HasSubstr("Connection: close"), EndsWith("\r\n\r\ntext")));
}

TEST_F(ServerTest, ContinueIsSentToWhoWaitsForIt) {
  start();
  Wire one = wire();
  ASSERT_TRUE(one.write("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
  EXPECT_EQ(one.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(one.write("abc"));
  EXPECT_THAT(answer_on(one), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, EarlyAnswerIsSeenByAClientThatStillSends) {
  handler.on_decide = [](const RequestContext&, const Responder&) { return Decision::answer({401, {}, "no"}); };
  options.limits.drain_bytes = 256u << 20;
  start();
  HttpClientOptions client_options;
  client_options.url = *parse_url(fmt::format("http://127.0.0.1:{}/", server->port(0)));
  auto client = HttpClient::open(client_options, system_env());
  const std::string body(32u << 20, 'b');
  const auto response = (*client)->send({.body = body});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 401);
  EXPECT_EQ(server->counters().early_answers, 1u);
  EXPECT_EQ(server->counters().answers[4], 1u);
}

TEST_F(ServerTest, EarlyAnswerEndsTheConnectionAfterTheDrainLimit) {
  handler.on_decide = [](const RequestContext&, const Responder&) { return Decision::answer({429, {}, ""}); };
  options.limits.drain_bytes = 100'000;
  start();
  Wire one = wire();
  ASSERT_TRUE(one.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400000000\r\n\r\n"));
  EXPECT_THAT(answer_on(one), testing::AllOf(StartsWith("HTTP/1.1 429"), HasSubstr("Connection: close")));
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 4000 && one.write(piece); ++i) continue;
  EXPECT_TRUE(eventually([&] { return server->counters().open_connections == 0; }));
}

TEST_F(ServerTest, EarlyAnswerToAWholeRequestKeepsTheConnection) {
  handler.on_decide = [](const RequestContext&, const Responder&) { return Decision::answer({405, {}, "no"}); };
  start();
  Wire one = wire();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(one.write(post("small")));
    EXPECT_THAT(answer_on(one), Not(HasSubstr("Connection: close")));
  }
  EXPECT_EQ(server->counters().early_answers, 0u);
}

TEST_F(ServerTest, SinkMayGiveUpHalfway) {
  struct Full : BodySink {
    explicit Full(Responder to) : responder(std::move(to)) {}
    BodyFlow write(std::string_view) override {
      responder.reply({429, {{"Retry-After", "3"}}, ""});
      return BodyFlow::Continue;
    }
    void finish() override {}
    Responder responder;
  };
  handler.on_decide = [](const RequestContext&, const Responder& responder) {
    return Decision::accept(std::make_unique<Full>(responder));
  };
  start();
  Wire one = wire();
  ASSERT_TRUE(one.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nbegin"));
  EXPECT_THAT(answer_on(one), testing::AllOf(StartsWith("HTTP/1.1 429"), HasSubstr("Connection: close")));
}

TEST_F(ServerTest, ShutdownLetsRequestsEnd) {
  handler.hold = true;
  start();
  Wire busy = wire(), idle = wire();
  ASSERT_TRUE(busy.write(post("x")));
  Responder responder = handler.held();
  EXPECT_TRUE(eventually([&] { return server->counters().open_connections == 2; }));
  std::thread stopping([&] { server->shutdown(Duration::seconds(60)); });
  EXPECT_EQ(idle.read_to_end(), "");
  responder.reply({200, {}, "done"});
  EXPECT_THAT(busy.read_to_end(), testing::AllOf(HasSubstr("Connection: close"), EndsWith("done")));
  { const Wire gone = std::move(busy); }
  stopping.join();
  EXPECT_EQ(server->counters().open_connections, 0u);
}

TEST_F(ServerTest, ShutdownWithoutPatienceDropsRequests) {
  handler.hold = true;
  start();
  Wire busy = wire(), halfway = wire();
  ASSERT_TRUE(busy.write(post("x")));
  ASSERT_TRUE(halfway.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"));
  Responder responder = handler.held();
  EXPECT_TRUE(eventually([&] { return server->counters().body_bytes == 5; }));
  server->shutdown({});
  EXPECT_EQ(busy.read_to_end(), "");
  EXPECT_TRUE(handler.requests().at(0).abandoned || handler.requests().at(1).abandoned);
  server.reset();
  responder.reply({200, {}, "nobody hears"});
}

TEST_F(ServerTest, SeveralListenersWithTlsAndClientCertificates) {
  TestFolder folder;
  const TestCertificate authority = make_certificate({.common_name = "CA", .authority = true});
  const TestCertificate mine =
      make_certificate({.common_name = "server", .alternative_names = {"IP:127.0.0.1"}}, &authority);
  const TestCertificate theirs = make_certificate({.common_name = "kube-apiserver"}, &authority);
  const std::string ca = folder.write("ca", authority.certificate);
  auto tls = TlsSource::open({folder.write("s", mine.certificate), folder.write("sk", mine.key), ca},
                             TlsRole::ServerAskingForCertificate, system_env());
  ASSERT_TRUE(tls) << tls.error().message;
  options.listeners = {{}, {.tls = *tls}};
  start();
  const TlsFiles files[] = {{folder.write("c", theirs.certificate), folder.write("ck", theirs.key), ca},
                            {.authorities = ca}};
  for (const TlsFiles& file : files) {
    auto client = HttpClient::open(
        {.url = *parse_url(fmt::format("https://127.0.0.1:{}/in", server->port(1))), .tls = file}, system_env());
    ASSERT_TRUE(client) << client.error().message;
    const std::string body(1'000'000, 'z');
    for (int i = 0; i < 3; ++i) {
      const auto response = (*client)->send({.body = body});
      ASSERT_TRUE(response) << response.error().message;
      EXPECT_EQ(response->body, "{}");
      EXPECT_TRUE(handler.requests().back().body == body);
    }
    EXPECT_EQ(handler.requests().back().common_name, file.certificate.empty() ? "" : "kube-apiserver");
    EXPECT_TRUE((*tls)->reload().has_value());
  }
  EXPECT_EQ(server->counters().connections, 2u);

  // Plain HTTP to the TLS port, and a client that goes in the middle of the handshake.
  Descriptor raw = connect_to(server->port(1));
  const int fd = raw.get();
  Wire plain(std::move(raw), Channel(fd));
  ASSERT_TRUE(plain.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  plain.read_to_end();
  { const Descriptor gone = connect_to(server->port(1)); }
  EXPECT_TRUE(eventually([&] { return server->counters().tls_failures == 2; }));
  EXPECT_THAT(handler.troubles(), testing::Contains(HasSubstr("TLS handshake: http request")));
}

TEST_F(ServerTest, CannotListenTwice) {
  start();
  HttpServerOptions again;
  again.listeners = {{.port = server->port(0)}};
  const auto refused = HttpServer::start(again, handler, system_env());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr(fmt::format("cannot listen on 127.0.0.1 port {}", server->port(0))));
  again.listeners = {{.address = "localhost"}};
  EXPECT_THAT(HttpServer::start(again, handler, system_env()).error().message, HasSubstr("must be numeric"));
}

}  // namespace
}  // namespace kubevigil
