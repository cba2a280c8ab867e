// From a body's arrival to its alert at the consumer: spool, judging, correlation with the built-in rules, journal and
// a sink, on the real disk, at a given number of events a second in batches of 400 from three senders. In each batch
// one event opens an alert; its time is the moment of arrival. Checks that every alert came and every event was counted
// before it tells how long it took.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <thread>

#include "bench/generator.h"
#include "engine/app/pack.h"
#include "engine/base/text.h"
#include "engine/run/live_pipeline.h"
#include "engine/run/sink.h"
#include "engine/run/spool_input.h"
#include "outputs/registry.h"

namespace kubevigil::bench {
namespace {

constexpr size_t kBatch = 400;     // events, as the API server sends at most
constexpr size_t kTemplates = 40;  // bodies, used again and again under new times
constexpr size_t kBodies = 1000;   // as many as a 99.9th percentile needs
constexpr const char* kRule = R"(
title: What is timed
id: 6d8f1df0-2f0c-4d1c-9a43-1c7c8f1f0a11
name: timed
level: high
logsource: {product: kubernetes, service: audit}
detection:
  s: {objectRef.resource: timed, verb: delete}
  condition: s
kubevigil: {dedup: {by: [user.username], period: 1s}}
)";

// An EventList whose times and timed user can be set anew; the events differ in their audit ids and times.
struct Body {
  std::string text;
  std::vector<size_t> times;  // of "2026-01-02T03:04:05.000000Z" in text
  size_t user = 0;            // of eight digits

  void stamp(Timestamp now, uint64_t number) {
    for (size_t i = 0; i < times.size(); ++i) {
      // The pair of one event is the same; events follow each other, the timed one is the last.
      const Timestamp at{now.micros - static_cast<int64_t>((times.size() - 2 - (i & ~size_t{1})) / 2)};
      text.replace(times[i], 27, format_rfc3339(at));
    }
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08u", static_cast<unsigned>(number % 100'000'000));
    text.replace(user, 8, digits);
  }
};

Body make_body(Generator& generator, size_t number) {
  Body body;
  body.text = R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[)";
  for (size_t i = 0; i + 1 < kBatch; ++i) {
    generator.append(body.text);
    body.text.back() = ',';
  }
  body.text +=
      R"({"level":"Metadata","auditID":"00000000-0000-4000-8000-)" +
      std::string(12, static_cast<char>('a' + number % 6)) +
      R"(","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/n/timed/x","verb":"delete","user":{"username":")" +
      R"(timed-00000000"},"sourceIPs":["192.0.2.1"],"objectRef":{"resource":"timed","namespace":"n","name":"x",)" +
      R"("apiVersion":"v1"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-02T03:04:05.000000Z",)" +
      R"("stageTimestamp":"2026-01-02T03:04:05.000000Z"}]})";
  body.user = body.text.rfind("timed-00000000") + 6;
  for (const std::string_view key : {"\"requestReceivedTimestamp\":\"", "\"stageTimestamp\":\""}) {
    for (size_t at = body.text.find(key); at != std::string::npos; at = body.text.find(key, at + 1)) {
      body.times.push_back(at + key.size());
    }
  }
  std::sort(body.times.begin(), body.times.end());
  return body;
}

// What the consumer got, and when.
struct Delivered {
  std::mutex mutex;
  std::vector<int64_t> micros;

  class To : public Transport {
   public:
    explicit To(Delivered& delivered) : delivered_(delivered) {}
    Delivery send(const Message& message) override {
      const Timestamp now = system_env().now();
      const std::lock_guard hold(delivered_.mutex);
      for (const Alert& alert : message.alerts) {
        if (alert.rule_name == "timed" && alert.revision == 1) delivered_.micros.push_back((now - alert.time).micros);
      }
      return {};
    }

   private:
    Delivered& delivered_;
  };
};

