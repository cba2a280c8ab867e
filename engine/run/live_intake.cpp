#include "engine/run/live_intake.h"

#include <utility>

namespace kubevigil {

void IntakeGate::set_open(bool open) {
  {
    const std::lock_guard hold(mutex_);
    open_ = open;
  }
  changed_.notify_all();
}

bool IntakeGate::open() const {
  const std::lock_guard hold(mutex_);
  return open_;
}

void IntakeGate::end() {
  {
    const std::lock_guard hold(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
}

bool IntakeGate::wait() {
  std::unique_lock hold(mutex_);
  changed_.wait(hold, [&] { return open_ || ended_; });
  return !ended_;
}

LiveIntake::LiveIntake(LiveInput& input, LiveQueue& queue, IntakeGate& gate,
                       std::function<void(const std::string&)> broken)
    : input_(input), queue_(queue), gate_(gate), broken_(std::move(broken)) {
  status_.name = input.name();
  thread_ = std::thread([this] { run(); });
}

LiveIntake::~LiveIntake() { end(); }

void LiveIntake::end() {
  interrupt();
  if (thread_.joinable()) thread_.join();
}

void LiveIntake::interrupt() {
  stop_ = true;
  input_.interrupt();
}

IntakeStatus LiveIntake::status() const {
  const std::lock_guard hold(mutex_);
  IntakeStatus status = status_;
  status.caught_up = caught_up_;
  return status;
}

void LiveIntake::run() {
  constexpr Duration kLook = Duration::seconds(1);
  LiveBatch batch;
  while (!stop_ && gate_.wait()) {
    batch.batch.memory.clear();
    batch.batch.records.clear();
    batch.batch.wrappers.clear();
    batch.batch.bad.clear();
    batch.gaps.clear();
    batch.stream.clear();
    const LiveStep step = input_.poll(batch);
    {
      const std::lock_guard hold(mutex_);
      status_.problem = input_.problem();
      status_.source = input_.counts();
      if (step == LiveStep::Batch) {
        ++status_.batches;
        status_.pieces += batch.pieces();
        status_.bytes += batch.batch.memory.size();
        status_.gaps += batch.gaps.size();
      }
    }
    if (step == LiveStep::Broken) return broken_(input_.problem());
    caught_up_ = step == LiveStep::Waiting;
    if (step == LiveStep::Waiting || step == LiveStep::Later) {
      if (!stop_) input_.wait(kLook);
      caught_up_ = false;  // there may be more, which a closed gate keeps from being looked at
    } else if (!queue_.submit(batch)) {
      return;
    }
  }
}

}  // namespace kubevigil
