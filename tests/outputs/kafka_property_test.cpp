// Thousands of lives of sinks that publish to a topic, with everything that can happen to them: deaths at each step of
// a transaction, losses of power, commits that are done though they failed or arrive late, cursors that expire, a
// second instance with its own journal that takes over, hours later and hours behind, both that send at once, data
// folders that are copied, put back from an older copy, and lost. What is committed in the topic is each revision of
// each alert once, and those of one key in order.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>
#include <random>

#include "engine/base/text.h"
#include "engine/run/journal_lives.h"
#include "outputs/kafka_transport.h"
#include "tests/support/sanitized.h"
#include "tests/support/simulated_topic.h"
#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using test::SimulatedTopic;
using test::SinkBench;
using test::TopicFault;
using test::TopicScript;

struct Died {};

struct Dice {
  explicit Dice(uint64_t seed) : engine(seed) {}
  bool one_in(uint64_t n) { return engine() % n == 0; }
  uint64_t below(uint64_t n) { return engine() % n; }
  std::mt19937_64 engine;
};

struct Gate : SendGate {
  bool open = true;
  bool may_send() const override { return open; }
  void delivered(std::string_view, Timestamp) override {}
  std::optional<Timestamp> settled(std::string_view) const override { return std::nullopt; }
};

constexpr size_t kMostBytes = 100;
constexpr const char* kLarge = "large";

// As a long text, which no topic takes.
class SizedEncoding : public test::PlainEncoding {
 public:
  void record(const Alert& alert, std::string& out) const override {
    PlainEncoding::record(alert, out);
    if (alert.rule_name == kLarge) out.append(kMostBytes, 'x');
  }
};

// A data folder, and how many alerts it had been told of.
struct Folder {
  std::map<std::string, std::string> files;
  size_t told = 0;
};

class Instance {
 public:
  Instance(SimulatedTopic& topic, Dice& dice) : topic_(topic), dice_(dice) {
    script_.fault = [this](const std::string& step) { return fault(step); };
    bench.gate = &gate;
    bench.env.next_random = dice_.engine();  // two instances have two journals
    open();
  }
  void start() {
    if (sink_) return;
    KafkaTransportOptions options;
    options.output = "soc";
    options.where = "kafka test";
    options.lives = lives_;
    const auto open = [this]() -> Result<std::unique_ptr<KafkaConsumer>> { return topic_.consumer(script_); };
    SinkConnection connection;
    connection.encoding = std::make_unique<SizedEncoding>();
    connection.transport =
        std::make_unique<KafkaTransport>(options, topic_.publisher("kubevigil", script_, bench.env),
                                         std::make_unique<KafkaLookup>(open, "alerts", "soc", bench.env), bench.env);
    SinkOptions sink = bench.options();
    sink.framing = Framing::Apart;
    sink.in_order = true;
    sink.limits.records = 1 + dice_.below(20);
    sink.give_up_after = Duration::hours(100'000);
    sink_ = std::make_unique<Sink>(bench.world(), std::move(connection), sink);
  }
  void step() {
    if (!sink_) start();
    try {
      const Sink::Pause pause = sink_->step();
      wait = pause.most;
    } catch (const Died&) {
      die();
    }
  }
  void die() {
    sink_.reset();
    if (dice_.one_in(2)) {
      bench.disk.lose_power(dice_.below(1'000'000));
    } else {
      bench.disk.kill_process();
    }
    open();
  }
  Folder folder() const {
    Folder out{{}, told};
    for (const std::string& path : bench.disk.paths()) out.files[path] = bench.disk.content(path);
    return out;
  }
  void put(const Folder& folder) {
    sink_.reset(), bench.journal.reset(), bench.outbox.reset();
    for (const std::string& path : bench.disk.paths()) {
      ASSERT_TRUE(bench.disk.remove(path));
      ASSERT_TRUE(bench.disk.sync_folder(path.substr(0, path.rfind('/'))));
    }
    for (const auto& [path, bytes] : folder.files) bench.disk.set_content(path, bytes);
    told = folder.told;
    open();
  }
  // The next ones that it derives.
  void feed(const std::vector<Alert>& alerts, size_t most) {
    for (; most > 0 && told < alerts.size(); --most) {
      bench.input();
      if (dice_.one_in(3)) bench.input();
      bench.alert(alerts[told++]);
    }
  }
  uint64_t lag() const { return sink_ ? sink_->counters().lag_entries : 1; }

  SinkBench bench;
  Gate gate;
  Duration wait{};
  bool calm = false;
  size_t told = 0;

 private:
  // A life of the program begins.
  void open() {
    bench.open();
    const auto lives = begin_journal_life(bench.disk, "/journal", bench.journal->durable_end(), bench.env);
    ASSERT_TRUE(lives) << lives.error().message;
    lives_ = *lives;
  }
  TopicFault fault(const std::string& step) {
    if (calm) return TopicFault::None;
    if (dice_.one_in(60)) throw Died();
    if (step == "late") return dice_.one_in(2) ? TopicFault::None : TopicFault::Fails;
    if (!dice_.one_in(12)) return TopicFault::None;
    if (step == "poll") return TopicFault::Fails;
    return static_cast<TopicFault>(1 + dice_.below(step == "commit" ? 3 : 2));
  }

  SimulatedTopic& topic_;
  Dice& dice_;
  TopicScript script_;
  JournalLives lives_;
  std::unique_ptr<Sink> sink_;
};

class KafkaWorld {
 public:
  explicit KafkaWorld(uint64_t seed)
      : dice(seed), topic(1 + dice.below(3), kMostBytes), a(topic, dice), b(topic, dice), pair(seed % 3 == 0) {
    lag_of_b = dice.one_in(2) ? 1 : 8;
  }

