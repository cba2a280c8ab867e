// ServeParts: what of a running `serve` can be looked at, as it comes into being; and what is known of the run besides.
// The admin listener answers from its first moment, so any of them may be missing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/certificate_watch.h"
#include "engine/app/quarantine.h"
#include "engine/app/recent_alerts.h"
#include "engine/base/disk.h"
#include "engine/base/log.h"
#include "engine/net/http_server.h"
#include "engine/run/disk_reserve.h"
#include "engine/run/lease.h"
#include "engine/run/live_pipeline.h"
#include "engine/run/self_alerts.h"
#include "engine/run/sink.h"
#include "engine/run/spool.h"
#include "inputs/sender_book.h"

namespace kubevigil {

// Null: not there (yet). Everything in it may be asked by any thread.
struct ServeParts {
  const Log* log = nullptr;
  const SelfAlerts* self_alerts = nullptr;
  const HttpServerCounters* admin = nullptr;
  Disk* disk = nullptr;
  const Spool* spool = nullptr;
  const Journal* journal = nullptr;
  const DiskReserve* reserve = nullptr;
  const HttpServerCounters* webhook = nullptr;
  const SenderBook* senders = nullptr;
  std::vector<const Sink*> sinks = {};
  const LivePipeline* pipeline = nullptr;  // started
  const Lease* lease = nullptr;
  const CertificateWatch* certificates = nullptr;
  const RecentAlerts* recent = nullptr;
  const Quarantine* quarantine = nullptr;
};

struct ServeFacts {
  std::string instance = {}, data = {};
  Timestamp started = {};
  uint64_t spool_budget = 0, state_budget = 0;
  bool ready = false;
  std::string why = "starting";  // not ready
  std::optional<RecoveryReport> recovery = {};
  Duration recovery_took = {};
  uint64_t reloads_taken = 0, reloads_rejected = 0;
  bool rules_behind = false;  // the last reload was rejected
  Timestamp rules_taken = {};
};

}  // namespace kubevigil
