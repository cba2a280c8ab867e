// The receiver as kube-apiserver sees it: what outages of which length cost. Times are the client's
// (api_server_client).
#include <gmock/gmock.h>

#include <set>

#include "tests/inputs/webhook_fixture.h"
#include "tests/support/api_server_client.h"

namespace kubevigil {
namespace {

using test::ApiServerClient;
using test::ApiServerOptions;

std::string event(int number) { return fmt::format(R"({{"kind":"Event","auditID":"{}"}})", number); }

class WebhookOutage : public WebhookTest {
 protected:
  ApiServerOptions options() const {
    ApiServerOptions made;
    made.url = *parse_url(fmt::format("http://127.0.0.1:{}/k8s-audit/lab", server->port(kPlain)));
    made.headers = {bearer};
    made.max_size = 10;
    return made;
  }
  // Twenty events a second for five minutes.
  static void offer_events(ApiServerClient& client, int count = 6000) {
    for (int i = 0; i < count; ++i) client.offer({i * 50'000}, event(i));
  }
  // Every batch that was taken is in the spool, and whatever is in the spool was sent.
  void expect_exact(const ApiServerClient& client) {
    std::multiset<std::string> there;
    for (const auto& [source, bytes] : spooled(*spool)) there.insert(bytes);
    for (const auto& batch : client.batches()) {
      EXPECT_EQ(there.contains(batch.body), batch.taken) << batch.error;
    }
    EXPECT_EQ(there.size(), book->totals().bodies);
  }
};

TEST_F(WebhookOutage, RefusedWithRetryAfterForUpTo200SecondsLosesNothing) {
  start();
  for (const int seconds : {60, 120, 200}) {
    ApiServerClient client(options());
    offer_events(client);
    client.at(Duration::seconds(50), [&] { receiver->set_accepting(false, "the disk is full"); });
    client.at(Duration::seconds(50 + seconds), [&] { receiver->set_accepting(true, ""); });
    const uint64_t before = refused(WebhookRefusal::Paused);
    client.run();
    EXPECT_THAT(client.dropped_events(), testing::IsEmpty()) << seconds;
    EXPECT_EQ(client.taken_events().size(), 6000u);
    EXPECT_GT(refused(WebhookRefusal::Paused), before + 1000);
  }
}

TEST_F(WebhookOutage, BeyondTheLadderExactlyWhatWasDroppedIsMissing) {
  start();
  ApiServerClient client(options());
  offer_events(client);
  client.at(Duration::seconds(10), [&] { receiver->set_accepting(false, "the disk is full"); });
  client.at(Duration::seconds(280), [&] { receiver->set_accepting(true, ""); });
  client.run();
  EXPECT_FALSE(client.dropped_events().empty());
  EXPECT_GT(client.taken_events().size(), 5000u);
  expect_exact(client);
}

// A restart: nobody listens. The ladder alone carries a batch for at least 81 seconds, a ladder with Retry-After
// longer; that is what README may promise.
TEST_F(WebhookOutage, ARestartOfLessThan80SecondsLosesNothing) {
  start();
  for (const int seconds : {5, 80, 120}) {
    ApiServerClient client(options());
    offer_events(client, 4000);
    const uint16_t port = server->port(kPlain);
    client.at(Duration::seconds(50), [&] {
      server->shutdown(Duration::seconds(60));
      server.reset();
    });
    client.at(Duration::seconds(50 + seconds), [&] {
      HttpServerOptions again;
      again.listeners = {{.port = port}};
      server = std::move(*HttpServer::start(again, *receiver, system_env()));
    });
    client.run();
    EXPECT_EQ(client.dropped_events().empty(), seconds <= 80) << seconds;
    EXPECT_EQ(client.taken_events().size() + client.dropped_events().size(), 4000u);
  }
}

// Many batches at once, the spool full in the meantime, until somebody has read it.
TEST_F(WebhookOutage, AFullSpoolIsSurvived) {
  spool_options.budget = 9'000;
  spool_options.segment_bytes = 2'000;
  start();
  ApiServerClient client(options());
  offer_events(client, 2000);
  const auto make_room = [&] {
    SpoolReader reader(*spool, {});
    while (*reader.next() != SpoolReader::Step::End) continue;
    EXPECT_TRUE(spool->trim(reader.position()));
  };
  for (int i = 1; i < 12; ++i) client.at(Duration::seconds(25 * i), make_room);
  client.run();
  EXPECT_THAT(client.dropped_events(), testing::IsEmpty());
  EXPECT_GT(refused(WebhookRefusal::Budget), 100u);
  EXPECT_EQ(book->totals().bodies, client.batches().size());
}

TEST_F(WebhookOutage, MutualTlsAndManyBatchesAtOnce) {
  start();
  ApiServerOptions tls = options();
  tls.url = *parse_url(fmt::format("https://127.0.0.1:{}/k8s-audit/prod", server->port(kTls)));
  tls.headers = {};
  tls.tls = {
      .certificate = folder.write("c", theirs.certificate), .key = folder.write("ck", theirs.key), .authorities = ca};
  tls.qps = 0, tls.max_size = 20;
  ApiServerClient client(tls);
  for (int i = 0; i < 4000; ++i) client.offer({}, event(i));
  client.run();
  EXPECT_EQ(client.taken_events().size(), 4000u);
  expect_exact(client);
}

}  // namespace
}  // namespace kubevigil
