// A broker that lets in whom it knows: SASL over TLS with each mechanism, TLS with a client's certificate. What a wrong
// password and an authority that nobody trusts are called, and that no text holds the password.
#include <functional>
#include <future>
#include <mutex>

#include "tests/kafka/broker_fixture.h"

namespace kubevigil {
namespace {

using test::KafkaSecurity;
using test::kPatience;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kWrong = "wr0ng-password";

class Secured : public test::SecuredTest {
 protected:
  void SetUp() override {
    SecuredTest::SetUp();
    if (is_over()) return;
    std::replace(topic.begin(), topic.end(), '/', '-');  // of tests with parameters
    ASSERT_TRUE(broker().create_topic(topic, 1));
  }
  static KafkaOptions by_sasl(const std::string& mechanism) {
    return {.brokers = broker().sasl_address(), .client_id = "test", .properties = broker().security().sasl(mechanism)};
  }
  static KafkaOptions by_certificate() {
    return {.brokers = broker().mutual_address(), .client_id = "test", .properties = broker().security().mutual()};
  }
  // Reads, publishes with a cursor, and holds a group.
  void expect_it_works(const KafkaOptions& options) {
    publish(options);
    EXPECT_EQ(first_value(options), "a");
    join(options);
  }
  void publish(const KafkaOptions& options) {
    const auto publisher = make_kafka_publisher(
        {.kafka = options, .topic = topic, .transactional_id = "kv-" + topic, .cursor_group = "kv-outbox-" + topic});
    const auto opened = publisher->open(kPatience);
    ASSERT_TRUE(opened) << opened.error().message;
    const KafkaOut message{"key", "a", {}};
    const auto done = publisher->publish(std::span(&message, 1), {7, "test"}, kPatience);
    ASSERT_TRUE(done) << done.error().message;
    const auto again = publisher->open(kPatience);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(*again, (KafkaCursor{7, "test"}));
  }
  std::string first_value(const KafkaOptions& options) {
    const auto opened = open_kafka_consumer(options);
    if (!opened) return opened.error().message;
    const auto& consumer = *opened;
    const auto found = consumer->partitions([&](const std::string& name) { return name == topic; }, kPatience);
    EXPECT_TRUE(found) << found.error().message;
    EXPECT_TRUE(consumer->assign(std::vector<KafkaPosition>{{{topic, 0}, 0}}));
    KafkaMessage message;
    const auto step = consumer->poll(message, kPatience);
    if (!step) return step.error().message;
    return std::string(message.value);
  }
  void join(const KafkaOptions& options) {
    const auto group = std::move(*open_kafka_group({options, "kv-group-" + topic, {topic}}));
    const auto members = group->members(kPatience);
    ASSERT_TRUE(members) << members.error().message;
    ASSERT_TRUE(group->join());
    EXPECT_TRUE(test::becomes([&] { return group->poll(Duration::seconds(1)).value_or(false); }));
  }
};

// What each call of each client says when it is not let in; all at once, for each waits as long as it may.
std::vector<std::string> refusals(const KafkaOptions& options, const std::string& topic) {
  constexpr Duration kSoon = Duration::seconds(5);
  const auto said = [](const auto& result) { return result ? "let in" : result.error().message; };
  const std::vector<std::function<std::string()>> calls = {
      [&] {
        const auto consumer = std::move(*open_kafka_consumer(options));
        return said(consumer->partitions([&](const std::string& name) { return name == topic; }, kSoon));
      },
      [&] {
        return said((*open_kafka_consumer(options))->range({topic, 0}, kSoon));
      },
      [&] {
        const std::string id = "kv-" + topic;
        return said(make_kafka_publisher({options, topic, id, id})->open(kSoon));
      },
      [&] {
        const auto publisher = make_kafka_publisher({options, topic, {}, {}});
        EXPECT_TRUE(publisher->open(kSoon));
        const KafkaOut message{"key", "a", {}};
        return said(publisher->publish(std::span(&message, 1), {}, kSoon));
      },
      [&] {
        return said((*open_kafka_group({options, "kv-group-" + topic, {topic}}))->members(kSoon));
      }};
  std::vector<std::future<std::string>> asked;
  for (const auto& call : calls) asked.push_back(std::async(std::launch::async, call));
  std::vector<std::string> out;
  for (auto& answer : asked) out.push_back(answer.get());
  return out;
}

class SecuredBy : public Secured, public testing::WithParamInterface<const char*> {};

// What it says where SCRAM cannot work: https://github.com/confluentinc/librdkafka/pull/4895
bool is_refused(const std::string& mechanism) {
  return mechanism.starts_with("SCRAM") && rd_kafka_version() < 0x02060100 && !test::kafka_version().starts_with("3.");
}

TEST_P(SecuredBy, ReadsPublishesAndHoldsAGroup) {
  if (!is_refused(GetParam())) return expect_it_works(by_sasl(GetParam()));
  EXPECT_THAT(refusals(by_sasl(GetParam()), topic), Each(HasSubstr("brokers from Kafka 4.0 on do not take SCRAM")));
}

INSTANTIATE_TEST_SUITE_P(Secured, SecuredBy, testing::Values("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"),
                         [](const auto& of) {
                           std::string name = of.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_F(Secured, ACertificateOfOursIsAsGoodAsAPassword) { expect_it_works(by_certificate()); }

TEST_F(Secured, AWrongPasswordIsNamed) {
  for (const char* mechanism : {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}) {
    KafkaOptions options = by_sasl(mechanism);
    options.properties["sasl.password"] = kWrong;
    std::mutex mutex;
    std::string log;
    options.log = [&](int, const std::string& line) {
      const std::lock_guard hold(mutex);
      log += line + "\n";
    };
    const std::vector<std::string> said = refusals(options, topic);
    EXPECT_THAT(said, Each(HasSubstr("SASL authentication error: ")));
    EXPECT_THAT(said, Each(Not(HasSubstr(kWrong))));
    EXPECT_THAT(log, AllOf(HasSubstr("SASL authentication error"), Not(HasSubstr(kWrong))));
  }
}

TEST_F(Secured, AnAuthorityThatIsNotOursIsNamed) {
  KafkaOptions options = by_sasl("PLAIN");
  options.properties["ssl.ca.location"] = broker().security().stranger();
  const std::vector<std::string> said = refusals(options, topic);
  EXPECT_THAT(said, Each(HasSubstr("certificate verify failed")));
  EXPECT_THAT(said, Each(Not(HasSubstr(KafkaSecurity::kPassword))));
}

TEST_F(Secured, ACertificateThatTheBrokerDoesNotTrustIsNamed) {
  KafkaOptions options = by_certificate();
  options.properties = broker().security().mutual_of_stranger();
  EXPECT_THAT(refusals(options, topic), Each(HasSubstr("alert certificate unknown")));
}

TEST_F(Secured, AnotherProtocolThanTheListenersIsNamed) {
  KafkaOptions options = by_sasl("PLAIN");
  options.properties.clear();
  EXPECT_THAT(refusals(options, topic), Each(HasSubstr("incorrect security.protocol configuration")));
}

}  // namespace
}  // namespace kubevigil
