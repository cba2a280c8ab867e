#include "engine/run/merge.h"

#include <gtest/gtest.h>

#include <charconv>
#include <random>

#include "engine/event/event_reader.h"

namespace kubevigil {
namespace {

// Events are spelled as decimal microseconds; "-" is an event without a time of its own.
constexpr int64_t kNoTime = -1;

class NumberInput : public Input {
 public:
  NumberInput(std::string name, std::vector<int64_t> times, size_t batch_records)
      : name_(std::move(name)), times_(std::move(times)), batch_records_(batch_records) {}

  const std::string& name() const override { return name_; }
  uint32_t first_file() const override { return 0; }
  std::span<const InputFile> files() const override { return {}; }
  bool peek(Batch&) override { return false; }
  bool next(Batch& batch) override {
    if (at_ == times_.size()) return false;
    for (size_t i = 0; i < batch_records_ && at_ < times_.size(); ++i, ++at_) {
      const std::string text = times_[at_] == kNoTime ? "-" : std::to_string(times_[at_]);
      Record record;
      record.begin = batch.memory.size();
      record.size = text.size();
      record.position.offset = at_;
      batch.records.push_back(record);
      batch.memory += text;
    }
    batch.memory.append(kRecordPadding, ' ');
    return true;
  }

 private:
  std::string name_;
  std::vector<int64_t> times_;
  size_t batch_records_;
  size_t at_ = 0;
};

Judge number_judge() {
  return [](JudgedBatch& judged) {
    for (uint32_t i = 0; i < judged.batch.records.size(); ++i) {
      const std::string_view text = judged.batch.text(judged.batch.records[i]);
      EventMark mark;
      mark.record = i;
      if (text == "-") {
        mark.time_source = TimeSource::Previous;
      } else {
        std::from_chars(text.data(), text.data() + text.size(), mark.time.micros);
      }
      judged.result.events.push_back(mark);
    }
  };
}

struct SourceData {
  std::string name;
  std::vector<int64_t> times;
};

Timestamp start_of(const SourceData& source) {
  Timestamp start = Timestamp::max();
  size_t seen = 0;
  for (const int64_t t : source.times) {
    if (t != kNoTime && seen++ < 3) start = std::min(start, Timestamp{t});
  }
  return seen == 0 ? Timestamp::min() : start;
}

using Order = std::vector<std::pair<std::string, uint64_t>>;  // source, position

Order merged(const std::vector<SourceData>& data, size_t threads, size_t batch_records, size_t bytes) {
  std::vector<std::unique_ptr<NumberInput>> owned;
  std::vector<Input*> inputs;
  std::vector<SourceStart> starts;
  for (const SourceData& source : data) {
    owned.push_back(std::make_unique<NumberInput>(source.name, source.times, batch_records));
    inputs.push_back(owned.back().get());
    starts.push_back({source.name, start_of(source)});
  }
  ReadAhead ahead(inputs, number_judge, {threads, bytes});
  Merge merge(ahead, starts);
  Order order;
  MergedEvent event;
  Timestamp last = Timestamp::min();
  for (;;) {
    const Merge::Next next = merge.next(event);
    if (next == Merge::Next::End) return order;
    if (next != Merge::Next::Event) continue;
    EXPECT_GE(event.merge_time, last);
    last = event.merge_time;
    const uint32_t record = event.batch->result.events[event.index].record;
    order.emplace_back(data[event.source].name, event.batch->batch.records[record].position.offset);
  }
}

// The definition, slowly: every event with its source's clock, sorted.
Order modelled(const std::vector<SourceData>& data) {
  std::vector<std::tuple<Timestamp, std::string, uint64_t>> all;
  for (const SourceData& source : data) {
    RobustClock clock(start_of(source));
    Timestamp last = start_of(source) == Timestamp::min() ? Timestamp{} : start_of(source);
    for (size_t i = 0; i < source.times.size(); ++i) {
      if (source.times[i] != kNoTime) last = Timestamp{source.times[i]};
      all.emplace_back(clock.advance(last), source.name, i);
    }
  }
  std::sort(all.begin(), all.end());
  Order order;
  for (const auto& [time, name, position] : all) order.emplace_back(name, position);
  return order;
}

TEST(Merge, EqualsTheModelForAnyThreadsAndBatches) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<SourceData> data(random() % 6 + 1);
    for (size_t s = 0; s < data.size(); ++s) {
      data[s].name = std::string(1, static_cast<char>('a' + (s * 7 + seed) % 26)) + std::to_string(s);
      int64_t t = static_cast<int64_t>(random() % 2'000'000'000) + 10'000'000'000;
      const size_t events = random() % 60;
      for (size_t i = 0; i < events; ++i) {
        const uint64_t kind = random() % 20;
        t += static_cast<int64_t>(random() % 100'000'000);
        data[s].times.push_back(kind == 0   ? kNoTime
                                : kind == 1 ? t + 1'000'000'000'000
                                : kind == 2 ? t - 500'000'000
                                            : t);
      }
    }
    const Order expected = modelled(data);
    for (const size_t threads : {1, 2, 3, 8}) {
      for (const size_t batch : {1, 3, 50}) {
        ASSERT_EQ(merged(data, threads, batch, threads == 3 ? 1 : 1 << 20), expected)
            << "seed " << seed << " threads " << threads << " batch " << batch;
      }
    }
  }
}

TEST(Merge, TiesGoByNameNotByOrderOfOpening) {
  const std::vector<SourceData> data = {{"b", {5, 5, 6}}, {"a", {5, 6, 6}}};
  const Order expected = {{"a", 0}, {"b", 0}, {"b", 1}, {"a", 1}, {"a", 2}, {"b", 2}};
  EXPECT_EQ(merged(data, 2, 2, 1 << 20), expected);
}

TEST(Merge, ManySourcesAreOpenedLazily) {
  class Counting : public NumberInput {
   public:
    Counting(std::string name, std::vector<int64_t> times, int& reads)
        : NumberInput(std::move(name), std::move(times), 10), reads_(reads) {}
    bool next(Batch& batch) override {
      ++reads_;
      return NumberInput::next(batch);
    }
    int& reads_;
  };
  std::vector<std::unique_ptr<Counting>> owned;
  std::vector<Input*> inputs;
  std::vector<SourceStart> starts;
  std::vector<int> reads(100);
  for (int i = 0; i < 100; ++i) {
    const int64_t t = int64_t{10'000'000} * i;
    const std::string name = "s" + std::to_string(i);
    owned.push_back(std::make_unique<Counting>(name, std::vector<int64_t>{t, t + 1}, reads[static_cast<size_t>(i)]));
    inputs.push_back(owned.back().get());
    starts.push_back({name, Timestamp{t}});
  }
  ReadAhead ahead(inputs, number_judge, {1, 1 << 20});
  Merge merge(ahead, starts);
  MergedEvent event;
  while (merge.next(event) != Merge::Next::Event) {
  }
  for (size_t i = 10; i < 100; ++i) EXPECT_EQ(reads[i], 0) << i;
}

TEST(Merge, SilencesAreFound) {
  SourceData source{"a", {}};
  for (int64_t t = 0; t < 4000; ++t) {
    if (t < 1000 || t >= 1300) source.times.push_back(t * 1'000'000);
  }
  NumberInput input("a", source.times, 100);
  ReadAhead ahead({&input}, number_judge, {1, 1 << 20});
  Merge merge(ahead, {{"a", start_of(source)}});
  MergedEvent event;
  while (merge.next(event) != Merge::Next::End) {
  }
  const SourcePace pace = merge.pace(0);
  EXPECT_EQ(pace.events, source.times.size());
  ASSERT_EQ(pace.silences.size(), 1u);
  EXPECT_EQ(pace.silences[0].from, Timestamp{999'000'000});
  EXPECT_EQ(pace.silences[0].to, Timestamp{1'300'000'000});
}

TEST(Merge, NoSourceIsTheEnd) {
  ReadAhead ahead({}, number_judge, {2, 1 << 20});
  Merge merge(ahead, {});
  MergedEvent event;
  EXPECT_EQ(merge.next(event), Merge::Next::End);
}

}  // namespace
}  // namespace kubevigil
