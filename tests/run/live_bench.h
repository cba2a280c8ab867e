// A whole live run on a simulated disk: spool, journal, snapshots and pipeline, through any number of lives.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/alert/alert_reader.h"
#include "engine/run/live_pipeline.h"
#include "engine/run/spool_input.h"
#include "tests/run/replay_stream.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil {

// A monotonic clock that tests move, and that may also move by itself with each look.
class MovingEnv final : public Env {
 public:
  Timestamp now() const override { return Timestamp{(kStart + 100'000) * 1'000'000 + monotonic_.load()}; }
  Duration monotonic() const override { return {monotonic_.fetch_add(step)}; }
  size_t peak_memory() const override { return 0; }
  uint64_t random() const override { return 7; }
  void advance(Duration by) { monotonic_.fetch_add(by.micros); }
  int64_t step = 50'000;

 private:
  mutable std::atomic<int64_t> monotonic_ = 0;
};

// True within a generous time.
inline bool until(const std::function<bool()>& condition) {
  for (int i = 0; i < 60'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

class LiveBench {
 public:
  explicit LiveBench(std::string rules = kReplayRules) : rules_(std::move(rules)) {}
  ~LiveBench() { end(); }

  test::SimulatedDisk disk;
  MovingEnv env;
  SpoolInputOptions spool_options{.slack = Duration::seconds(2), .idle_after = Duration::days(30)};
  LiveOptions options{.threads = 2, .version = "1"};
  uint64_t journal_segment = 64u << 20, spool_segment = 64u << 20;
  bool configured = true;     // the input
  bool keep_journal = false;  // for a sink that takes nothing
  const DiskReserve* reserve = nullptr;
  std::string said;  // by the log

  std::shared_ptr<const LiveRules> rules(const std::string& texts) { return rules(texts, configured); }
  // As of a bundle, which inputs it has is part of the hash.
  std::shared_ptr<const LiveRules> rules(const std::string& texts, bool with_input) {
    LoadedRules loaded = load_rules({{"test.yaml", texts, false}}, {});
    auto made = std::make_shared<LiveRules>();
    made->hash = sha256_hex(texts + (with_input ? "" : "# no input"));
    made->program = Program::compile(std::make_shared<const RuleSet>(std::move(loaded.rules)));
    made->open_inputs = [this, with_input] {
      LiveInputs inputs;
      if (with_input) inputs.push_back(std::make_unique<SpoolInput>(*spool_, spool_options));
      return inputs;
    };
    texts_[made->hash] = {texts, with_input};
    return made;
  }
  void set_rules(std::string texts) { rules_ = std::move(texts); }
  void lose_rules() { texts_.clear(); }  // those of the lives before

  // One more life; false: the disk refused.
  bool start() {
    end();
    log_ = std::make_unique<Log>(env, Log::Options{}, [this](std::string_view line) { said += line; });
    self_alerts_ = std::make_unique<SelfAlerts>("test", ++lives_);
    SpoolOptions spool;
    spool.folder = "/data/spool";
    spool.secret = lives_;
    spool.segment_bytes = spool_segment;
    if (!take(Spool::open(disk, spool), spool_)) return false;
    JournalOptions journal;
    journal.folder = "/data/journal";
    journal.secret = lives_;
    journal.segment_bytes = journal_segment;
    if (!take(Journal::open(disk, journal), journal_)) return false;
    if (!take(SnapshotStore::open(disk, "/data/snapshots", "state"), snapshots_)) return false;
    if (keep_journal) {
      OutboxOptions outbox;
      outbox.folder = "/data/outbox";
      outbox.sinks = {"nobody"};
      outbox.secret = lives_;
      if (!take(Outbox::open(disk, outbox), outbox_)) return false;
    }
    const LoadRules load = [this](const std::string& hash) -> Result<LiveRules> {
      if (!texts_.contains(hash)) return fail("is not there");
      return *rules(texts_.at(hash).first, texts_.at(hash).second);
    };
    LiveWorld world{*journal_, *snapshots_, outbox_.get(), env, *log_, *self_alerts_, load, {}, {}};
    world.reserve = reserve;
    pipeline_ = std::make_unique<LivePipeline>(std::move(world), options);
    auto recovered = pipeline_->recover(rules(rules_));
    if (!recovered) return false;
    report = *recovered;
    return pipeline_->start().has_value();
  }
  // The process dies; what was taken in and not journaled is lost with it.
  void end() {
    if (spool_) spool_->interrupt();
    pipeline_.reset();
    snapshots_.reset();
    outbox_.reset();
    journal_.reset();
    spool_.reset();
    self_alerts_.reset();
    log_.reset();
  }

  // True: it is durable.
  bool post(const std::vector<EventText>& events, const std::string& peer = "a") {
    std::string bytes;
    for (const EventText& event : events) bytes += json_of(event) + "\n";
    return post_bytes(bytes, peer);
  }
  bool post_bytes(const std::string& bytes, const std::string& peer = "a") {
    auto body = spool_->begin({"prod", "cred", peer, Timestamp{(kStart + 100'000) * 1'000'000}}, bytes.size());
    if (!body || !(*body)->write(bytes)) return false;
    const auto sequence = (*body)->commit();
    if (sequence) posted_ = *sequence;
    return sequence.has_value();
  }
  // Until everything that was posted is journaled, with what follows from it, or the pipeline has failed.
  bool settle() {
    JournalReader reader(*journal_, journal_->first_sequence());
    uint64_t after = 0;
    return until([&] {
      if (!pipeline_->failure().empty()) return true;
      for (auto step = reader.next(); step && *step != JournalReader::Step::End; step = reader.next()) {
        const auto* in = std::get_if<JournalInput>(&reader.entry());
        if (in != nullptr) after = spool_position(in->to).value_or(SpoolPosition{}).after;
      }
      return after >= posted_ && pipeline_->status().queued_bytes == 0;
    });
  }

  LivePipeline& pipeline() { return *pipeline_; }
  Journal& journal() { return *journal_; }
  Spool& spool() { return *spool_; }
  SelfAlerts& self_alerts() { return *self_alerts_; }
  SnapshotStore& snapshots() { return *snapshots_; }

  // The kept journal as text, a line an entry; alerts of the program itself left out unless asked for.
  std::string journal_text(bool self = false) {
    EXPECT_TRUE(journal_->flush());
    std::string out;
    JournalReader reader(*journal_, journal_->first_sequence());
    for (auto step = reader.next(); step && *step != JournalReader::Step::End; step = reader.next()) {
      if (*step == JournalReader::Step::Gap) {
        out += "gap\n";
        continue;
      }
      if (const auto* in = std::get_if<JournalInput>(&reader.entry())) {
        out += fmt::format("input {} {}\n", in->source, in->records);
      } else if (const auto* control = std::get_if<JournalControl>(&reader.entry())) {
        out += fmt::format("{} {}{}\n", control->name, control->source, control->detail.substr(0, 4));
      } else {
        const auto alert = alert_from_json(std::get<JournalAlert>(reader.entry()).body);
        if (!alert || (is_self_alert(alert->rule_id) && !self)) continue;
        out += fmt::format("{} {} {}\n", to_text(alert->status), alert->revision, alert->rule_name);
      }
    }
    return out;
  }
  // (id, revision, rule) of every alert, in order; those of the program itself left out.
  std::vector<std::string> alerts() {
    EXPECT_TRUE(journal_->flush());
    std::vector<std::string> out;
    JournalReader reader(*journal_, journal_->first_sequence());
    for (auto step = reader.next(); step && *step != JournalReader::Step::End; step = reader.next()) {
      if (*step != JournalReader::Step::Entry) continue;
      const auto* entry = std::get_if<JournalAlert>(&reader.entry());
      const auto alert = entry ? alert_from_json(entry->body) : Result<Alert>(fail(""));
      if (!alert || is_self_alert(alert->rule_id)) continue;
      out.push_back(fmt::format("{} {} {} {}", entry->id, entry->revision, alert->rule_name, alert->count));
    }
    return out;
  }

  RecoveryReport report;

 private:
  template <typename T>
  bool take(DiskResult<std::unique_ptr<T>> opened, std::unique_ptr<T>& into) {
    if (opened) into = std::move(*opened);
    return opened.has_value();
  }

  std::string rules_;
  std::map<std::string, std::pair<std::string, bool>> texts_;
  uint64_t lives_ = 0, posted_ = 0;
  std::unique_ptr<Log> log_;
  std::unique_ptr<SelfAlerts> self_alerts_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<SnapshotStore> snapshots_;
  std::unique_ptr<LivePipeline> pipeline_;
};

}  // namespace kubevigil