class Server {
 public:
  explicit Server(Delivered& delivered) : log_(system_env(), {}, [](std::string_view) {}) {
    const std::string data = folder_.string();
    const Env& env = system_env();
    SpoolOptions spool;
    spool.folder = data + "/spool";
    spool.secret = env.random();
    spool_ = *Spool::open(posix_disk(), spool);
    JournalOptions journal;
    journal.folder = data + "/journal";
    journal.secret = env.random();
    journal_ = *Journal::open(posix_disk(), journal);
    snapshots_ = *SnapshotStore::open(posix_disk(), data + "/snapshots", "state");
    OutboxOptions outbox;
    outbox.folder = data + "/outbox";
    outbox.sinks = {"timed"};
    outbox.secret = env.random();
    outbox_ = *Outbox::open(posix_disk(), outbox);
    LiveOptions options;
    options.threads = 2;
    pipeline_ = std::make_unique<LivePipeline>(
        LiveWorld{*journal_, *snapshots_, outbox_.get(), env, log_, self_,
                  [](const std::string&) -> Result<LiveRules> { return fail("there is no other life"); }},
        options);
    sink_ = std::make_unique<Sink>(SinkWorld{*journal_, *outbox_, posix_disk(), env},
                                   SinkConnection{make_encoding("jsonl", {.revisions = true, .env = &env}),
                                                  std::make_unique<Delivered::To>(delivered)},
                                   SinkOptions{.name = "timed", .dead_letters = {.path = data + "/dead", .sink = {}}});
  }
  ~Server() {
    spool_->interrupt();
    (void)pipeline_->stop();
    sink_.reset();
    pipeline_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  Result<void> start() {
    LoadOptions loading;
    loading.lists = builtin_lists();
    std::vector<RuleSource> sources = builtin_rules();
    sources.push_back({"timed.yaml", kRule, false});
    auto rules = std::make_shared<LiveRules>();
    rules->hash = "bench";
    rules->program = Program::compile(std::make_shared<const RuleSet>(load_rules(sources, loading).rules));
    rules->detector.state_bytes = 256u << 20;
    rules->open_inputs = [this] {
      LiveInputs inputs;
      inputs.push_back(std::make_unique<SpoolInput>(*spool_, SpoolInputOptions{}));
      return inputs;
    };
    if (auto recovered = pipeline_->recover(rules); !recovered) return fail(recovered.error().message);
    if (auto started = pipeline_->start(); !started) return started;
    sink_->start();
    return {};
  }
  Spool& spool() { return *spool_; }
  ConsumerStatus status() const { return pipeline_->status().consumer; }

 private:
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("kubevigil-serve-bench-" + std::to_string(getpid()));
  Log log_;
  SelfAlerts self_{"bench", 1};
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<SnapshotStore> snapshots_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<LivePipeline> pipeline_;
  std::unique_ptr<Sink> sink_;
};

double percentile(std::vector<int64_t>& sorted, double share) {
  const auto last = static_cast<double>(sorted.size() - 1);
  return static_cast<double>(sorted[static_cast<size_t>(last * share)]) / 1000;
}

// Posts `count` bodies, one each `every`; false: a body was refused. The last body's time of being due is kept to, so
// that a stall shows in the latency of all that it held up.
bool post(Server& server, std::vector<Body>& bodies, size_t count, std::chrono::nanoseconds every) {
  std::atomic<bool> fine = true;
  const auto begin = std::chrono::steady_clock::now();
  const Timestamp wall = system_env().now();
  for (size_t i = 0; i < count && fine; ++i) {
    const auto due = every * static_cast<int64_t>(i);
    std::this_thread::sleep_until(begin + due);
    Body& body = bodies[i % bodies.size()];
    body.stamp(wall + Duration{due.count() / 1000}, i);
    auto taken = server.spool().begin({"prod", "bench", "10.0.0." + std::to_string(i % 3), system_env().now()},
                                      body.text.size());
    if (!taken || !(*taken)->write(body.text)) return false;
    (*taken)->commit([&fine](const SpoolResult<uint64_t>& done) { fine = fine && done.has_value(); });
  }
  return fine;
}

void event_to_alert(benchmark::State& state) {
  const auto rate = static_cast<size_t>(state.range(0));
  Generator generator({.events = kTemplates * kBatch, .suspicious_per_million = 0});
  std::vector<Body> bodies;
  for (size_t i = 0; i < kTemplates; ++i) bodies.push_back(make_body(generator, i));
  for (auto step : state) {
    Delivered delivered;
    Server server(delivered);
    if (auto started = server.start(); !started) return state.SkipWithError(started.error().message.c_str());
    if (!post(server, bodies, kBodies, std::chrono::nanoseconds(1'000'000'000 * kBatch / rate))) {
      return state.SkipWithError("a body was refused");
    }
    const auto all = [&] {
      const std::lock_guard hold(delivered.mutex);
      return delivered.micros.size() == kBodies && server.status().records == kBodies * kBatch;
    };
    for (int i = 0; i < 3000 && !all(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (!all()) return state.SkipWithError("alerts or events are missing");
    if (server.status().detector.correlator.duplicates > 0) return state.SkipWithError("events were duplicates");
    std::sort(delivered.micros.begin(), delivered.micros.end());
    state.counters["p50_ms"] = percentile(delivered.micros, 0.5);
    state.counters["p99_ms"] = percentile(delivered.micros, 0.99);
    state.counters["p99.9_ms"] = percentile(delivered.micros, 0.999);
    state.counters["alerts"] = static_cast<double>(server.status().alerts);
  }
  state.SetItemsProcessed(static_cast<int64_t>(kBodies * kBatch));
}

BENCHMARK(event_to_alert)
    ->ArgName("events_a_second")
    ->Arg(4'000)
    ->Arg(50'000)
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kubevigil::bench

BENCHMARK_MAIN();
