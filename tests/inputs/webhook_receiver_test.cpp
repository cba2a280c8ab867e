// WebhookReceiver over real connections: the answer for each kind of request, and what is in the spool when it comes.
#include "inputs/webhook_receiver.h"

#include <gmock/gmock.h>

#include "tests/inputs/webhook_fixture.h"

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

}  // namespace
}  // namespace kubevigil
