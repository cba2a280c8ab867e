// A publisher that is stopped in the middle of a transaction until its time is over (transaction.timeout.ms): who reads
// goes on, what it had sent is never seen, and when it goes on, it publishes that once.
#include <fmt/format.h>
#include <sys/mman.h>

#include <array>
#include <atomic>

#include "tests/kafka/broker_fixture.h"

namespace kubevigil {
namespace {

using test::becomes;
using test::kPatience;

constexpr const char* kTimeout = "3000";
constexpr const char* kBehind = "behind it";

// What the program that publishes and the test tell each other.
struct Shared {
  std::atomic<int64_t> published = 0;  // the messages "0", "1", ... below it
  std::atomic<int> fault = -1;         // KafkaFault of the first publish() that failed
  std::array<char, 200> message{};     // of it
  std::atomic<bool> enough = false;
};

class Expiry : public test::BrokerTest {
 protected:
  void SetUp() override {
    BrokerTest::SetUp();
    if (is_over()) return;
    ASSERT_TRUE(broker().create_topic(topic, 1));
    void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    shared = new (memory) Shared;
  }
  void TearDown() override {
    if (program <= 0) return;
    ::kill(program, SIGKILL);
    ::waitpid(program, nullptr, 0);
  }
  // Another process, for a thread cannot be stopped. It does as a sink does.
  void start_program() {
    const pid_t parent = ::getpid();
    program = ::fork();
    if (program != 0) return;
    test::end_with(parent);
    KafkaOptions options = kafka();
    options.properties["transaction.timeout.ms"] = kTimeout;
    const auto publisher = make_kafka_publisher(
        {.kafka = options, .topic = topic, .transactional_id = "kv-" + topic, .cursor_group = "kv-outbox-" + topic});
    publish_all(*publisher);
    ::_exit(0);
  }
  void publish_all(KafkaPublisher& publisher) const {
    bool is_open = false;
    while (!shared->enough) {
      if (!is_open) {
        const auto cursor = publisher.open(kPatience);
        if (!(is_open = cursor.has_value())) continue;
        if (*cursor) shared->published = (*cursor)->value + 1;
      }
      const int64_t next = shared->published;
      const std::string value = std::to_string(next);
      const KafkaOut message{"key", value, {}};
      const auto done = publisher.publish(std::span(&message, 1), {next, {}}, kPatience);
      is_open = done && !publisher.wants_open();
      if (done) ++shared->published;
      if (!done && shared->fault < 0) {
        done.error().message.copy(shared->message.data(), shared->message.size() - 1);
        shared->fault = static_cast<int>(done.error().fault);
      }
    }
  }
  // Stopped, and a transaction of it is open.
  bool stop_in_a_transaction() {
    return becomes([&] {
      ::kill(program, SIGSTOP);
      if (broker().has_open_transaction(topic, 0)) return true;
      ::kill(program, SIGCONT);
      ::poll(nullptr, 0, 5);
      return false;
    });
  }

  Shared* shared = nullptr;
  pid_t program = -1;
};

TEST_F(Expiry, WhoReadsGoesOnAndSoDoesThePublisherAndNothingIsLostOrTwice) {
  start_program();
  ASSERT_TRUE(becomes([&] { return shared->published > 0; }));
  int64_t stopped_at = 0;
  std::vector<std::string> meanwhile;
  ASSERT_TRUE(becomes([&] {  // not when the end of the transaction was under way
    EXPECT_TRUE(stop_in_a_transaction());
    stopped_at = shared->published;
    EXPECT_TRUE(broker().produce(topic, 0, kBehind));
    EXPECT_TRUE(becomes([&] { return !broker().has_open_transaction(topic, 0); }));
    meanwhile = committed_values();
    ::kill(program, SIGCONT);
    EXPECT_TRUE(becomes([&] { return shared->published > stopped_at + 1; }));
    return shared->fault >= 0 || HasFailure();
  }));
  // Its own clock says so first, or the coordinator does. Never a fault for which a sink gives up the message.
  EXPECT_THAT(static_cast<KafkaFault>(shared->fault.load()), testing::AnyOf(KafkaFault::Retry, KafkaFault::Fenced))
      << shared->message.data();
  fmt::print("{}\n", shared->message.data());
  EXPECT_EQ(meanwhile.back(), kBehind);
  EXPECT_THAT(meanwhile, testing::Not(testing::Contains(std::to_string(stopped_at))));
  shared->enough = true;
  ::waitpid(std::exchange(program, -1), nullptr, 0);

  auto values = committed_values();
  std::erase(values, kBehind);
  ASSERT_EQ(values.size(), static_cast<size_t>(shared->published));
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], std::to_string(i));
}

}  // namespace
}  // namespace kubevigil
