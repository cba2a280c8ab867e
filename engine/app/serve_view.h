// ServeView: what the admin listener shows of a running `serve` (admin_view.h), from the moment when nothing is there
// yet to the moment when nothing is there any more. The composition root says what has come into being; take a part
// away with change() before it goes.
//
// All threads. Answers are made under a shared lock: change() waits for those that are being made, a few milliseconds.
#pragma once

#include <shared_mutex>

#include "engine/app/admin_view.h"
#include "engine/app/serve_parts.h"
#include "engine/base/env.h"
#include "engine/base/metrics.h"

namespace kubevigil {

class ServeView : public AdminView {
 public:
  // What is configured for an output, beside what its sink counts.
  struct Output {
    std::string name, transport, encoding;
  };

  ServeView(Metrics& metrics, const Env& env, std::vector<Output> outputs)
      : metrics_(metrics), env_(env), outputs_(std::move(outputs)) {}

  template <typename Change>  // of (ServeParts&, ServeFacts&)
  void change(Change&& make) {
    const std::unique_lock lock(mutex_);
    make(parts_, facts_);
  }
  void set_waiting(std::string why);  // not ready
  void set_ready();

  AdminReady ready() const override;
  std::string metrics() const override;
  AdminStatus status() const override;
  std::vector<AdminRule> rules() const override;
  AdminSources sources() const override;
  std::vector<RecentAlert> alerts(const AlertQuery& query) const override;

 private:
  AdminReady readiness() const;
  void add_disk(AdminStatus& out) const;
  void add_pipeline(AdminStatus& out) const;
  void add_sinks(AdminStatus& out) const;

  Metrics& metrics_;
  const Env& env_;
  const std::vector<Output> outputs_;
  mutable std::shared_mutex mutex_;  // of what follows
  ServeParts parts_;
  ServeFacts facts_;
};

}  // namespace kubevigil
