// kill -9 on the real `kubevigil serve` at random moments while it reads from one topic and publishes to another, with
// poison in each partition: a read_committed reader sees each revision of each alert once, and in the end the alerts
// are those of `kubevigil replay` over the same events in the order that the journal says.
#include <fmt/format.h>

#include <random>

#include "inputs/kafka_place.h"
#include "tests/kafka_output/serve_fixture.h"
#include "tests/support/seed_of_run.h"

namespace kubevigil {
namespace {

using test::becomes;
using test::Instance;
using testing::HasSubstr;

constexpr int kPartitions = 3;
constexpr const char* kPoison = "{\"poison\": \n";
constexpr std::string_view kEnd = "2026-01-09";

// One line an alert, of what two runs with different keys and inputs say of it alike: not its id, not from where its
// events were read, and not how often it was told before.
std::string in_common(const std::string& alert) {
  std::string out = alert;
  const auto without = [&](std::string_view begin, std::string_view end) {
    const size_t at = out.find(begin);
    if (at == std::string::npos) return false;
    out.erase(at, out.find(end, at) - at);
    return true;
  };
  without("\"id\":", "\"dedup_key\":");
  without("\"revision\":", "\"status\":");
  while (without(",\"file\":", "}")) {
  }
  return out;
}

class InAndOut : public test::ServeToKafka {
 protected:
  void SetUp() override {
    ServeToKafka::SetUp();
    if (is_over()) return;
    ASSERT_TRUE(broker().create_topic(audit, kPartitions));
    ASSERT_TRUE(broker().create_topic(topic, 1));
  }
  std::string reads_and_publishes() {
    return fmt::format(R"(rules: {{builtin: false, paths: [{0}]}}
inputs:
  kafka: [{{name: main, brokers: "{1}", topics: [{2}], cluster: lab}}]
state: {{snapshot-every: 1s}}
outputs:
  - name: soc
    transport: kafka
    retry: {{first: 100ms, most: 1s}}
    kafka: {{brokers: "{1}", topic: {3}}}
  - name: never  # takes nothing, so the journal keeps all
    transport: http
    http: {{url: "http://127.0.0.1:9/"}}
)",
                       rules, broker().address(), audit, topic);
  }
  int64_t cursor() const { return broker().committed("kubevigil-test-soc", topic); }
  void put(int32_t partition, const std::vector<std::string>& values) {
    ASSERT_TRUE(broker().produce(audit, partition, values));
    auto& all = produced[static_cast<size_t>(partition)];
    all.insert(all.end(), values.begin(), values.end());
  }
  void produce(size_t n) {
    std::array<std::vector<std::string>, kPartitions> values;
    for (; n > 0; --n, ++written) values[written % kPartitions].push_back(e2e::object_event(written));
    for (int32_t p = 0; p < kPartitions; ++p) put(p, values[static_cast<size_t>(p)]);
  }
  bool life(Instance& serve, std::mt19937_64& random, bool waits);
  // In each partition an event so much later that all alerts before are closed.
  void produce_end() {
    for (int32_t p = 0; p < kPartitions; ++p) {
      std::string end = e2e::object_event(written++);
      for (size_t at = 0; (at = end.find("2026-01-05", at)) != std::string::npos;) end.replace(at, kEnd.size(), kEnd);
      put(p, {end});
    }
  }
  // The events in the order in which they were processed. REQUIRES: it does not run.
  std::string processed(const Instance& serve) const {
    std::string out;
    JournalOptions options;
    options.folder = serve.data + "/journal";
    const auto journal = Journal::open(posix_disk(), options);
    EXPECT_TRUE(journal) << journal.error().message;
    JournalReader reader(**journal, (*journal)->first_sequence());
    for (auto step = reader.next(); step && *step == JournalReader::Step::Entry; step = reader.next()) {
      const auto* input = std::get_if<JournalInput>(&reader.entry());
      const auto at = input == nullptr ? std::nullopt : parse_kafka_source("kafka/main", input->source);
      if (!at) continue;
      const auto from = parse_kafka_place(input->from), to = parse_kafka_place(input->to);
      const auto& of_it = produced[static_cast<size_t>(at->partition)];
      for (auto i = from->offset; i < to->offset; ++i) {
        const std::string& value = of_it.at(static_cast<size_t>(i));
        if (value != kPoison) out += value + "\n";
      }
    }
    return out;
  }
  // In its last revision, of each alert but those about the end.
  std::vector<std::string> last_published() const {
    const test::Published all = published();
    std::map<std::string, std::pair<int, std::string>> last;
    for (size_t i = 0; i < all.names.size(); ++i) {
      if (test::is_self_alert(all.values[i]) || is_of_end(all.values[i])) continue;
      const size_t dot = all.names[i].find('.');
      auto& of = last[all.names[i].substr(0, dot)];
      of = std::max(of, {std::stoi(all.names[i].substr(dot + 1)), all.values[i]});
    }
    std::vector<std::string> out;
    for (const auto& [id, of] : last) out.push_back(in_common(of.second));
    std::sort(out.begin(), out.end());
    return out;
  }
  std::vector<std::string> replayed(const std::string& events) const {
    const auto run = e2e::run({"replay", folder.write("events.ndjson", events), "--no-builtin", "--rules", rules,
                               "--cluster", "lab", "-o", "jsonl"});
    EXPECT_EQ(run.code, 0) << run.err;
    std::vector<std::string> out;
    for (size_t at = 0, end = 0; (end = run.out.find('\n', at)) != std::string::npos; at = end + 1) {
      const std::string alert = run.out.substr(at, end - at);
      if (!is_of_end(alert)) out.push_back(in_common(alert));
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  static bool is_of_end(const std::string& alert) { return alert.find(kEnd) != std::string::npos; }
  bool all_closed() const {
    const auto all = last_published();
    return std::all_of(all.begin(), all.end(), [](const std::string& alert) {
      return alert.find("\"status\":\"closed\"") != std::string::npos;
    });
  }

  const std::string audit = topic + "-audit", rules = folder.write("rules.yaml", e2e::kRules);
  std::array<std::vector<std::string>, kPartitions> produced;
};

// True: it died behind a commit of this life.
bool InAndOut::life(Instance& serve, std::mt19937_64& random, bool waits) {
  const int64_t before = cursor();
  serve.start();
  if (random() % 3 == 0) put(static_cast<int32_t>(random() % kPartitions), {kPoison});
  produce(10 + random() % 90);
  if (waits) {
    EXPECT_TRUE(becomes([&] { return cursor() > before; })) << serve.said();
  }
  for (size_t n = random() % 10; n > 0; --n) produce(1 + random() % 30);
  ::poll(nullptr, 0, static_cast<int>(random() % 30));  // the moment is what is random here
  serve.kill();
  produce(random() % 20);
  return cursor() > before;
}

TEST_F(InAndOut, ThroughKillsTheAlertsAreThoseOfReplayEachRevisionOnce) {
  const uint64_t seed = test::seed_of_run();
  SCOPED_TRACE(fmt::format("KUBEVIGIL_SEED={}", seed));
  std::mt19937_64 random(seed);
  const int kills = std::getenv("KUBEVIGIL_SOAK") != nullptr ? 200 : 10;
  int behind_a_commit = 0;
  Instance serve(folder, "test", reads_and_publishes());
  for (int32_t p = 0; p < kPartitions; ++p) put(p, {kPoison});
  for (int i = 0; i < kills && !HasFailure(); ++i) behind_a_commit += life(serve, random, i % 5 != 0) ? 1 : 0;
  serve.start();
  ASSERT_TRUE(all_published()) << serve.said();
  produce_end();
  EXPECT_TRUE(becomes([&] { return all_closed(); })) << serve.said();
  EXPECT_EQ(serve.stop(), 0) << serve.said();

  expect_published(serve.journaled());
  const auto is = last_published(), should = replayed(processed(serve));
  EXPECT_TRUE(is == should) << test::difference(is, should);
  for (const std::string& value : published().values) {
    EXPECT_TRUE(!test::is_self_alert(value) || value.find("kubevigil_bad_records") != std::string::npos) << value;
  }
  EXPECT_GE(behind_a_commit, kills * 4 / 5);
  fmt::print("{} kills, {} behind a commit of that life; {} events, {} alerts\n", kills, behind_a_commit, written,
             is.size());
  const auto again = e2e::run({"replay", "--journal", serve.data, "--config", folder.path("test.yaml")});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr(" 0 different"));
}

}  // namespace
}  // namespace kubevigil
