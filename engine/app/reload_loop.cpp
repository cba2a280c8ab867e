#include "engine/app/reload_loop.h"

#include <algorithm>

namespace kubevigil {

void ReloadTriggers::add(std::string name, Reload reload) {
  triggers_.push_back({std::move(name), std::move(reload), {}});
}

void ReloadTriggers::poll(bool asked) {
  for (Trigger& trigger : triggers_) {
    const Result<bool> reloaded = trigger.reload();
    const std::string error = reloaded ? std::string() : reloaded.error().message;
    if (reloaded && *reloaded) {
      log_.info("reload", "new files in use", {{"what", trigger.name}});
    } else if (reloaded && !trigger.error.empty()) {
      log_.info("reload", "files are as they were, and readable again", {{"what", trigger.name}});
    } else if (!reloaded && (asked || error != trigger.error)) {
      log_.error("reload", "files have an error, the old ones stay in use", {{"what", trigger.name}, {"why", error}});
    }
    trigger.error = error;
  }
}

size_t ReloadTriggers::failing() const {
  return static_cast<size_t>(
      std::count_if(triggers_.begin(), triggers_.end(), [](const Trigger& t) { return !t.error.empty(); }));
}

ReloadLoop::ReloadLoop(const Env& env, RuleWatch& rules, ReloadTriggers& triggers, std::chrono::milliseconds every)
    : env_(env), rules_(rules), triggers_(triggers), every_(every), thread_([this] { run(); }) {}

ReloadLoop::~ReloadLoop() {
  {
    const std::lock_guard hold(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReloadLoop::ask() {
  {
    const std::lock_guard hold(mutex_);
    asked_ = true;
  }
  changed_.notify_all();
}

void ReloadLoop::run() {
  std::unique_lock hold(mutex_);
  while (!ending_) {
    changed_.wait_for(hold, every_, [this] { return asked_ || ending_; });
    if (ending_) return;
    const bool asked = std::exchange(asked_, false);
    hold.unlock();
    triggers_.poll(asked);
    rules_.poll(env_.now(), asked);
    hold.lock();
  }
}

}  // namespace kubevigil
