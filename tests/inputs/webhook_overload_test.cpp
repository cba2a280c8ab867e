// Ten times more than can be processed: memory and disk are bounded, who is refused is told when to come back, what was
// answered 200 is there, and when it is over all is as before.
#include <gmock/gmock.h>

#include <random>
#include <set>

#include "tests/inputs/webhook_fixture.h"

namespace kubevigil {
namespace {

constexpr size_t kSenders = 16, kBody = 60'000, kOpenBytes = 500'000, kQueue = 300'000;
constexpr size_t kPlace = 2 * kBody + 4096;  // what one body announces
constexpr uint64_t kBudget = 1'000'000;
constexpr int kTries = 100;    // of each sender
constexpr int kOverload = 10;  // tries for each body that is processed, at least

class Overload : public WebhookTest {
 protected:
  Overload() {
    std::mt19937_64 random(1);
    for (char& c : noise) c = static_cast<char>(random());
    spool_options.budget = kBudget;
    spool_options.segment_bytes = 100'000;
    spool_options.commit.queue_bytes = kQueue;
    receiver_options.open_bytes = kOpenBytes;
  }
  // The engine behind the spool, which is as fast as it is told to be.
  void process() {
    SpoolReader reader(*spool, {});
    for (;;) {
      if (processed >= wanted) {
        std::this_thread::yield();
        continue;
      }
      const auto step = reader.next();
      ASSERT_TRUE(step);
      if (*step != SpoolReader::Step::Body) {
        if (ended) return;
        std::this_thread::yield();
        continue;
      }
      std::string bytes(2 * kBody, '\0');
      size_t size = 0;
      while (const size_t n = reader.body().bytes->read(std::span(bytes).subspan(size))) size += n;
      bytes.resize(size);
      EXPECT_TRUE(there.insert(std::move(bytes)).second) << "twice";
      ASSERT_TRUE(spool->trim(reader.position()));
      ++processed;
    }
  }
  void look() {
    const auto raise = [](auto& most, uint64_t now) {
      for (uint64_t seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
    };
    raise(most_open, receiver->open_bytes());
    raise(most_queued, spool->commit().queued_bytes());
    raise(most_spooled, spool->bytes());
  }
  // True: taken. Every other answer says when to come back.
  bool post(HttpClient& client, const std::string& body) {
    const auto response = client.send({.headers = {bearer}, .body = body});
    look();
    if (!response) {
      ADD_FAILURE() << response.error().message;
      return false;
    }
    if (response->status == 200) return true;
    EXPECT_EQ(response->status, 429);
    const auto named = [](const HttpHeader& header) { return header.name == "Retry-After" && header.value == "3"; };
    EXPECT_TRUE(std::any_of(response->headers.begin(), response->headers.end(), named));
    return false;
  }

  std::string noise = std::string(kBody, '\0');  // nothing compresses it
  std::set<std::string> there;                   // processed bodies
  std::atomic<uint64_t> wanted = 0, acknowledged = 0, processed = 0, most_open = 0, most_queued = 0, most_spooled = 0;
  std::atomic<bool> ended = false;
};

TEST_F(Overload, TenTimesTheRatedLoadIsRefusedInBoundedMemoryAndNothingAnsweredIsLost) {
  start();
  std::atomic<uint64_t> tries = 0;
  std::mutex mutex;
  std::set<std::string> answered;
  std::thread engine([&] { process(); });
  std::vector<std::thread> senders;
  for (size_t s = 0; s < kSenders; ++s) {
    senders.emplace_back([&, s] {
      const auto one = client(kPlain, "/k8s-audit/lab");
      for (int n = 0; n < kTries; ++n) {
        // However the machine is loaded, what could be processed by now is.
        ASSERT_TRUE(eventually([&] { return processed >= std::min(wanted.load(), acknowledged.load()); }));
        const std::string body = fmt::format("{} {} ", s, n) + noise;
        const bool taken = post(*one, body);
        wanted = ++tries / kOverload;
        if (!taken) continue;
        ++acknowledged;
        const std::lock_guard hold(mutex);
        answered.insert(body);
      }
    });
  }
  for (std::thread& sender : senders) sender.join();

  const size_t held = kBudget / kBody;  // bodies that the spool has room for
  EXPECT_GT(answered.size(), held);
  EXPECT_LE(answered.size(), tries / kOverload + held + kSenders);
  EXPECT_GT(refused(WebhookRefusal::Budget), 0u);
  EXPECT_EQ(refused(WebhookRefusal::Broken) + server->counters().answers[5], 0u);
  EXPECT_LE(most_open, kOpenBytes + kSenders * kPlace);  // announced before it is found to be too much
  EXPECT_LE(most_queued, kQueue + kSenders * kPlace);
  EXPECT_LE(most_spooled, kBudget + kSenders * 1000);  // frames

  // It is over: what waits is processed, and then everybody is taken at the first try.
  ended = true, wanted = UINT64_MAX;
  engine.join();
  EXPECT_EQ(there, answered);
  EXPECT_EQ(receiver->open_bytes(), 0u);
  const auto one = client(kPlain, "/k8s-audit/lab");
  for (size_t i = 0; i < held / 2; ++i) EXPECT_TRUE(post(*one, fmt::format("afterwards {} ", i) + noise)) << i;
}

}  // namespace
}  // namespace kubevigil
