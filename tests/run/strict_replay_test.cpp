// A strict run is the run over the input up to the first bad record in the run's order: nothing of what threads have
// read or judged behind it may show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "engine/run/replay.h"
#include "tests/run/replay_stream.h"

namespace kubevigil {
namespace {

bool is_torn(const std::string& record) { return !record.ends_with('}'); }

// Random logs with one torn record, in the middle of one of them.
Sources with_one_torn(uint64_t seed) {
  Sources sources = random_sources(seed);
  for (auto& [name, records] : sources) std::erase_if(records, is_torn);
  auto& records = sources[seed % sources.size()].second;
  std::string& victim = records[records.size() / 2 + seed % 30];
  victim.resize(victim.size() / 2);
  return sources;
}

Outcome strict(const Sources& sources, size_t threads, size_t batch) {
  ReplayOptions options;
  options.strict = true;
  options.threads = threads;
  options.bytes_in_flight = threads == 2 ? 1 : 1 << 20;
  return run(sources, options, batch);
}

// A pipe that stays open and silent behind its records.
class OpenPipe final : public MemoryInput {
 public:
  OpenPipe(std::vector<std::string> records, std::future<void> closed)
      : MemoryInput("-", 0, std::move(records), 1), closed_(std::move(closed)) {}
  bool next(Batch& batch) override {
    if (MemoryInput::next(batch)) return true;
    in_time = closed_.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    return false;
  }
  bool in_time = true;

 private:
  std::future<void> closed_;
};

TEST(StrictReplay, DoesNotWaitForAPipeThatIsSilent) {
  std::promise<void> close;
  std::vector<std::unique_ptr<Input>> inputs;
  auto pipe = std::make_unique<OpenPipe>(std::vector<std::string>{json_of({.id = "1"}), "{\"torn"}, close.get_future());
  const OpenPipe& seen = *pipe;
  inputs.push_back(std::move(pipe));
  ReplayHooks hooks;
  hooks.alert = [](const Alert&) {};
  hooks.give_up = [&] { close.set_value(); };
  ReplayOptions options;
  options.strict = true;
  const auto report = replay(inputs, program(), options, hooks, FixedEnv());
  EXPECT_TRUE(report && report->strict_stop);
  EXPECT_TRUE(seen.in_time);
}

TEST(StrictReplay, SameBytesForAnyThreadsAndAnyBatchSize) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    const Sources sources = seed % 2 == 0 ? with_one_torn(seed) : random_sources(seed);
    const Outcome first = strict(sources, 1, 1 << 20);
    ASSERT_TRUE(first.report.strict_stop);
    EXPECT_EQ(first.report.bad_total, 1u);
    for (const size_t threads : {1, 2, 3, 8}) {
      for (const size_t batch : {1, 1500, 20'000}) {
        ASSERT_EQ(digest(strict(sources, threads, batch)), digest(first))
            << "seed " << seed << " threads " << threads << " batch " << batch;
      }
    }
  }
}

// The same logs without the torn record and all that stands behind it in time.
TEST(StrictReplay, IsTheRunOverWhatStandsBeforeTheBadRecord) {
  size_t alerts = 0, several = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    const Sources sources = with_one_torn(seed);
    const Outcome stopped = strict(sources, 3, 1500);
    Sources before;
    for (uint32_t i = 0; i < sources.size(); ++i) {
      const auto tally = stopped.report.tally.files.find(i);
      const size_t events = tally == stopped.report.tally.files.end() ? 0 : tally->second.events;
      const auto& records = sources[i].second;
      ASSERT_EQ(stopped.report.sources[i].pace.events, events);
      before.push_back({sources[i].first, {records.begin(), records.begin() + static_cast<long>(events)}});
      EXPECT_TRUE(std::none_of(before[i].second.begin(), before[i].second.end(), is_torn));
      if (i == seed % sources.size()) {
        EXPECT_TRUE(is_torn(records[events]));
      }
    }
    Outcome whole = run(before);
    // What the stopped run says besides: the bad record, and files that it did not read to their end.
    whole.report.bad = stopped.report.bad;
    whole.report.bad_total = stopped.report.bad_total;
    whole.report.tally.files[stopped.report.bad.at(0).position.file].bad =
        stopped.report.tally.files.at(stopped.report.bad.at(0).position.file).bad;
    ++whole.report.tally.files[stopped.report.bad.at(0).position.file].records;
    for (size_t i = 0; i < whole.report.files.size(); ++i) {
      EXPECT_EQ(stopped.report.files[i].plain_bytes, whole.report.files[i].plain_bytes) << i;
      whole.report.files[i].read = stopped.report.files[i].read;
      whole.report.files[i].size = stopped.report.files[i].size;
    }
    EXPECT_EQ(digest(whole), digest(stopped)) << "seed " << seed;
    alerts += stopped.alerts.size();
    several += sources.size() > 1 ? 1 : 0;
  }
  EXPECT_GT(alerts, 50u);
  EXPECT_GT(several, 4u);
}

TEST(StrictReplay, ABadRecordTakesTheTurnOfTheEventBeforeIt) {
  const Sources sources = {{"a", {json_of({.second = 0, .name = "x", .id = "1"}), "{\"torn"}},
                           {"b", {json_of({.second = 0, .name = "y", .id = "2"})}}};
  const Outcome out = strict(sources, 1, 1);
  EXPECT_EQ(out.alerts.size(), 1u) << "b comes after a, and a ends in its bad record";
  EXPECT_FALSE(out.report.files[0].read);
  EXPECT_EQ(out.report.files[0].lines, 1u);
  EXPECT_EQ(out.report.files[1].lines, 0u);
}

TEST(StrictReplay, WithoutABadRecordItIsAnyOtherRun) {
  Sources sources = random_sources(3);
  for (auto& [name, records] : sources) std::erase_if(records, is_torn);
  const Outcome out = strict(sources, 2, 1500);
  EXPECT_FALSE(out.report.strict_stop);
  EXPECT_EQ(digest(out), digest(run(sources)));
}

}  // namespace
}  // namespace kubevigil
