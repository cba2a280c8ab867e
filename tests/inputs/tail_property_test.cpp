// Random scripts of what writers, rotation and restarts do to a log. Held: every whole line is given once and in order;
// where lines are missing, a gap was said between their neighbours; without cuts and deletions nothing is missing.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "inputs/tail_input.h"
#include "tests/support/log_writer.h"

namespace kubevigil {
namespace {

using test::event_line;
using test::LogWriter;

struct Given {
  int line = -1;  // -1: a gap
};

class Script {
 public:
  Script(uint64_t seed, bool losses, LogWriter::Names names)
      : random_(seed), losses_(losses), log_(names), written_(0) {
    start();
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) one();
    finish_line();
    for (int idle = 0; idle < 4;) idle = poll() ? 0 : idle + 1;
  }

  void check() const {
    int next = 0;
    bool gap = false;
    for (const Given& given : given_) {
      if (given.line < 0) {
        gap = true;
        continue;
      }
      ASSERT_GE(given.line, next) << "given twice or out of order\n" << trace_;
      ASSERT_TRUE(given.line == next || gap) << "lines from " << next << " to " << given.line << " are missing\n"
                                             << trace_;
      next = given.line + 1;
      gap = false;
    }
    ASSERT_TRUE(next == written_ || gap) << "the last lines from " << next << " are missing\n" << trace_;
    if (!losses_) {
      ASSERT_EQ(given_.size(), static_cast<size_t>(written_)) << "a gap where nothing was lost\n" << trace_;
    }
  }

 private:
  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }
  void note(std::string_view what) { trace_ += fmt::format("{} ", what); }

  void one() {
    const size_t dice = below(100);
    if (dice < 30) return append();
    if (dice < 40) return half_line();
    if (dice < 70) return static_cast<void>(poll());
    if (dice < 80) return rotate();
    if (dice < 88) return compress();
    if (dice < 94) return restart();
    if (!losses_) return;
    if (dice < 97) return cut();
    if (!checkpoint_) return;  // before the first start nothing is missed
    note("delete");
    log_.remove_oldest();
  }

  void append() {
    finish_line();
    for (size_t n = below(8); n > 0; --n) log_.append(event_line(written_++));
    note(fmt::format("to:{}", written_));
  }
  void half_line() {
    if (open_ > 0) return finish_line();
    open_ = 1 + below(event_line(written_).size() - 2);
    log_.append(event_line(written_).substr(0, open_));
    note("half");
  }
  void finish_line() {
    if (open_ == 0) return;
    log_.append(event_line(written_++).substr(open_));
    open_ = 0;
    note(fmt::format("to:{}", written_));
  }
  void rotate() {
    finish_line();
    log_.append(event_line(written_++));
    log_.rotate();
    note("rotate");
  }
  void compress() {
    log_.compress();
    note("compress");
  }
  void cut() {
    finish_line();
    log_.append(event_line(written_++));
    for (int idle = 0; idle < 3;) idle = poll() ? 0 : idle + 1;  // what was never begun is not missed
    keep(*tail_->position());
    log_.append(event_line(written_++));
    const bool copy = below(2) == 0;
    log_.truncate(copy);
    note(copy ? "copy+cut" : "cut");
  }

  // From the last checkpoint: what was given since then never happened.
  void restart() {
    note("restart");
    given_.resize(kept_);
    start();
  }
  void start() {
    TailOptions options{.path = log_.path(), .from = checkpoint_};
    options.batch_bytes = 1 + below(3000);
    options.read_bytes = 1 + below(2000);
    tail_ = std::make_unique<TailInput>(options);
  }

  bool poll() {
    TailBatch batch;
    const TailStep step = tail_->poll(batch, below(3) == 0 ? 1 + below(5) : SIZE_MAX);
    const std::string words = test::words(batch);
    note(fmt::format("[{}]", words));
    for (const Record& record : batch.batch.records) {
      const std::string_view text = batch.batch.text(record);
      given_.push_back({std::stoi(std::string(text.substr(text.find("auditID") + 10, 6)))});
    }
    if (batch.gap) given_.push_back({});
    if (tail_->position() && below(3) == 0) {
      keep(batch.to);
    }
    return step == TailStep::Batch;
  }
  void keep(const TailPosition& position) {
    kept_ = given_.size();
    checkpoint_ = parse_tail_position(to_text(position));
    note("kept");
  }

  std::mt19937_64 random_;
  bool losses_;
  LogWriter log_;
  int written_;
  size_t open_ = 0;  // bytes of line written_ that stand in the file
  std::unique_ptr<TailInput> tail_;
  std::vector<Given> given_;
  size_t kept_ = 0;
  std::optional<TailPosition> checkpoint_;
  std::string trace_;
};

void play(bool losses, LogWriter::Names names) {
  for (uint64_t seed = 1; seed <= 120 && !testing::Test::HasFatalFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Script script(seed, losses, names);
    script.run(120);
    script.check();
  }
}

TEST(TailProperty, EveryLineOnceThroughRotationCompressionAndRestarts) { play(false, LogWriter::Names::Times); }
TEST(TailProperty, TheSameWithNumberedNames) { play(false, LogWriter::Names::Numbers); }
TEST(TailProperty, WhatCutsAndDeletionsLoseIsSaid) { play(true, LogWriter::Names::Times); }

}  // namespace
}  // namespace kubevigil
