#include "engine/app/serve_storage.h"

#include <fmt/format.h>

#include <utility>

#include "engine/app/hash_key.h"
#include "engine/app/patient_lock.h"

namespace kubevigil {
namespace {

tl::unexpected<Error> failed(const DiskError& error) { return fail(error.message); }

void say_damage(std::string_view what, const std::vector<LogDamage>& damage, Log& log, SelfAlerts& self_alerts,
                Timestamp now) {
  for (const LogDamage& d : damage) {
    const std::string text = to_text(d);
    if (d.kind != LogDamage::Kind::Gap) {
      log.info("storage", "a log was mended", {{"log", what}, {"damage", text}});
      continue;
    }
    log.error("storage", "records are lost", {{"log", what}, {"damage", text}});
    self_alerts.raise({SelfAlertKind::StorageDamage, "", std::string(what), text, now});
  }
}

// Whether an alert stands behind the entry, or one may, since entries are lost or cannot be read.
bool alerts_behind(const Journal& journal, uint64_t sequence) {
  JournalReader reader(journal, sequence + 1);
  for (;;) {
    const auto step = reader.next();
    if (!step || *step == JournalReader::Step::Gap) return true;
    if (*step == JournalReader::Step::End) return false;
    if (std::holds_alternative<JournalAlert>(reader.entry())) return true;
  }
}

// An output was removed or renamed: nobody sends what it had not delivered.
void say_dropped(const ServeStorage& storage, Log& log, SelfAlerts& self_alerts, Timestamp now) {
  for (const auto& [sink, cursor] : storage.outbox->dropped()) {
    if (!alerts_behind(*storage.journal, cursor.sequence)) continue;
    const std::string text = fmt::format(
        "the output is not configured any longer; it had delivered up to entry {} of the journal, which ends at {}",
        cursor.sequence, storage.journal->durable_end() - 1);
    log.warn("storage", "alerts of a removed output are not sent", {{"sink", sink}, {"what", text}});
    self_alerts.raise({SelfAlertKind::AlertsGivenUp, "", sink, text, now});
  }
}

template <typename T>
Result<void> take(DiskResult<std::unique_ptr<T>> opened, std::unique_ptr<T>& into) {
  if (!opened) return failed(opened.error());
  into = std::move(*opened);
  return {};
}

Result<void> open_logs(Disk& disk, const Config& config, const Env& env, ServeStorage& out) {
  SpoolOptions spool;
  spool.folder = config.data + "/spool";
  spool.budget = config.inputs.webhook ? config.inputs.webhook->spool_budget : limits::kSpoolBytes;
  spool.secret = env.random();
  spool.reserve = out.reserve.get();
  if (auto opened = take(Spool::open(disk, spool), out.spool); !opened) return opened;
  JournalOptions journal;
  journal.folder = config.data + "/journal";
  journal.secret = env.random();
  journal.reserve = out.reserve.get();
  if (auto opened = take(Journal::open(disk, journal), out.journal); !opened) return opened;
  OutboxOptions outbox;
  outbox.folder = config.data + "/outbox";
  for (const OutputConfig& output : config.outputs) outbox.sinks.push_back(output.name);
  outbox.new_sinks_begin = out.journal->durable_end() - 1;
  outbox.secret = env.random();
  outbox.reserve = out.reserve.get();
  if (auto opened = take(Outbox::open(disk, outbox), out.outbox); !opened) return opened;
  for (const std::string& sink : outbox.sinks) {
    if (out.outbox->cursor(sink) < out.journal->durable_end()) continue;
    return fail(
        fmt::format("{0}: the output {1} has delivered up to entry {2}, and the journal ends at {3}: journal/ was "
                    "removed or is an older copy; remove {0}/outbox and {0}/snapshots too, or put it back",
                    config.data, sink, out.outbox->cursor(sink), out.journal->durable_end() - 1));
  }
  if (auto opened = take(SnapshotStore::open(disk, config.data + "/snapshots", "state"), out.snapshots); !opened) {
    return opened;
  }
  return take(RuleStore::open(disk, config.data + "/rules"), out.rules);
}

}  // namespace

Result<std::unique_ptr<DiskLock>> lock_data(Disk& disk, const Config& config, const Env& env) {
  if (const auto made = disk.make_folder(config.data); !made) return failed(made.error());
  auto lock = lock_patiently(disk, config.data + "/lock", env);
  if (!lock && lock.error().fault == DiskFault::Locked) {
    return fail(fmt::format("{}: another kubevigil uses this data folder; each instance needs its own", config.data));
  }
  if (!lock) return failed(lock.error());
  return std::move(*lock);
}

Result<ServeStorage> open_storage(std::unique_ptr<DiskLock> lock, Disk& disk, const Config& config, const Env& env,
                                  Log& log, SelfAlerts& self_alerts) {
  ServeStorage out;
  out.lock = std::move(lock);
  if (auto opened = take(DiskReserve::open(disk, config.data), out.reserve); !opened) {
    return tl::unexpected(opened.error());
  }
  const auto key = load_hash_key(disk, config.data, config.standby ? config.standby->lease_file : "", env);
  if (!key) return tl::unexpected(key.error());
  out.key = *key;
  if (auto opened = open_logs(disk, config, env, out); !opened) return tl::unexpected(opened.error());
  auto lives = begin_journal_life(disk, config.data + "/journal", out.journal->durable_end(), env);
  if (!lives) log.warn("storage", "the journal's id cannot be kept", {{"why", lives.error().message}});
  out.journal_lives = lives ? std::move(*lives) : new_journal_life(env);
  const Timestamp now = env.now();
  say_damage("spool", out.spool->damage(), log, self_alerts, now);
  say_damage("journal", out.journal->damage(), log, self_alerts, now);
  say_damage("outbox", out.outbox->damage(), log, self_alerts, now);
  say_dropped(out, log, self_alerts, now);
  return out;
}

}  // namespace kubevigil
