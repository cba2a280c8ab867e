#include "tests/support/replay_matrix.h"

#include <chrono>
#include <numeric>
#include <thread>

#include "engine/base/hash.h"
#include "tests/support/sanitized.h"

namespace kubevigil::test {
namespace {

constexpr size_t kOpenedFirst = Merge::kOpenAhead + 1;
#ifdef KUBEVIGIL_SANITIZED
constexpr size_t kEvery = 7;  // these have every number of threads and both rings
#else
constexpr size_t kEvery = 1;
#endif

// Every look at the clock is a second later: progress is told with every batch.
class TickingEnv : public FixedEnv {
 public:
  Duration monotonic() const override { return Duration::seconds(++ticks_); }

 private:
  mutable int64_t ticks_ = 0;
};

// How many batches were in flight at most: given by the inputs, and not yet given back. It is asked with every batch.
class RingMeter {
 public:
  // The first time it waits until `full` are in flight: what a slow consumer would see.
  RingMeter(const Cutting& cutting, size_t full) : cutting_(cutting), full_(full) {}
  void on_progress(const ReplayProgress& progress) {
    if (peak_ == 0) wait_until_full();
    // The newest batch that progress counts, one byte each (CutLog), is given back behind this call.
    peak_ = std::max(peak_, cutting_.given.load() - told_);
    told_ = progress.bytes;
  }
  size_t peak() const { return peak_; }

 private:
  void wait_until_full() const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (cutting_.given < full_ && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }

  const Cutting& cutting_;
  const size_t full_;
  size_t told_ = 0, peak_ = 0;
};

size_t sum_of_cuts(const std::vector<CutLog>& logs, size_t records) {
  return std::accumulate(logs.begin(), logs.end(), size_t{0},
                         [&](size_t sum, const CutLog& log) { return sum + count_cuts(log, records); });
}

// `ring` batches, if all of them are of the same memory: one more is read while there are fewer.
size_t bytes_of_ring(const MatrixCell& cell, const Cutting& cutting) { return (cell.ring - 1) * cutting.memory + 1; }

std::string run_cell(const std::vector<CutLog>& logs, const std::shared_ptr<const Program>& program,
                     ReplayOptions options, const MatrixCell& cell) {
  Cutting cutting{cell.batch};
  Inputs inputs;
  for (const CutLog& log : logs) {
    cutting.memory = std::max(cutting.memory, largest_cut(log, cell.batch));
    inputs.push_back(cut_input(log, cutting));
  }
  options.threads = cell.threads;
  options.bytes_in_flight = bytes_of_ring(cell, cutting);
  const size_t batches = sum_of_cuts(logs, cell.batch);
  // Sources beyond the first few are opened when their time has come: then nobody knows when the ring is full.
  const bool all_open = logs.size() <= kOpenedFirst;
  const size_t full = all_open ? std::min(cell.ring, batches) : 0;
  RingMeter ring(cutting, full);
  ReplayHooks hooks;
  hooks.progress = [&](const ReplayProgress& progress) { ring.on_progress(progress); };
  const Outcome outcome = run_inputs(std::move(inputs), program, options, std::move(hooks), TickingEnv());
  EXPECT_EQ(cutting.given, batches);
  EXPECT_EQ(outcome.report.bytes_read, batches) << "batches that were taken";
  EXPECT_GE(ring.peak(), full);
  // Each open source may always have one batch.
  EXPECT_LE(ring.peak(), cell.ring + logs.size() - 1);
  return sha256_hex(digest(outcome));
}

}  // namespace

std::vector<MatrixCell> matrix_cells(uint64_t seed) {
  std::vector<MatrixCell> cells;
  size_t number = 0;
  for (const size_t threads : {1, 2, 3, 8}) {
    for (const size_t batch : {1, 7, 64, 512, 4096}) {
      for (const size_t ring : {2, 64}) {
        if (number++ % kEvery == seed % kEvery) cells.push_back({threads, batch, ring});
      }
    }
  }
  return cells;
}

Outcome expect_same_in_all_cells(const std::function<Inputs()>& open, const std::shared_ptr<const Program>& program,
                                 const ReplayOptions& options, uint64_t seed) {
  Outcome expected = run_inputs(open(), program, options);
  const std::string sha256 = sha256_hex(digest(expected));
  std::vector<CutLog> logs;
  for (const auto& input : open()) logs.push_back(read_whole(*input));
  for (const MatrixCell& cell : matrix_cells(seed)) {
    const auto place = fmt::format("seed {} threads {} batch {} ring {}", seed, cell.threads, cell.batch, cell.ring);
    const testing::ScopedTrace trace(__FILE__, __LINE__, place);
    EXPECT_EQ(run_cell(logs, program, options, cell), sha256);
  }
  return expected;
}

}  // namespace kubevigil::test
