// WebhookReceiver over real connections: the answer for each kind of request, and what is in the spool when it comes.
#include "inputs/webhook_receiver.h"

#include <gmock/gmock.h>

#include "tests/inputs/webhook_fixture.h"
#include "tests/support/daemon.h"

namespace kubevigil {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const HttpHeader* header_of(const HttpResponse& response, std::string_view name) {
  for (const HttpHeader& header : response.headers) {
    if (equals_folded(header.name, name)) return &header;
  }
  return nullptr;
}

TEST_F(WebhookTest, AnswersAreAsTheContractSays) {
  start();
  struct Row {
    size_t listener;
    bool certificate, token;
    const char *method, *path;
    int status;
    const char *header, *value;
  };
  const Row rows[] = {
      {kTls, true, false, "POST", "/k8s-audit", 200, "Content-Type", "application/json"},
      {kTls, true, false, "POST", "/k8s-audit/prod?timeout=30s", 200, "Content-Type", "application/json"},
      {kTls, true, false, "POST", "/k8s-audit/prod/", 200, "Content-Type", "application/json"},
      {kTls, true, false, "POST", "/k8s-audit?cluster=lab", 200, "Content-Type", "application/json"},
      {kTls, true, false, "POST", "/k8s-audit/lab", 401, "WWW-Authenticate", "Bearer"},
      {kTls, false, false, "POST", "/k8s-audit/prod", 401, "WWW-Authenticate", "Bearer"},
      {kTls, false, true, "POST", "/k8s-audit/dev", 200, "Content-Type", "application/json"},
      {kPlain, false, true, "POST", "/k8s-audit/lab", 200, "Content-Type", "application/json"},
      {kPlain, false, true, "POST", "/k8s-audit", 401, "WWW-Authenticate", "Bearer"},
      {kPlain, false, false, "POST", "/k8s-audit/lab", 401, "WWW-Authenticate", "Bearer"},
      {kPlain, false, true, "POST", "/", 401, "WWW-Authenticate", "Bearer"},
      {kPlain, false, true, "POST", "/k8s-audit/%6cab", 401, "WWW-Authenticate", "Bearer"},
      {kPlain, false, true, "GET", "/k8s-audit/lab", 405, "Allow", "POST"},
      {kPlain, false, false, "GET", "/k8s-audit/lab", 405, "Allow", "POST"},
      {kPlain, false, true, "PUT", "/k8s-audit/lab", 405, "Allow", "POST"},
  };
  size_t taken = 0;
  for (const Row& row : rows) {
    HttpRequest request{.method = row.method, .body = "{\"any\": 1}"};
    if (row.token) request.headers.push_back(bearer);
    const auto response = client(row.listener, row.path, row.certificate)->send(request);
    ASSERT_TRUE(response) << row.path << ": " << response.error().message;
    EXPECT_EQ(response->status, row.status) << row.method << " " << row.path;
    const HttpHeader* header = header_of(*response, row.header);
    ASSERT_NE(header, nullptr) << row.method << " " << row.path;
    EXPECT_EQ(header->value, row.value);
    EXPECT_EQ(header_of(*response, "Location"), nullptr);
    taken += row.status == 200 ? 1 : 0;
    if (row.status == 200) {
      EXPECT_EQ(response->body, "{}");
    }
    EXPECT_EQ(spooled(*spool).size(), taken);
  }
}

TEST_F(WebhookTest, TheSpoolKnowsTheSenderAndEveryByte) {
  start();
  std::string large(3u << 20, '\0');
  for (size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>((i * 2654435761u) >> 13);
  const std::string bodies[] = {"", "x", std::string(300'000, 'y'), large, std::string("\0\xff{", 3)};
  const auto one = client(kPlain, "/k8s-audit/lab");
  for (const std::string& body : bodies) {
    const auto response = one->send({.headers = {bearer}, .body = body});
    ASSERT_TRUE(response && response->status == 200);
  }
  const auto all = spooled(*spool);
  ASSERT_EQ(all.size(), std::size(bodies));
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].second, bodies[i]);
    EXPECT_EQ(all[i].first.cluster, "lab");
    EXPECT_EQ(all[i].first.credential, "lab");
    EXPECT_EQ(all[i].first.peer, "127.0.0.1");
    EXPECT_LE(system_env().now() - all[i].first.arrival, Duration::minutes(10));
  }
  EXPECT_EQ(receiver->open_bytes(), 0u);
  EXPECT_EQ(book->totals().bodies, std::size(bodies));
}

TEST_F(WebhookTest, NoAnswerBeforeTheSyncIsOver) {
  start();
  disk.close_gate();
  Wire one = wire();
  ASSERT_TRUE(one.write(lab_post("{}")));
  ASSERT_TRUE(eventually([&] { return disk.waiting() == 1; }));
  EXPECT_TRUE(spooled(*spool).empty());
  EXPECT_EQ(server->counters().answers[2], 0u);
  disk.open_gate();
  EXPECT_THAT(answer_on(one), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(spooled(*spool).size(), 1u);
}

TEST_F(WebhookTest, PausedIs429BeforeTheBodyAndEnds) {
  start();
  receiver->set_accepting(false, "the disk is full");
  Wire one = wire();
  ASSERT_TRUE(one.write("POST /k8s-audit/lab HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + std::string(kToken) +
                        "\r\nContent-Length: 1000000\r\n\r\n"));
  EXPECT_THAT(answer_on(one),
              AllOf(StartsWith("HTTP/1.1 429 "), HasSubstr("Retry-After: 3\r\n"), HasSubstr("the disk is full")));
  EXPECT_EQ(refused(WebhookRefusal::Paused), 1u);
  receiver->set_accepting(true, "");
  Wire other = wire();
  ASSERT_TRUE(other.write(lab_post("{}")));
  EXPECT_THAT(answer_on(other), StartsWith("HTTP/1.1 200 "));
}

TEST_F(WebhookTest, TwoAuthorizationHeadersAreNobody) {
  start();
  const auto one = client(kTls, "/k8s-audit/prod");
  const HttpHeader other{"authorization", "Bearer xyz"};
  EXPECT_EQ(one->send({.headers = {other, bearer}, .body = "{}"})->status, 401);
  EXPECT_EQ(one->send({.headers = {bearer, bearer}, .body = "{}"})->status, 401);
  EXPECT_EQ(one->send({.body = "{}"})->status, 200);
}

TEST_F(WebhookTest, ChunkedBodiesAndExpectContinue) {
  start();
  Wire one = wire();
  const std::string head = "POST /k8s-audit/lab HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + std::string(kToken);
  ASSERT_TRUE(one.write(head + "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"));
  EXPECT_THAT(answer_on(one), StartsWith("HTTP/1.1 200 "));
  ASSERT_TRUE(one.write(head + "\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_THAT(one.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 100 "));
  ASSERT_TRUE(one.write("again"));
  EXPECT_THAT(answer_on(one), StartsWith("HTTP/1.1 200 "));
  const auto all = spooled(*spool);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].second, "hello world");
  EXPECT_EQ(all[1].second, "again");
}

