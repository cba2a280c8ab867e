// LiveQueue: batches of all inputs in one order, judged by N threads in any order. The order is that of submit(): it
// becomes the journal's, and with it the order of everything that follows.
//
//   intake threads: submit(input, batch)        consumer: while (next(item, most) != Closed) ... recycle(item)
//
// Rules are swapped between two batches: what was submitted before swap() is judged by the old program, what comes
// after by the new one, and the consumer meets an item without a batch where they change.
//
// Bounds: QueueOptions::bytes of batches that are not given back; submit waits, except for the first. Threads: submit,
// swap and close by all; next and recycle by one, the consumer.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/limits.h"
#include "engine/run/batch_judge.h"
#include "engine/run/live_input.h"
#include "engine/run/live_rules.h"

namespace kubevigil {

struct LiveQueueOptions {
  size_t threads = 1;
  size_t bytes = limits::kBatchBytes;
};

struct LiveItem {
  LiveBatch info;                          // its batch is in `judged`
  size_t pieces = 0;                       // of it, as JournalInput counts them
  std::unique_ptr<JudgedBatch> judged;     // null: rules are swapped here
  std::shared_ptr<const LiveRules> rules;  // that judged it, or that are new
  size_t bytes = 0;
};

class LiveQueue {
 public:
  LiveQueue(std::shared_ptr<const LiveRules> rules, LiveQueueOptions options);
  ~LiveQueue();
  LiveQueue(const LiveQueue&) = delete;
  LiveQueue& operator=(const LiveQueue&) = delete;

  // Takes the batch and leaves an empty one with old capacity. False: closed, and nothing was taken.
  bool submit(LiveBatch& batch);
  void swap(std::shared_ptr<const LiveRules> rules);
  // Nothing is taken any more; what was is still given.
  void close();

  enum class Next : uint8_t { Item, Empty, Closed };  // Empty: nothing is ready within `most`; Closed: nor ever
  Next next(LiveItem& item, Duration most);
  void recycle(LiveItem& item);

  bool idle() const;  // nothing is waiting, being judged or ready
  size_t bytes() const;
  size_t batches() const;

 private:
  struct Slot {
    LiveItem item;
    bool ready = false;
  };

  void run();

  const LiveQueueOptions options_;
  const std::shared_ptr<MemoryGate> gate_ = std::make_shared<MemoryGate>(limits::kJudgedBytes);
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable work_, room_, ready_;
  std::shared_ptr<const LiveRules> rules_;
  std::deque<Slot> slots_;  // in order; references stay valid
  std::deque<Slot*> unjudged_;
  std::vector<std::unique_ptr<JudgedBatch>> spare_;
  size_t bytes_ = 0;
  bool closed_ = false, stop_ = false;
  std::vector<std::thread> threads_;
};

// What a batch counts for, in memory.
size_t held_bytes(const Batch& batch);

}  // namespace kubevigil
