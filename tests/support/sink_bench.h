// A journal, an outbox and a clock for tests of sinks, on a simulated disk, without threads of their own: time passes
// when a test says so.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/run/sink.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil::test {

class SimulatedEnv : public Env {
 public:
  Timestamp now() const override { return wall; }
  Duration monotonic() const override { return mono; }
  size_t peak_memory() const override { return 0; }
  uint64_t random() const override { return next_random += 0x9e3779b97f4a7c15u; }
  void pass(Duration time) {
    wall = wall + time;
    mono.micros += time.micros;
  }

  Timestamp wall{1'767'312'000'000'000};
  Duration mono = Duration::hours(1);
  mutable uint64_t next_random = 1;
};

// Writes down what it is sent; answers as it is told.
class ScriptedTransport : public Transport {
 public:
  using Answer = std::function<Delivery(const Message&)>;
  struct Record {
    std::vector<std::string> sent;  // "id.revision" of alerts in messages that were delivered, in order
    uint64_t messages = 0;          // tried
    Answer answer = [](const Message&) { return Delivery{}; };
  };
  explicit ScriptedTransport(std::shared_ptr<Record> record) : record_(std::move(record)) {}
  Delivery send(const Message& message) override;

 private:
  std::shared_ptr<Record> record_;
};

// One record an alert: its id and revision. Wants all revisions.
class PlainEncoding : public Encoding {
 public:
  Format format() const override { return {Framing::Lines, false, "text/plain"}; }
  void record(const Alert& alert, std::string& out) const override;
};

Alert plain_alert(const std::string& id, Level level = Level::Medium, const std::string& rule = "rule");

class SinkBench {
 public:
  explicit SinkBench(std::vector<std::string> sinks = {"soc"});
  // As a start of the program: journal and outbox are read from the disk.
  void open();
  void input();  // something arrives now
  void alert(const Alert& alert);
  void alerts(int first, int end, Level level = Level::Medium);  // "a<n>", an input in front of each

  SinkWorld world();
  SinkOptions options(const std::string& name = "soc") const;
  // A sink over a ScriptedTransport.
  std::unique_ptr<Sink> sink(const SinkOptions& options, std::shared_ptr<ScriptedTransport::Record> record);
  // Steps until there is nothing to do for `time`, which passes.
  void run(Sink& sink, Duration time = {});

  SimulatedDisk disk;
  SimulatedEnv env;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Outbox> outbox;
  std::vector<std::string> notices;
  SendGate* gate = nullptr;

 private:
  std::vector<std::string> sinks_;
};

}  // namespace kubevigil::test
