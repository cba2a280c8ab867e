// Reloading while the program runs: one thread that polls the rules (rule_watch.h) and whatever else is made of files
// that may change, every few seconds and when somebody asks (SIGHUP).
//
//   ReloadTriggers triggers(log);
//   triggers.add("tls 0.0.0.0:9443", [=] { return tls->reload(); });           // TlsSource, CredentialSource
//   ReloadLoop loop(env, rules, triggers);
//   ... on SIGHUP: loop.ask(); ...
//
// The sources keep what they have on an error, so half of a rotation costs nothing; an error that lasts is said once.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/app/rule_watch.h"
#include "engine/base/env.h"
#include "engine/base/log.h"
#include "engine/base/result.h"

namespace kubevigil {

class ReloadTriggers {
 public:
  // Reads files again: true when they differ from those in use and the new ones are in use now.
  using Reload = std::function<Result<bool>()>;

  explicit ReloadTriggers(Log& log) : log_(log) {}
  void add(std::string name, Reload reload);

  // Calls all. An error is said when it is another one than at the last poll, or when somebody asked.
  void poll(bool asked = false);
  size_t failing() const;  // of poll's thread

 private:
  struct Trigger {
    std::string name;
    Reload reload;
    std::string error;  // of the last poll
  };
  Log& log_;
  std::vector<Trigger> triggers_;
};

// The thread. Ends with its destructor, behind the poll that runs then. All references outlive it.
class ReloadLoop {
 public:
  static constexpr std::chrono::seconds kEvery{5};

  ReloadLoop(const Env& env, RuleWatch& rules, ReloadTriggers& triggers, std::chrono::milliseconds every = kEvery);
  ~ReloadLoop();
  ReloadLoop(const ReloadLoop&) = delete;
  ReloadLoop& operator=(const ReloadLoop&) = delete;

  void ask();  // any thread; not from a signal handler

 private:
  void run();

  const Env& env_;
  RuleWatch& rules_;
  ReloadTriggers& triggers_;
  const std::chrono::milliseconds every_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool asked_ = false, ending_ = false;
  std::thread thread_;
};

}  // namespace kubevigil
