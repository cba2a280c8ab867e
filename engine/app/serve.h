// Serve: `kubevigil serve` composed: storage, webhook and tails, pipeline, sinks, reloading, and the one thread that
// watches over them. Everything it is made of has a file of its own (serve_*.h).
//
// A start: the admin listener answers, storage is opened and the webhook listens (what it takes waits in the spool),
// then the last state is recovered, then sinks and inputs run: ready. On a full disk it waits in front of the last
// step, and the webhook tells senders to wait. A stop (SIGTERM, SIGINT): the webhook ends, what was taken in is
// processed, a snapshot is written, sinks deliver what there is for kLastDeliveries; what is left waits on the disk.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "engine/app/certificate_watch.h"
#include "engine/app/config.h"
#include "engine/app/disk_watch.h"
#include "engine/app/input_watch.h"
#include "engine/app/live_watch.h"
#include "engine/app/quarantine.h"
#include "engine/app/reload_loop.h"
#include "engine/app/serve_admin.h"
#include "engine/app/serve_rules.h"
#include "engine/app/serve_sinks.h"
#include "engine/app/serve_storage.h"
#include "engine/app/serve_webhook.h"
#include "engine/base/env.h"
#include "engine/base/log.h"
#include "engine/run/lease.h"
#include "engine/run/live_pipeline.h"
#include "engine/run/self_alerts.h"

namespace kubevigil {

inline constexpr Duration kLastRequests = Duration::seconds(5);
inline constexpr Duration kLastDeliveries = Duration::seconds(5);

class Serve {
 public:
  Serve(const Config& config, Disk& disk, const Env& env, Log& log);
  ~Serve();

  // Until `stop` is not zero, or something fails that a restart has to mend: the error says what. Once.
  Result<void> run(const std::atomic<int>& stop, const std::atomic<unsigned>& hangups);

 private:
  Result<void> start(const std::atomic<int>& stop);
  Result<void> open_rules();
  Result<void> recover(const std::atomic<int>& stop);
  Result<void> keep_what_is_named(const std::atomic<int>& stop);
  void open_lease(const StandbyConfig& standby);
  Result<void> start_webhook();
  void show_parts();
  void start_reloading();
  Result<void> watch(const std::atomic<int>& stop, const std::atomic<unsigned>& hangups);
  void look_at_disk();
  void pause_intake(bool paused);
  Result<void> end();
  void say_start() const;

  const Config& config_;
  Disk& disk_;
  const Env& env_;
  Log& log_;
  SelfAlerts self_alerts_;
  CertificateWatch certificates_;
  std::unique_ptr<ServeAdmin> admin_;  // outlives what it shows: they are taken out of it before they go
  ServeStorage storage_;
  std::unique_ptr<ServeRules> rules_;
  std::optional<ReadyRules> ready_rules_;
  std::shared_ptr<const LiveRules> live_rules_;
  std::unique_ptr<Lease> lease_;  // null: nobody else sends
  std::unique_ptr<ServeSinks> sinks_;
  std::unique_ptr<Quarantine> quarantine_;
  std::unique_ptr<LivePipeline> pipeline_;
  std::unique_ptr<ServeWebhook> webhook_;  // behind the pipeline, which it outlives nowhere: see end()
  std::unique_ptr<RuleWatch> rule_watch_;
  std::unique_ptr<ReloadTriggers> triggers_;
  std::unique_ptr<ReloadLoop> reload_loop_;
  std::atomic<ServeWebhook*> webhook_seen_ = nullptr;  // by the pipeline's thread
  LiveWatch live_watch_{self_alerts_};
  InputWatch input_watch_{env_, log_, self_alerts_};
  std::optional<DiskWatch> disk_watch_;
  bool intake_paused_ = false;
};

}  // namespace kubevigil
