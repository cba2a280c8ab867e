// Kafka inputs: can their topics be read with this configuration, and do they hold events of the formats that it names?
// As `serve` would read them, but in no group: whoever reads them now is not disturbed.
#include <fmt/format.h>

#include "engine/app/doctor.h"
#include "engine/app/serve_kafka.h"
#include "engine/event/record_reader.h"

namespace kubevigil {
namespace {

constexpr Duration kInputPatience = Duration::seconds(10);
constexpr Duration kLook = Duration{100'000};

struct InputLook {
  uint64_t records = 0, events = 0;
  bool all = false;     // there is no more
  std::string problem;  // that was met last
  std::string bad;      // why the first record that holds no event does not
};

class Counter final : public EventSink {
 public:
  explicit Counter(InputLook& look) : look_(look) {}
  void event(const Event&) override { ++look_.events; }
  void bad(BadRecord bad) override {
    if (look_.bad.empty()) look_.bad = fmt::format("{}: {}", to_text(bad.reason), bad.message);
  }

 private:
  InputLook& look_;
};

void count(LiveBatch& live, InputLook& look) {
  Counter counter(look);
  RecordReader reader;
  look.records += live.pieces();
  for (BadRecord& bad : live.batch.bad) counter.bad(std::move(bad));
  live.batch.cluster = live.cluster;
  live.batch.formats = live.formats;
  for (const Record& record : live.batch.records) reader.read(live.batch, record, Timestamp::min(), counter);
}

// Until it gave records, or has none, or time is over.
InputLook look_at(LiveInput& input, const Env& env) {
  InputLook look;
  const Duration end = env.monotonic() + kInputPatience;
  while (env.monotonic() < end && look.records == 0 && !look.all) {
    LiveBatch batch;
    const LiveStep step = input.poll(batch);
    look.problem = input.problem();
    if (step == LiveStep::Batch) count(batch, look);
    if (step == LiveStep::Broken) break;
    look.all = step == LiveStep::Waiting;
    if (step == LiveStep::Later) input.wait(kLook);
  }
  return look;
}

void say(const std::string& name, const InputLook& look, Findings& out) {
  if (!look.problem.empty()) {
    return out.fail("input", fmt::format("{}: {}", name, look.problem), kKafkaAdvice);
  }
  if (look.records == 0 && !look.all) {
    return out.warn(
        "input",
        fmt::format("{}: its brokers answer, but no message came in {}", name, format_duration(kInputPatience)),
        "do all its partitions have a leader?");
  }
  if (look.records == 0)
    return out.ok("input", name + ": its topics can be read; there is nothing to read in them now");
  const std::string what =
      fmt::format("{}: its topics can be read; the first {} records hold {} events", name, look.records, look.events);
  if (look.events > 0) return out.ok("input", what);
  out.warn("input", fmt::format("{}, the first one none: {}", what, look.bad),
           "what do its topics hold? `formats` says what is read of them (deploy/formats.md)");
}

}  // namespace

void examine_inputs(const Config& config, Findings& out, const Env& env) {
  Log silent(env, {}, [](std::string_view) {});
  const KafkaClients clients = kafka_clients(config, silent);
  for (const KafkaInputConfig& input : config.inputs.kafka) {
    std::map<std::string, std::string> settings;
    add_kafka_settings(input, settings);
    const auto live = open_kafka_input(std::string(kKafkaSetting) + input.name, settings, clients, env);
    say("kafka " + input.name, look_at(*live, env), out);
  }
}

}  // namespace kubevigil
