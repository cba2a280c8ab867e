// ReadAhead: the run's threads. They read batches of the open sources (one thread at a time for a source) and judge
// them (any thread, any order), ahead of the one consumer that takes them in order.
//
// Bounds: at most `bytes_in_flight` of batches are held, but always one batch for each open source, so that the
// consumer never waits for memory that only it can free. Which thread did what, and how far ahead, shows nowhere in
// what the consumer sees.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "engine/base/limits.h"
#include "engine/run/input.h"
#include "engine/run/judged_batch.h"

namespace kubevigil {

// Fills everything of a JudgedBatch but `batch`. Called by one thread at a time.
using Judge = std::function<void(JudgedBatch&)>;
using MakeJudge = std::function<Judge()>;

struct ReadAheadOptions {
  size_t threads = 1;
  size_t bytes_in_flight = limits::kBatchBytes;
};

class ReadAhead {
 public:
  // `inputs` outlive it. `make_judge` is called once in each thread.
  ReadAhead(std::vector<Input*> inputs, MakeJudge make_judge, ReadAheadOptions options);
  ~ReadAhead();  // stops the threads
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // The consumer's side, one thread.
  void open(uint32_t source);
  enum class Wait : uint8_t { Ready, Ended, Timeout };
  // Waits at most about 100 ms for the next batch of an open source; Ready: front() is it.
  Wait wait(uint32_t source);
  JudgedBatch& front(uint32_t source);
  void pop(uint32_t source);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kubevigil