  // Each derives it in its time; when it happened is the same for both.
  void alert() {
    Alert made = test::plain_alert(fmt::format("a{}", dice.below(40)));
    made.revision = ++revisions[made.id];
    made.last_seen = a.bench.env.wall;
    if (dice.one_in(40)) made.rule_name = kLarge;
    alerts.push_back(made);
  }
  void pass(Duration time) {
    a.bench.env.pass(time);
    b.bench.env.pass(time);
  }
  void run(size_t steps) {
    a.start();
    if (pair) b.start();
    if (pair) b.gate.open = false;
    for (size_t i = 0; i < steps; ++i) act();
  }
  void act() {
    switch (dice.below(12)) {
      case 0:
      case 1:
      case 2:
        if (a.lag() < 200) alert();
        return a.feed(alerts, 1 + dice.below(3));
      case 3:
        return b.feed(alerts, dice.one_in(lag_of_b) ? dice.below(10 * lag_of_b) : 0);
      case 4:
        return pass(some_time());
      case 5:
        if (dice.one_in(10)) topic.forget_cursor();
        return folders();
      case 6:
        if (dice.one_in(5)) a.die();
        return;
      case 7:
        if (pair && dice.one_in(8)) take_over();
        return;
      default:
        a.step();
        if (pair) b.step();
    }
  }
  Duration some_time() {
    if (dice.one_in(15)) return Duration::hours(static_cast<int64_t>(dice.below(40)));
    if (dice.one_in(6)) return Duration::minutes(static_cast<int64_t>(dice.below(120)));
    return Duration::seconds(static_cast<int64_t>(dice.below(20)));
  }
  void folders() {
    if (dice.one_in(4)) backup = a.folder();
    if (pair && dice.one_in(10)) b.put(a.folder());
    if (pair && dice.one_in(30)) a.put(b.folder());
    if (dice.one_in(30)) a.put(backup);
    if (dice.one_in(60)) a.put({});
  }
  // Now and then both are told to send for a while.
  void take_over() {
    const bool both = dice.one_in(4);
    a.gate.open = both || !a.gate.open;
    b.gate.open = both || !a.gate.open;
  }
  // Nothing fails any longer.
  void settle() {
    a.calm = b.calm = true;
    a.feed(alerts, alerts.size());
    a.gate.open = true;
    b.gate.open = false;
    for (int i = 0; i < 200 && (i < 3 || a.lag() > 0); ++i) {
      a.step();
      pass(Duration::minutes(1));
    }
  }
  std::string problem() {
    std::map<std::string, std::vector<std::string>> should, is;
    for (const Alert& alert : alerts) {
      if (alert.rule_name != kLarge) should[alert.id].push_back(std::to_string(alert.revision));
    }
    for (size_t p = 0; p < topic.partitions(); ++p) {
      for (const test::TopicRecord& record : topic.committed(p)) {
        is[record.key].push_back(record.headers.at("kubevigil-revision"));
      }
    }
    if (a.lag() > 0) return fmt::format("{} entries are not delivered", a.lag());
    for (const auto& [key, revisions_of] : should) {
      if (is[key] != revisions_of) {
        return fmt::format("{}: {}", key,
                           testing::PrintToString(is[key]) + " instead of " + testing::PrintToString(revisions_of));
      }
    }
    return {};
  }

  Dice dice;
  SimulatedTopic topic;
  Instance a, b;
  const bool pair;
  uint64_t lag_of_b = 1;
  Folder backup;
  std::vector<Alert> alerts;
  std::map<std::string, uint32_t> revisions;
};

TEST(KafkaOutputProperty, EachRevisionOnceAndInOrderThroughEverything) {
  const char* given = std::getenv("KUBEVIGIL_SEED");
  const uint64_t first = given != nullptr ? std::stoull(given) : 1;
  constexpr uint64_t kSeeds = sanitized_share(2'000);
  const uint64_t seeds = given != nullptr ? 1 : std::getenv("KUBEVIGIL_SOAK") != nullptr ? 50'000 : kSeeds;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    KafkaWorld world(seed);
    world.run(400);
    world.settle();
    ASSERT_EQ(world.problem(), "") << "KUBEVIGIL_SEED=" << seed;
    ASSERT_FALSE(HasFatalFailure()) << "KUBEVIGIL_SEED=" << seed;
  }
}

}  // namespace
}  // namespace kubevigil
