// The real `kubevigil serve` that reads from and publishes to a broker with TLS and passwords; doctor and sinks beside
// it. What is said with a wrong password, and that the password itself is nowhere.
#include <fmt/format.h>

#include <filesystem>

#include "tests/kafka_input/admin.h"
#include "tests/kafka_output/serve_fixture.h"

namespace kubevigil {
namespace {

using test::becomes;
using test::Instance;
using test::KafkaSecurity;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kWrong = "wr0ng-password";
constexpr const char* kVariable = "TEST_KAFKA_PASSWORD";

class SecuredServe : public test::SecuredTest {
 protected:
  void SetUp() override {
    SecuredTest::SetUp();
    if (is_over()) return;
    ASSERT_TRUE(broker().create_topic(audit, 1));
    ASSERT_TRUE(broker().create_topic(topic, 1));
  }
  void TearDown() override { ::unsetenv(kVariable); }
  // The input's password is in the environment, the output's in a file.
  std::string config(const char* password) const {
    ::setenv(kVariable, password, 1);
    const std::string how = fmt::format(
        "properties: {{security.protocol: SASL_SSL, sasl.mechanism: PLAIN, sasl.username: {}, ssl.ca.location: {}}}",
        KafkaSecurity::kUser, broker().security().authority());
    return fmt::format(R"(rules: {{builtin: false, paths: [{0}]}}
inputs:
  kafka: [{{name: main, brokers: "{1}", topics: [{2}], cluster: lab, {3}, secrets: {{sasl.password: {{env: {4}}}}}}}]
state: {{snapshot-every: 1s}}
outputs:
  - name: stream
    transport: kafka
    retry: {{first: 100ms, most: 1s}}
    kafka: {{brokers: "{1}", topic: {5}, timeout: 5s, {3}, secrets: {{sasl.password: {{file: {6}}}}}}}
)",
                       folder.write("rules.yaml", e2e::kRules), broker().sasl_address(), audit, how, kVariable, topic,
                       secret_file(password));
  }
  std::string secret_file(const char* password) const {
    const std::string path = folder.write("password", std::string(password) + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    return path;
  }
  void produce(size_t n) {
    std::vector<std::string> values;
    for (; n > 0; --n) values.push_back(e2e::object_event(written++));
    ASSERT_TRUE(broker().produce(audit, 0, values));
  }
  size_t alerts_of_objects() {
    const auto all = committed_values();
    return static_cast<size_t>(std::count_if(all.begin(), all.end(), [](const std::string& json) {
      return json.find("\"object_created\"") != std::string::npos;
    }));
  }
  e2e::Result run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"-c", folder.path("test.yaml")});
    return e2e::run(arguments);
  }
  // Log, answers and whatever is on the disk.
  std::string everything(const Instance& serve) const {
    std::string out = serve.said();
    for (const char* path : {"/api/v1/status", "/api/v1/sources", "/api/v1/alerts", "/api/v1/rules", "/metrics"}) {
      out += test::admin_answer(serve.admin, path);
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(serve.data)) {
      if (entry.is_regular_file()) out += e2e::read_file(entry.path());
    }
    return out;
  }

  const TestFolder folder;
  const std::string audit = topic + "-audit";
  size_t written = 0;
};

TEST_F(SecuredServe, ReadsAndPublishesAndSaysNoPassword) {
  Instance serve(folder, "test", config(KafkaSecurity::kPassword));
  serve.start();
  produce(50);
  ASSERT_TRUE(becomes([&] { return alerts_of_objects() == written; })) << serve.said();
  const e2e::Result doctor = run({"doctor"}), trial = run({"sinks", "test", "stream"});
  EXPECT_THAT(doctor.out, HasSubstr(fmt::format("topic {} answers, it has 1 partitions", topic)));
  EXPECT_THAT(doctor.out, HasSubstr("kafka main: its topics can be read; the first 50 records hold 50 events"));
  EXPECT_THAT(doctor.out, HasSubstr("kafka main: 50 events, 0 messages behind"));
  EXPECT_EQ(trial.code, 0) << trial.out << trial.err;
  EXPECT_THAT(trial.out + trial.err, HasSubstr("acknowledged by the brokers"));
  const std::string all = everything(serve) + doctor.out + doctor.err + trial.out + trial.err;
  EXPECT_THAT(all, Not(HasSubstr(KafkaSecurity::kPassword)));
  EXPECT_EQ(serve.stop(), 0) << serve.said();
  EXPECT_EQ(alerts_of_objects(), written);
}

TEST_F(SecuredServe, AWrongPasswordIsNamedEverywhereAndNeverShown) {
  Instance serve(folder, "test", config(kWrong));
  produce(1);
  serve.start();
  const auto sources = [&] { return test::admin_answer(serve.admin, "/api/v1/sources"); };
  EXPECT_TRUE(becomes([&] { return sources().find("SASL authentication error") != std::string::npos; })) << sources();
  const e2e::Result doctor = run({"doctor"}), trial = run({"sinks", "test", "stream"});
  EXPECT_EQ(doctor.code, 1);
  EXPECT_THAT(doctor.out, AllOf(HasSubstr("stream: topic"), HasSubstr("SASL authentication error"),
                                HasSubstr("fail  input       kafka main: asking for topics: "),
                                HasSubstr("kafka main: asking who is in the group")));
  EXPECT_EQ(trial.code, 1);
  EXPECT_THAT(trial.out + trial.err, HasSubstr("The cluster does not know the user: look at sasl.username"));
  const std::string all = everything(serve) + doctor.out + doctor.err + trial.out + trial.err;
  EXPECT_THAT(all, Not(HasSubstr(kWrong)));
  EXPECT_EQ(serve.stop(), 0) << serve.said();
}

}  // namespace
}  // namespace kubevigil
