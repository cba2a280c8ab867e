// RecentAlerts: the newest alerts of the journal, for /api/v1/alerts and the metrics of alerts. One thread of its own
// reads the journal behind its writer, as a sink does: only what is durable is seen, and nothing waits for it.
//
// It begins up to kLookBack entries before the end, so that a restart does not empty the page; counts and latencies are
// of this life alone. An alert stands once, in its newest revision.
//
// Bounds: limits::kRecentAlerts and kRecentAlertBytes; the one not changed for longest leaves.
// Latency: from JournalInput.taken to the moment the alert was seen durable here, for opening revisions.
// Threads: start and stop by one; the rest by all. Journal and env outlive it.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/level.h"
#include "engine/run/journal.h"

namespace kubevigil {

struct RecentAlert {
  std::string id = {}, rule_id = {}, rule_name = {}, cluster = {}, status = {};
  uint32_t revision = 0;
  Level level = Level::Medium;
  Timestamp last_seen = {};
  std::string json = {};  // kubevigil.alert/v1
};

// Empty members let everything pass.
struct AlertQuery {
  Level min_level = Level::Informational;
  std::string rule = {};  // id or name
  std::string cluster = {};
  std::string status = {};
  std::optional<Timestamp> since = {};  // last_seen at or behind it
  size_t limit = 100;
};

struct AlertTotals {
  std::array<uint64_t, 4> revisions{};                       // by EpisodeStatus
  std::map<std::pair<std::string, Level>, uint64_t> opened;  // by rule name and level; the first revision of each
  uint64_t unreadable = 0;                                   // entries that are no alert of this schema, and gaps
};

class RecentAlerts {
 public:
  static constexpr uint64_t kLookBack = 20'000;
  static constexpr size_t kRules = 2'000;  // in AlertTotals::opened; others are counted as "other"

  // `latency` gets seconds; on the own thread.
  RecentAlerts(Journal& journal, const Env& env, std::function<void(double)> latency);
  ~RecentAlerts();  // as stop()

  void start();
  void stop();
  // Reads what is durable now; for tests, instead of start().
  void step();

  std::vector<RecentAlert> find(const AlertQuery& query) const;  // newest first
  AlertTotals totals() const;

 private:
  void take(const JournalAlert& entry, uint64_t sequence);
  void keep(RecentAlert alert);
  void run();

  Journal& journal_;
  const Env& env_;
  const std::function<void(double)> latency_;
  JournalReader reader_;
  const uint64_t live_from_;        // entries of this life
  std::optional<Timestamp> taken_;  // of the last input
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;       // of what follows
  std::list<RecentAlert> alerts_;  // newest last
  std::map<std::string, std::list<RecentAlert>::iterator> by_id_;
  size_t bytes_ = 0;
  AlertTotals totals_;
  std::thread thread_;
};

}  // namespace kubevigil