TEST_F(WebhookTest, OnlyAbove512MiBIsABodyTooLong) {
  start();
  const std::string head = "POST /k8s-audit/lab HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + std::string(kToken);
  Wire one = wire();
  ASSERT_TRUE(one.write(head + "\r\nContent-Length: 536870913\r\n\r\n"));
  EXPECT_THAT(answer_on(one), StartsWith("HTTP/1.1 413 "));
  Wire other = wire();
  ASSERT_TRUE(other.write(head + "\r\nContent-Length: 536870912\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_THAT(other.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 100 "));
}

TEST_F(WebhookTest, ABodyThatTurnsOutTooLongIs413) {
  spool_options.body_bytes = 1000;
  start();
  Wire one = wire();
  ASSERT_TRUE(one.write("POST /k8s-audit/lab HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + std::string(kToken) +
                        "\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x')));
  EXPECT_THAT(answer_on(one), AllOf(StartsWith("HTTP/1.1 413 "), HasSubstr("Connection: close")));
  EXPECT_EQ(refused(WebhookRefusal::TooLong), 1u);
  EXPECT_TRUE(eventually([&] { return receiver->open_bytes() == 0; }));
}

TEST_F(WebhookTest, ABrokenSpoolIs503UntilARestart) {
  start();
  const auto one = client(kPlain, "/k8s-audit/lab");
  const HttpRequest request{.headers = {bearer}, .body = "{}"};
  ASSERT_EQ(one->send(request)->status, 200);
  memory.fault_at(2, test::Fault::Broken);  // the write, then the sync
  for (int i = 0; i < 3; ++i) {
    const auto response = one->send(request);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 503);
    EXPECT_EQ(header_of(*response, "Retry-After")->value, "3");
    EXPECT_THAT(response->body, Not(HasSubstr("/spool")));
  }
  EXPECT_EQ(refused(WebhookRefusal::Broken), 3u);
  EXPECT_EQ(book->totals().bodies, 1u);
}

TEST_F(WebhookTest, AFullDiskIs429UntilThereIsRoom) {
  start();
  const auto one = client(kPlain, "/k8s-audit/lab");
  const std::string body(300'000, 'x');
  ASSERT_EQ(one->send({.headers = {bearer}, .body = body})->status, 200);
  memory.set_capacity(2000);
  const auto response = one->send({.headers = {bearer}, .body = body});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(header_of(*response, "Retry-After")->value, "3");
  EXPECT_EQ(refused(WebhookRefusal::DiskFull), 1u);
  memory.set_capacity(UINT64_MAX);
  EXPECT_EQ(one->send({.headers = {bearer}, .body = body})->status, 200);
}

TEST_F(WebhookTest, TheBudgetIs429BeforeTheBodyUntilThereIsRoom) {
  spool_options.budget = 1'000'000;
  start();
  const auto one = client(kPlain, "/k8s-audit/lab");
  const std::string body(1'000'001, 'x');
  const auto response = one->send({.headers = {bearer}, .body = body});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(header_of(*response, "Retry-After")->value, "3");
  EXPECT_EQ(server->counters().early_answers, 1u);
  EXPECT_EQ(one->send({.headers = {bearer}, .body = std::string_view(body).substr(2000)})->status, 200);
}

TEST_F(WebhookTest, MemoryOfBodiesOnTheirWayIsBounded) {
  receiver_options.open_bytes = 600'000;
  start();
  Wire one = wire();
  const std::string body(300'000, 'x'), whole = lab_post(body);
  ASSERT_TRUE(one.write(whole.substr(0, 1000)));
  ASSERT_TRUE(eventually([&] { return receiver->open_bytes() > 0; }));
  EXPECT_LE(receiver->open_bytes(), 600'000u);
  const auto other = client(kPlain, "/k8s-audit/lab");
  EXPECT_EQ(other->send({.headers = {bearer}, .body = body})->status, 429);
  EXPECT_EQ(other->send({.headers = {bearer}, .body = "small"})->status, 200);
  ASSERT_TRUE(one.write(whole.substr(1000)));
  EXPECT_THAT(answer_on(one), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(other->send({.headers = {bearer}, .body = body})->status, 200);
  EXPECT_EQ(receiver->open_bytes(), 0u);
}

TEST_F(WebhookTest, ShutdownAnswersWhatWaitsForTheDisk) {
  start();
  disk.close_gate();
  std::optional<Wire> one = wire();
  ASSERT_TRUE(one->write(lab_post("{}")));
  ASSERT_TRUE(eventually([&] { return disk.waiting() == 1; }));
  std::thread stop([&] { server->shutdown(Duration::seconds(60)); });
  // It has begun to wind down when it listens no more.
  EXPECT_TRUE(eventually([&] { return !test::listens(server->port(kPlain)); }));
  disk.open_gate();
  EXPECT_THAT(one->read_to_end(), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Connection: close")));
  one.reset();
  stop.join();
  EXPECT_EQ(spooled(*spool).size(), 1u);
}

TEST_F(WebhookTest, AcknowledgementsAreTimed) {
  std::atomic<int> seen = 0;
  receiver_options.on_ack = [&](Duration time) { seen += time >= Duration{} ? 1 : 1000; };
  start();
  const auto one = client(kPlain, "/k8s-audit/lab");
  for (int i = 0; i < 3; ++i) ASSERT_EQ(one->send({.headers = {bearer}, .body = "{}"})->status, 200);
  EXPECT_EQ(seen, 3);
}

}  // namespace
}  // namespace kubevigil
