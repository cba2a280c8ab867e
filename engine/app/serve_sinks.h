// The sinks of `serve`: opened from the configuration, their notices turned into log lines and self-alerts. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/app/certificate_watch.h"
#include "engine/app/config.h"
#include "engine/app/reload_loop.h"
#include "engine/app/serve_storage.h"
#include "engine/run/sink.h"

namespace kubevigil {

class ServeSinks {
 public:
  // All outlive the sinks. Nothing is sent before start(). An output that cannot be opened now is opened when it can
  // be.
  static Result<std::unique_ptr<ServeSinks>> open(const Config& config, ServeStorage& storage, Disk& disk,
                                                  const Env& env, Log& log, SelfAlerts& self_alerts,
                                                  SendGate* gate = nullptr);

  // Client certificates of outputs, as they stand in their files: each transport takes them up by itself.
  void add_triggers(ReloadTriggers& triggers) const;
  void add_certificates(CertificateWatch& watch) const;
  void start();
  // Waits until each has delivered what the journal holds, `patience` at most in all; then they end. What is left is
  // delivered by the next life.
  void stop(uint64_t journal_end, Duration patience);
  const std::vector<std::unique_ptr<Sink>>& sinks() const { return sinks_; }

 private:
  ServeSinks(const Env& env, Log& log, SelfAlerts& self_alerts) : env_(env), log_(log), self_alerts_(self_alerts) {}
  void notice(const SinkNotice& notice);

  const Env& env_;
  Log& log_;
  SelfAlerts& self_alerts_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::vector<std::pair<std::string, std::shared_ptr<TlsSource>>> certificates_;  // by output
};

}  // namespace kubevigil
