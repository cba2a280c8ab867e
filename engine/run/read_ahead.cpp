#include "engine/run/read_ahead.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace kubevigil {
namespace {

struct Slot {
  enum class Stage : uint8_t { Read, Judging, Ready };
  std::unique_ptr<JudgedBatch> batch;
  Stage stage = Stage::Read;
  size_t bytes = 0;
};

struct Source {
  Input* input = nullptr;
  std::deque<Slot> slots;  // in reading order; the front is the consumer's next. References stay valid.
  uint64_t next_sequence = 0;
  bool open = false, reading = false, ended = false;
};

}  // namespace

struct ReadAhead::State {
  std::mutex mutex;
  std::condition_variable work, ready;
  std::vector<Source> sources;
  std::vector<uint32_t> open;  // sources that may still give batches, in order of opening
  std::deque<Slot*> unjudged;
  std::vector<std::unique_ptr<JudgedBatch>> spare;
  size_t bytes = 0;
  bool stop = false;
  uint32_t wanted = UINT32_MAX;  // the source that the consumer waits for
  ReadAheadOptions options;
  std::vector<std::thread> threads;

  bool may_read(const Source& s) const {
    return s.open && !s.reading && !s.ended && (s.slots.empty() || bytes < options.bytes_in_flight);
  }
  Source* next_to_read();
  std::unique_ptr<JudgedBatch> take_spare();
  void read(Source& source, std::unique_lock<std::mutex>& lock);
  void judge(const Judge& judge, std::unique_lock<std::mutex>& lock);
  void run(const MakeJudge& make_judge);
};

// The source that the consumer waits for, else the one with the fewest batches.
Source* ReadAhead::State::next_to_read() {
  if (wanted != UINT32_MAX && sources[wanted].slots.empty() && may_read(sources[wanted])) return &sources[wanted];
  Source* best = nullptr;
  for (const uint32_t index : open) {
    Source& s = sources[index];
    if (may_read(s) && (best == nullptr || s.slots.size() < best->slots.size())) best = &s;
  }
  return best;
}

std::unique_ptr<JudgedBatch> ReadAhead::State::take_spare() {
  if (spare.empty()) return std::make_unique<JudgedBatch>();
  std::unique_ptr<JudgedBatch> batch = std::move(spare.back());
  spare.pop_back();
  return batch;
}

void ReadAhead::State::read(Source& source, std::unique_lock<std::mutex>& lock) {
  source.reading = true;
  std::unique_ptr<JudgedBatch> judged = take_spare();
  lock.unlock();
  judged->reset();
  const bool more = source.input->next(judged->batch);
  lock.lock();
  source.reading = false;
  const auto index = static_cast<uint32_t>(&source - sources.data());
  if (!more) {
    source.ended = true;
    std::erase(open, index);
    spare.push_back(std::move(judged));
    ready.notify_all();
  } else {
    judged->batch.source = index;
    judged->batch.sequence = judged->sequence = source.next_sequence++;
    const size_t size = judged->batch.memory.capacity();
    bytes += size;
    source.slots.push_back({std::move(judged), Slot::Stage::Read, size});
    unjudged.push_back(&source.slots.back());
  }
  work.notify_all();
}

void ReadAhead::State::judge(const Judge& judge, std::unique_lock<std::mutex>& lock) {
  Slot* slot = unjudged.front();
  unjudged.pop_front();
  slot->stage = Slot::Stage::Judging;
  lock.unlock();
  judge(*slot->batch);
  lock.lock();
  slot->stage = Slot::Stage::Ready;
  ready.notify_all();
}

void ReadAhead::State::run(const MakeJudge& make_judge) {
  const Judge judge_batch = make_judge();
  std::unique_lock lock(mutex);
  while (!stop) {
    // Keep about one unjudged batch a thread: reading a source is serial, so it must not fall behind.
    Source* source = unjudged.size() < options.threads ? next_to_read() : nullptr;
    if (source != nullptr) {
      read(*source, lock);
    } else if (!unjudged.empty()) {
      judge(judge_batch, lock);
    } else {
      work.wait(lock);
    }
  }
}

ReadAhead::ReadAhead(std::vector<Input*> inputs, MakeJudge make_judge, ReadAheadOptions options)
    : state_(std::make_unique<State>()) {
  state_->options = options;
  state_->options.threads = std::max<size_t>(1, options.threads);
  state_->sources = std::vector<Source>(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) state_->sources[i].input = inputs[i];
  for (size_t i = 0; i < state_->options.threads; ++i) {
    state_->threads.emplace_back([state = state_.get(), make_judge] { state->run(make_judge); });
  }
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->work.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

void ReadAhead::open(uint32_t source) {
  const std::lock_guard lock(state_->mutex);
  state_->sources[source].open = true;
  state_->open.push_back(source);
  state_->work.notify_all();
}

ReadAhead::Wait ReadAhead::wait(uint32_t source) {
  std::unique_lock lock(state_->mutex);
  Source& s = state_->sources[source];
  const auto settled = [&] { return s.slots.empty() ? s.ended : s.slots.front().stage == Slot::Stage::Ready; };
  if (!settled()) {
    state_->wanted = source;
    state_->work.notify_all();
    const bool in_time = state_->ready.wait_for(lock, std::chrono::milliseconds(100), settled);
    state_->wanted = UINT32_MAX;
    if (!in_time) return Wait::Timeout;
  }
  return s.slots.empty() ? Wait::Ended : Wait::Ready;
}

JudgedBatch& ReadAhead::front(uint32_t source) {
  const std::lock_guard lock(state_->mutex);
  return *state_->sources[source].slots.front().batch;
}

void ReadAhead::pop(uint32_t source) {
  const std::lock_guard lock(state_->mutex);
  Source& s = state_->sources[source];
  state_->bytes -= s.slots.front().bytes;
  // A batch that one huge record has blown up is not kept.
  if (s.slots.front().bytes <= (4u << 20) && state_->spare.size() < 2 * state_->options.threads + 2) {
    state_->spare.push_back(std::move(s.slots.front().batch));
  }
  s.slots.pop_front();
  state_->work.notify_all();
}

}  // namespace kubevigil
