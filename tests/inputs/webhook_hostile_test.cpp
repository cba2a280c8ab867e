// WebhookReceiver when the disk hangs, when clients are slow, broken or hostile, and when the power fails: what it
// costs is bounded, others are not disturbed, and every 200 stays true.
#include <gmock/gmock.h>

#include <random>
#include <set>

#include "tests/inputs/webhook_fixture.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Nothing compresses it.
std::string noise(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

TEST_F(WebhookTest, AHangingDiskPausesBodiesAndHoldsUpNoThread) {
  spool_options.commit.queue_bytes = 1'800'000;  // half of it has room for a block of each thread
  start();
  disk.close_gate();
  // More than the queue holds, on both io threads.
  std::vector<std::string> bodies;
  std::vector<std::unique_ptr<HttpClient>> clients;
  std::vector<std::thread> senders;
  std::atomic<int> taken = 0;
  for (int i = 0; i < 6; ++i) {
    bodies.push_back(noise(900'000, static_cast<uint64_t>(i)));
    clients.push_back(client(kPlain, "/k8s-audit/lab"));
  }
  for (size_t i = 0; i < bodies.size(); ++i) {
    senders.emplace_back([&, i] {
      const HttpRequest request{.headers = {bearer}, .body = bodies[i]};
      for (auto response = clients[i]->send(request);; response = clients[i]->send(request)) {
        if (!response || response->status != 429) {
          taken += response && response->status == 200 ? 1 : 0;
          return;
        }
      }
    });
  }
  EXPECT_TRUE(eventually([&] { return receiver->paused_bodies() > 0; }));
  // Those above may all have begun before the queue was full; who begins after it is told to come back.
  const auto late = client(kPlain, "/k8s-audit/lab")->send({.headers = {bearer}, .body = noise(1'000, 9)});
  EXPECT_EQ(late ? late->status : 0, 429);
  EXPECT_GT(refused(WebhookRefusal::Busy), 0u);
  for (int i = 0; i < 8; ++i) {  // connections go to the io threads in turn
    Wire other = wire();
    ASSERT_TRUE(other.write("GET /k8s-audit/lab HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(answer_on(other), StartsWith("HTTP/1.1 405 "));
  }
  EXPECT_LE(spool->commit().queued_bytes(), 1'800'000u);
  EXPECT_EQ(taken, 0);
  disk.open_gate();
  for (std::thread& sender : senders) sender.join();
  EXPECT_EQ(taken, 6);
  std::set<std::string> there;
  for (const auto& [source, bytes] : spooled(*spool)) there.insert(bytes);
  EXPECT_EQ(there, std::set<std::string>(bodies.begin(), bodies.end()));
  EXPECT_EQ(receiver->open_bytes(), 0u);
}

TEST_F(WebhookTest, WhoLeavesWhilePausedLeavesNothing) {
  spool_options.commit.queue_bytes = 300'000;
  start();
  disk.close_gate();
  {
    Wire one = wire();
    ASSERT_TRUE(one.write(lab_post(noise(3'000'000, 1)).substr(0, 1'000'000)));
    ASSERT_TRUE(eventually([&] { return receiver->paused_bodies() > 0; }));
  }
  disk.open_gate();
  EXPECT_TRUE(eventually([&] { return receiver->open_bytes() == 0 && spool->counts().open == 0; }));
  EXPECT_TRUE(eventually([&] { return spool->commit().queued_bytes() == 0; }));
  EXPECT_THAT(spooled(*spool), IsEmpty());
  EXPECT_EQ(client(kPlain, "/k8s-audit/lab")->send({.headers = {bearer}, .body = "x"})->status, 200);
}

TEST_F(WebhookTest, ADiskThatDoesNotAnswerIs429ForThoseWhoComeLater) {
  receiver_options.stalled = {0};
  start();
  disk.close_gate();
  Wire one = wire();
  ASSERT_TRUE(one.write(lab_post("first")));
  ASSERT_TRUE(eventually([&] { return disk.waiting() == 1; }));
  Wire other = wire();
  ASSERT_TRUE(other.write(lab_post("second")));
  EXPECT_THAT(answer_on(other), testing::AllOf(StartsWith("HTTP/1.1 429 "), HasSubstr("Retry-After: 3")));
  disk.open_gate();
  EXPECT_THAT(answer_on(one), StartsWith("HTTP/1.1 200 "));
}

TEST_F(WebhookTest, HalfRequestsAndSlowOnesLeaveNothing) {
  limits.body_window = {40'000};
  limits.body_window_bytes = 1000;
  start();
  const std::string whole = lab_post(std::string(400'000, 'x'));
  {
    Wire leaves = wire();
    ASSERT_TRUE(leaves.write(whole.substr(0, 300'000)));
    ASSERT_TRUE(eventually([&] { return server->counters().body_bytes > 0; }));
  }
  Wire slow = wire();
  ASSERT_TRUE(slow.write(whole.substr(0, 500)));
  EXPECT_THAT(slow.read_to_end(), StartsWith("HTTP/1.1 408 "));
  EXPECT_TRUE(eventually([&] { return receiver->open_bytes() == 0 && spool->counts().open == 0; }));
  EXPECT_EQ(spool->counts().aborted, 2u);
  EXPECT_THAT(spooled(*spool), IsEmpty());
}

TEST_F(WebhookTest, NothingIsSmuggled) {
  start();
  const std::string head = "POST /k8s-audit/lab HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + std::string(kToken);
  const std::string inner = head + "\r\nContent-Length: 8\r\n\r\nsmuggled";
  const std::string size = std::to_string(inner.size());
  const std::string rows[] = {
      head + "\r\nContent-Length: 0\r\nContent-Length: " + size + "\r\n\r\n" + inner,
      head + "\r\nContent-Length: 0, " + size + "\r\n\r\n" + inner,
      head + "\r\nContent-Length: " + size + "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
      head + "\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + inner,
      head + "\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + inner,
      head + "\r\nTransfer-Encoding:\vchunked\r\n\r\n0\r\n\r\n" + inner,
      head + "\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + inner,
      head + "\r\nContent-Length: +0\r\n\r\n" + inner,
      head + "\r\nContent-Length: 0x0\r\n\r\n" + inner,
      head + "\r\n Content-Length: 0\r\n\r\n" + inner,
      head + "\nContent-Length: 0\r\n\r\n" + inner,
      head + "\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + inner,
      head + "\r\nTransfer-Encoding: chunked\r\n\r\n0\n\r\n" + inner,
      head + "\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + inner,
  };
  for (const std::string& text : rows) {
    Wire one = wire();
    ASSERT_TRUE(one.write(text));
    const std::string answers = one.read_to_end();
    EXPECT_THAT(answers, StartsWith("HTTP/1.1 400 ")) << text;
    EXPECT_EQ(answers.find("HTTP/1.1", 1), std::string::npos) << text;
  }
  EXPECT_THAT(spooled(*spool), IsEmpty());
  // The same two requests, one after the other and honest.
  Wire one = wire();
  ASSERT_TRUE(one.write(head + "\r\nContent-Length: 0\r\n\r\n" + inner));
  EXPECT_THAT(answer_on(one), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(eventually([&] { return spooled(*spool).size() == 2; }));
}

class WrongClock : public Env {
 public:
  explicit WrongClock(Duration off) : off_(off) {}
  Timestamp now() const override { return system_env().now() + off_; }
  Duration monotonic() const override { return system_env().monotonic(); }
  size_t peak_memory() const override { return 0; }

 private:
  const Duration off_;
};

TEST_F(WebhookTest, BadTlsIsCountedAndDisturbsNobody) {
  start();
  const TestCertificate foreign = make_certificate({.common_name = "CA", .authority = true});
  struct Row {
    const char* name;
    TestCertificate shown;
    int64_t off = 0;  // seconds by which the client's clock is wrong, or it would not show this one
  };
  const Row rows[] = {
      {"signed by another", make_certificate({.common_name = "kube-apiserver"}, &foreign)},
      {"over", make_certificate({.common_name = "kube-apiserver", .begins_in = -200, .ends_in = -100}, &authority),
       -150},
      {"not yet", make_certificate({.common_name = "kube-apiserver", .begins_in = 1000}, &authority), 2000},
      {"signed by itself", make_certificate({.common_name = "kube-apiserver"})},
  };
  for (const Row& row : rows) {
    HttpClientOptions options;
    options.url = *parse_url(fmt::format("https://127.0.0.1:{}/k8s-audit", server->port(kTls)));
    options.tls = {.certificate = folder.write("bad", row.shown.certificate),
                   .key = folder.write("badk", row.shown.key),
                   .authorities = ca};
    const WrongClock clock(Duration::seconds(row.off));
    const auto opened = HttpClient::open(options, clock);
    ASSERT_TRUE(opened) << row.name << ": " << opened.error().message;
    const auto response = (*opened)->send({.body = "{}"});
    EXPECT_TRUE(!response || response->status == 401) << row.name;
  }
  for (const std::string& rubbish :
       {std::string("GET / HTTP/1.1\r\n\r\n"), noise(5000, 3), std::string("\x16\x03\x01")}) {
    Descriptor made = connect_to(server->port(kTls));
    const int fd = made.get();
    Wire one(std::move(made), Channel(fd));
    one.write(rubbish);
    shutdown(fd, SHUT_WR);
    one.read_to_end();
  }
  EXPECT_TRUE(eventually([&] { return server->counters().tls_failures >= 3; }));
  EXPECT_THAT(spooled(*spool), IsEmpty());
  EXPECT_EQ(client(kTls, "/k8s-audit")->send({.body = "{}"})->status, 200);
}

TEST_F(WebhookTest, AFloodWithoutCredentialsDisturbsNobody) {
  start();
  std::atomic<bool> over = false;
  std::atomic<int> turned_away = 0;
  std::vector<std::thread> flood;
  for (int i = 0; i < 4; ++i) {
    flood.emplace_back([&, i] {
      const std::string guess = i % 2 == 0 ? "" : "Authorization: Bearer guess-guess-guess\r\n";
      while (!over) {
        Wire one = wire();
        one.write("POST /k8s-audit/lab HTTP/1.1\r\nHost: x\r\n" + guess + "Content-Length: 500000000\r\n\r\n" +
                  std::string(10'000, 'x'));
        turned_away += answer_on(one).starts_with("HTTP/1.1 401 ") ? 1 : 0;
      }
    });
  }
  const auto good = client(kTls, "/k8s-audit/prod");
  int taken = 0;
  EXPECT_TRUE(eventually([&] {
    const auto response = good->send({.body = "{}"});
    taken += response && response->status == 200 ? 1 : 1'000'000;
    return taken >= 50 && turned_away > 100;
  }));
  over = true;
  for (std::thread& one : flood) one.join();
  EXPECT_LT(taken, 1'000'000);
  EXPECT_EQ(spool->counts().bodies, static_cast<uint64_t>(taken));
  EXPECT_EQ(spool->counts().refused_budget, 0u);  // they never came as far
  EXPECT_EQ(book->strangers().size(), 1u);
  EXPECT_EQ(book->review().size(), 1u);  // tokens are guessed, said once
}

// Clients post while the machine loses power at a random operation; after it, every body that was answered 200 is
// there.
TEST_F(WebhookTest, Every200IsInTheSpoolAfterALossOfPower) {
  const int rounds = std::getenv("KUBEVIGIL_SOAK") != nullptr ? 500 : 50;
  std::set<std::string> answered;
  spool_options.segment_bytes = 3000;
  for (int round = 0; round < rounds; ++round) {
    std::mt19937_64 random(static_cast<uint64_t>(round));
    spool_options.secret = static_cast<uint64_t>(round) + 1;
    start();
    memory.fault_at(1 + random() % 60, test::Fault::PowerOff);
    std::mutex mutex;
    std::vector<std::thread> senders;
    for (int i = 0; i < 3; ++i) {
      senders.emplace_back([&, i] {
        const auto one = client(kPlain, "/k8s-audit/lab");
        for (int n = 0; n < 200; ++n) {
          const std::string body = fmt::format("{} {} {} ", round, i, n) + noise(static_cast<size_t>(n % 5) * 300, 9);
          const auto response = one->send({.headers = {bearer}, .body = body});
          if (!response || response->status != 200) return;
          const std::lock_guard lock(mutex);
          answered.insert(body);
        }
      });
    }
    for (std::thread& sender : senders) sender.join();
    server.reset(), receiver.reset(), spool.reset();
    memory.lose_power(static_cast<uint64_t>(round) + 77);
  }
  start();
  std::set<std::string> there;
  for (const auto& [source, bytes] : spooled(*spool)) there.insert(bytes);
  for (const std::string& body : answered) ASSERT_TRUE(there.contains(body)) << body.substr(0, 20);
  EXPECT_GT(answered.size(), static_cast<size_t>(rounds));
}

}  // namespace
}  // namespace kubevigil
