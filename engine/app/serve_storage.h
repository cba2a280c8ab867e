// ServeStorage: what `serve` keeps below its data folder, opened in the order in which it depends on each other:
//
//   lock          one process a folder; given back by the system however it ends
//   reserve       room for journal and alerts on a full disk (engine/run/disk_reserve.h)
//   hash-key      the key of what state keeps as hashes (hash_key.h)
//   spool/ journal/ outbox/ snapshots/ rules/      engine/run/README.md has their bytes
//   reminders/ dead-letter/                        the sinks'
//
// Errors: another process has the folder; the disk. What recovery of the logs found goes to the log and, where records
// are lost, to self-alerts.
#pragma once

#include <memory>

#include "engine/app/config.h"
#include "engine/base/disk.h"
#include "engine/base/env.h"
#include "engine/base/hash.h"
#include "engine/base/log.h"
#include "engine/run/disk_reserve.h"
#include "engine/run/journal.h"
#include "engine/run/journal_lives.h"
#include "engine/run/outbox.h"
#include "engine/run/rule_bundle.h"
#include "engine/run/self_alerts.h"
#include "engine/run/snapshot_store.h"
#include "engine/run/spool.h"

namespace kubevigil {

struct ServeStorage {  // members end in reverse order: a reader before what it reads
  std::unique_ptr<DiskLock> lock;
  std::unique_ptr<DiskReserve> reserve;
  HashKey key;
  std::unique_ptr<Spool> spool;
  std::unique_ptr<Journal> journal;
  JournalLives journal_lives;
  std::unique_ptr<Outbox> outbox;
  std::unique_ptr<SnapshotStore> snapshots;
  std::unique_ptr<RuleStore> rules;
};

// Makes the folder, and waits a little for a process that is just ending. First of all: nothing else of two processes
// on one folder may meet, their ports included.
Result<std::unique_ptr<DiskLock>> lock_data(Disk& disk, const Config& config, const Env& env);
Result<ServeStorage> open_storage(std::unique_ptr<DiskLock> lock, Disk& disk, const Config& config, const Env& env,
                                  Log& log, SelfAlerts& self_alerts);

}  // namespace kubevigil
