// Whatever the cluster does and whenever the program is killed: each record is given once in the order of its
// partition, and any entry of the journal is read again exactly.
#include <random>

#include "engine/codec/gzip_block.h"
#include "tests/inputs/kafka_bench.h"

namespace kubevigil {
namespace {

struct Entry {
  std::string source, from, to;
  size_t records = 0;
  std::vector<std::string> content;
};

class KafkaProperty : public KafkaBench {
 protected:
  size_t below(size_t n) { return random() % n; }

  void fill(int32_t partition) {
    const int kind = static_cast<int>(below(12));
    const int count = below(10) == 0 ? static_cast<int>(below(200)) : static_cast<int>(below(4));
    number += count + 1;
    std::string value = event_line(number);
    if (kind == 0) value = event_list(number, count);
    if (kind == 1) value = event_lines(number, count);
    if (kind == 2) value = gzip_compress_block(event_lines(number, count));
    if (kind == 3) value = "{\"torn\": \n" + event_lines(number, count);
    if (kind == 4) return cluster->add_mark(part(partition));
    test::StoredMessage message{.value = value, .time = Timestamp{int64_t{number} * 1'000'000}};
    message.tombstone = kind == 5;
    if (kind == 5) message.value.clear();
    message.key = kind == 6 ? "other" : kind == 7 ? "foreign" : "prod";
    cluster->add(part(partition), std::move(message));
  }

  void begin(uint64_t seed) {
    random.seed(seed);
    make(seed);
    number = 0;
    journal.clear();
    positions.clear();
    options.cluster = {.from = KafkaClusterFrom::Key, .allowed = {"prod", "other"}};
    options.lanes.start = KafkaStart::Oldest;
    cluster->faults = {.nothing = below(3) == 0 ? 0U : 2U + static_cast<unsigned>(below(4)), .retry = 30, .fatal = 200};
    for (int32_t p = 0; p < 3; ++p) cluster->create(part(p));
  }

  void set_sizes() {
    options.batch_bytes = 1 + below(20'000);
    const size_t enough = 1 + below(30'000);
    options.lanes.bounds = {.enough = enough, .held_bytes = enough + below(30'000), .rest = {}};
  }

  // One life up to a kill; what was given is journaled, but for what the kill takes.
  void live(bool to_the_end) {
    set_sizes();
    const auto input_ = input();
    for (const auto& [source, position] : positions) ASSERT_TRUE(input_->seek(source, position));
    for (int i = 0; to_the_end || i < 60; ++i) {
      ASSERT_LT(i, 100'000) << "it never comes to an end: " << input_->problem();
      for (size_t n = to_the_end ? 0 : below(8); n > 0; --n) fill(static_cast<int32_t>(below(3)));
      LiveBatch batch;
      const LiveStep step = input_->poll(batch);
      ASSERT_NE(step, LiveStep::Broken);
      if (step == LiveStep::Waiting && to_the_end) return;
      if (step != LiveStep::Batch) input_->wait(Duration::seconds(1));
      if (step != LiveStep::Batch) continue;
      if (!to_the_end && below(25) == 0) return;  // killed in front of the journal
      ASSERT_TRUE(batch.gaps.empty()) << batch.gaps[0].detail;
      positions[batch.source] = batch.to;
      journal.push_back({batch.source, batch.from, batch.to, batch.pieces(), content(batch)});
    }
  }

  // Of each partition, what a run that nothing happens to gives.
  std::map<std::string, std::vector<std::string>> expected() {
    cluster->faults = {};
    options.batch_bytes = 1u << 20;
    options.lanes.bounds = {.rest = {}};
    std::map<std::string, std::vector<std::string>> out;
    for (const LiveBatch& batch : drain(*input())) {
      for (std::string& line : content(batch)) out[batch.source].push_back(std::move(line));
    }
    return out;
  }

  void read_again(KafkaLive& input_, const Entry& entry) {
    std::vector<std::string> got;
    for (size_t left = entry.records; left > 0;) {
      LiveBatch batch;
      const LiveStep step = input_.poll(batch, below(2) == 0 ? left : 1 + below(left), entry.source);
      if (step == LiveStep::Later) input_.wait(Duration::seconds(1));
      if (step == LiveStep::Later) continue;
      ASSERT_EQ(step, LiveStep::Batch) << entry.source << " from " << entry.from;
      ASSERT_LE(batch.pieces(), left);
      ASSERT_EQ(batch.source, entry.source);
      left -= batch.pieces();
      for (std::string& line : content(batch)) got.push_back(std::move(line));
    }
    EXPECT_EQ(got, entry.content) << entry.source << " from " << entry.from << " to " << entry.to;
  }

  std::mt19937_64 random;
  int number = 0;
  std::vector<Entry> journal;
  std::map<std::string, std::string> positions;
};

TEST_F(KafkaProperty, EachRecordIsGivenOnceThroughKillsAndFaults) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    begin(seed);
    for (int life = 0; life < 6 && !HasFatalFailure(); ++life) live(false);
    live(true);
    ASSERT_FALSE(HasFatalFailure());
    std::map<std::string, std::vector<std::string>> given;
    for (const Entry& entry : journal) {
      given[entry.source].insert(given[entry.source].end(), entry.content.begin(), entry.content.end());
    }
    ASSERT_EQ(given, expected());
  }
}

TEST_F(KafkaProperty, AnyEntryIsReadAgainExactly) {
  for (uint64_t seed = 1000; seed < 1100; ++seed) {
    SCOPED_TRACE(seed);
    begin(seed);
    for (int life = 0; life < 3; ++life) live(false);
    set_sizes();
    const auto again = input();
    std::map<std::string, std::string> at;
    const size_t first = below(journal.size() + 1);
    for (size_t i = first; i < journal.size() && !HasFatalFailure(); ++i) {
      const Entry& entry = journal[i];
      if (entry.records == 0) continue;
      if (below(3) == 0) fill(static_cast<int32_t>(below(3)));  // it grows meanwhile
      if (at[entry.source] != entry.from || below(5) == 0) {
        ASSERT_TRUE(again->seek(entry.source, entry.from));
      }
      read_again(*again, entry);
      at[entry.source] = entry.to;
    }
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace
}  // namespace kubevigil
