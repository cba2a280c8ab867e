// AdminView: what the admin listener shows, as plain values. Whoever composes the program fills them from copies that
// its parts publish; nothing here may wait for the pipeline, a sink or a disk. All threads.
//
// The JSON of /api/v1 (admin_json.h) has the members of these structs under the same names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/recent_alerts.h"
#include "engine/base/level.h"
#include "engine/base/timestamp.h"

namespace kubevigil {

struct AdminReady {
  bool ready = false;
  std::string why = {};  // not: what it waits for
};

struct AdminSink {
  std::string name = {}, transport = {}, encoding = {};
  uint64_t sent = 0, retries = 0, given_up = 0, filtered = 0, folded = 0;
  uint64_t pending_entries = 0;
  std::optional<Timestamp> oldest_pending = {};
  bool failing = false;
  std::string last_error = {};
};

struct AdminRecovery {
  double seconds = 0;
  uint64_t entries = 0, records = 0, mismatches = 0;
  bool from_snapshot = false, degraded = false;
};

struct AdminStatus {
  std::string version = {}, commit = {}, instance = {};
  Timestamp started = {}, time = {};
  AdminReady ready = {};
  std::string rules_hash = {};
  size_t rules = 0;
  bool rules_behind = false;  // the last reload was rejected
  uint64_t spool_bytes = 0, spool_budget_bytes = 0;
  uint64_t journal_bytes = 0, journal_entries = 0;
  bool journal_broken = false;
  uint64_t disk_free_bytes = 0;
  bool disk_reserve_held = true;
  std::optional<Timestamp> last_snapshot = {};
  AdminRecovery recovery = {};
  uint64_t events = 0, duplicates = 0, late = 0, bad_records = 0;
  uint64_t alerts = 0, self_alerts = 0, open_alerts = 0;
  uint64_t state_bytes = 0, state_budget_bytes = 0, queue_bytes = 0;
  std::optional<Timestamp> watermark = {};  // none: no event yet
  std::optional<bool> lease_held = {};      // none: no standby configured
  std::vector<AdminSink> sinks = {};
};

struct AdminRule {
  std::string id = {}, name = {}, title = {}, kind = {};
  Level level = Level::Medium;
  uint64_t alerts = 0, not_evaluable = 0;  // since the start
  uint64_t state_keys = 0, state_bytes = 0, evictions = 0;
};

struct AdminSender {
  std::string cluster = {}, credential = {}, peer = {};
  uint64_t bodies = 0, bytes = 0, events = 0, duplicates = 0, retries = 0, refused = 0, silences = 0;
  double events_per_second = 0;
  std::optional<double> latency_seconds = {};  // none: no event with a time came
  std::optional<Timestamp> last_batch = {};
  bool silent = false;
};

struct AdminStranger {
  std::string peer = {}, path = {};
  uint64_t refused = 0;
  Timestamp seen = {};
};

struct AdminTail {
  std::string path = {}, problem = {};
  bool caught_up = false;
  uint64_t lag_bytes = 0, records = 0, rotations = 0, gaps = 0;
};

struct AdminKafka {
  std::string name = {}, problem = {};
  bool stands_by = false, caught_up = false;
  uint64_t lag_messages = 0, records = 0, tombstones = 0, gaps = 0;
};

struct AdminStream {
  std::string name = {};
  bool active = false;
  std::optional<Timestamp> watermark = {};
  uint64_t events = 0;
};

struct AdminSources {
  std::vector<AdminSender> senders = {};
  std::vector<AdminStranger> strangers = {};
  std::vector<AdminTail> tails = {};
  std::vector<AdminKafka> kafka = {};
  std::vector<AdminStream> streams = {};
};

class AdminView {
 public:
  virtual ~AdminView() = default;
  virtual AdminReady ready() const = 0;
  virtual std::string metrics() const = 0;  // the page; may be asked by several at once
  virtual AdminStatus status() const = 0;
  virtual std::vector<AdminRule> rules() const = 0;
  virtual AdminSources sources() const = 0;
  virtual std::vector<RecentAlert> alerts(const AlertQuery& query) const = 0;
};

}  // namespace kubevigil
