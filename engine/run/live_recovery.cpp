#include "engine/run/live_recovery.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "engine/alert/alert_reader.h"
#include "engine/run/alert_comparison.h"
#include "engine/run/batch_judge.h"
#include "engine/run/live_snapshot.h"

namespace kubevigil {
namespace {

constexpr size_t kFindingsKept = 100;
// An input may have to look several times before it goes on: a rotated log is left when its end was seen twice.
constexpr int kPollsUntilGone = 8;
constexpr Duration kWaitAgain = Duration::seconds(1);

class Recovery {
 public:
  explicit Recovery(const RecoverySources& sources) : sources_(sources) {}
  Result<Recovered> run();

 private:
  // Of one lane.
  struct Reading {
    LiveInput* input = nullptr;  // null: no input has it
    std::string at;              // the `to` of the entry that was read last
    bool there = false;          // `at` is where it stands
  };

  Result<uint64_t> begin();
  DiskResult<std::optional<LoadedSnapshot>> find_snapshot();
  Result<std::optional<LiveNote>> load_snapshot();
  std::string take_over(const LiveNote& note, std::string_view state);
  void begin_at(const LiveNote& note);
  std::optional<LiveNote> begin_empty(std::optional<LiveNote> note);
  void use(std::shared_ptr<const LiveRules> rules);
  std::shared_ptr<const LiveRules> rules(const std::string& hash);
  void entry(const JournalEntry& entry);
  void input(const JournalInput& entry);
  void control(const JournalControl& entry);
  void alert(const JournalAlert& entry);
  void follow(std::vector<Alert> derived);
  Reading& reading_of(const std::string& source);
  bool go_to(Reading& reading, const JournalInput& entry) const;
  LiveStep poll(Reading& reading, LiveBatch& batch, const JournalInput& entry, uint64_t most) const;
  uint64_t read_again(const JournalInput& entry, std::vector<Alert>& out);
  void process(const JournalInput& entry, LiveBatch& batch, std::vector<Alert>& out);
  void lose(SelfAlertKind kind, std::string subject, std::string detail);
  bool comparable() const {
    return !out_.report.degraded && version_ == sources_.version && out_.core->rules().as_then;
  }
  void settle();
  bool stopped() const { return sources_.stop != nullptr && sources_.stop->load() != 0; }

  const RecoverySources& sources_;
  Recovered out_;
  AlertComparison comparison_;
  std::string version_;  // that wrote the entries at hand
  LiveInputs inputs_;
  std::map<std::string, Reading> readings_;  // by lane
  std::unique_ptr<BatchJudge> judge_;
  JudgedBatch judged_;
  uint64_t sequence_ = 0;  // of the entry at hand
  bool reader_broken_ = false;
  std::string problem_;
};

// State is no longer what it was.
void Recovery::lose(SelfAlertKind kind, std::string subject, std::string detail) {
  out_.report.degraded = true;
  if (out_.report.findings.size() < kFindingsKept) {
    out_.report.findings.push_back({kind, std::move(subject), std::move(detail)});
  }
}

std::shared_ptr<const LiveRules> Recovery::rules(const std::string& hash) {
  out_.rules.insert(hash);
  if (hash == sources_.present->hash) return sources_.present;
  auto loaded = sources_.load_rules(hash);
  if (loaded) return std::make_shared<const LiveRules>(std::move(*loaded));
  lose(SelfAlertKind::RecoveryMismatch, "rules",
       fmt::format("the rules {} of the last life: {}", hash, loaded.error().message));
  return nullptr;
}

void Recovery::use(std::shared_ptr<const LiveRules> rules) {
  readings_.clear();
  inputs_ = rules->open_inputs();
  JudgeOptions options;
  options.key = rules->detector.key;
  judge_ = std::make_unique<BatchJudge>(rules->program, options);
  if (out_.core == nullptr) out_.core = std::make_unique<LiveCore>(std::move(rules));
}

DiskResult<std::optional<LoadedSnapshot>> Recovery::find_snapshot() {
  if (!sources_.from_oldest) return sources_.snapshots.load();
  if (sources_.snapshots.kept().size() > 1) return sources_.snapshots.load_older();
  if (sources_.journal.first_sequence() > 1) return sources_.snapshots.load();
  return std::optional<LoadedSnapshot>();  // nothing was trimmed yet
}

// Why it is of no use; "": it is.
std::string Recovery::take_over(const LiveNote& note, std::string_view state) {
  const auto in_force = rules(note.rules.front());
  if (!in_force) return "its rules are lost";
  use(in_force);
  if (const auto loaded = out_.core->load(state, note.positions); !loaded) {
    out_.core.reset();
    return loaded.error().message;
  }
  return {};
}

void Recovery::begin_at(const LiveNote& note) {
  version_ = note.version;
  for (const std::string& hash : note.rules) out_.rules.insert(hash);
  for (const std::string& json : note.open_self_alerts) {
    if (auto alert = alert_from_json(json)) out_.report.self_alerts.push_back(std::move(*alert));
  }
}

// What is known where no state is.
std::optional<LiveNote> Recovery::begin_empty(std::optional<LiveNote> note) {
  if (!note) return note;
  lose(SelfAlertKind::SnapshotDamaged, "state", "no snapshot is of use: the state is empty, its inputs go on");
  const auto in_force = rules(note->rules.front());
  use(in_force ? in_force : sources_.present);
  for (const auto& [input_name, position] : note->positions) out_.core->skip(input_name, position);
  return note;
}

// The note of what recovery begins with; nullopt: there is none.
Result<std::optional<LiveNote>> Recovery::load_snapshot() {
  std::optional<LiveNote> found, newest;  // the latter of those without a state
  while (!found) {
    const auto loaded = find_snapshot();
    if (!loaded) return fail(loaded.error().message);
    if (!*loaded) break;
    const SnapshotInfo& info = (*loaded)->info;
    auto note = decode_note(info.note);
    const std::string problem = note ? take_over(*note, (*loaded)->state) : "its note is of another kind";
    if (!problem.empty()) sources_.snapshots.reject(info, problem);
    std::optional<LiveNote>& kept = problem.empty() ? found : newest;
    if (!kept) kept = std::move(note);
  }
  for (const std::string& problem : sources_.snapshots.problems()) {
    out_.report.findings.push_back({SelfAlertKind::SnapshotDamaged, "state", problem});
  }
  if (!found) found = begin_empty(std::move(newest));
  if (found) begin_at(*found);
  return found;
}

// Where the journal is to be read from.
Result<uint64_t> Recovery::begin() {
  const auto snapshot = load_snapshot();
  if (!snapshot) return fail(snapshot.error().message);
  out_.report.from_snapshot = snapshot->has_value();
  const uint64_t first = sources_.journal.first_sequence(), end = sources_.journal.durable_end();
  if (!*snapshot) {
    if (first > 1) {
      lose(SelfAlertKind::SnapshotDamaged, "state",
           fmt::format("there is no whole snapshot, and the journal begins at entry {}", first));
    }
    return first;
  }
  const uint64_t from = (*snapshot)->journal;
  if (from <= end) return from;
  lose(SelfAlertKind::StorageDamage, "journal",
       fmt::format("the snapshot stands at entry {}, the journal ends at {}: the journal was removed or is older", from,
                   end));
  return end;
}

void Recovery::process(const JournalInput& entry, LiveBatch& batch, std::vector<Alert>& out) {
  judged_.reset();
  std::swap(judged_.batch, batch.batch);
  judged_.batch.cluster = batch.cluster;
  judged_.batch.formats = batch.formats;
  judge_->judge(judged_);
  batch.taken = entry.taken;
  out_.core->process(entry.source, batch, judged_, out);
}

Recovery::Reading& Recovery::reading_of(const std::string& source) {
  const auto [found, is_new] = readings_.try_emplace(source);
  if (is_new) found->second.input = owner_of(inputs_, source);
  return found->second;
}

bool Recovery::go_to(Reading& reading, const JournalInput& entry) const {
  if (std::exchange(reading.there, false) && reading.at == entry.from) return true;
  return reading.input->seek(entry.source, entry.from);
}

// Waits as long as the input says that there may be more. Waiting: it is gone.
LiveStep Recovery::poll(Reading& reading, LiveBatch& batch, const JournalInput& entry, uint64_t most) const {
  for (int looked = 0;;) {
    const LiveStep step = reading.input->poll(batch, most, entry.source);
    if (step == LiveStep::Batch || step == LiveStep::Broken) return step;
    if (step == LiveStep::Waiting && ++looked == kPollsUntilGone) return step;
    if (step == LiveStep::Waiting) continue;
    if (stopped()) return LiveStep::Waiting;
    reading.input->wait(kWaitAgain);
    if (const std::string why = reading.input->problem(); sources_.waiting && !why.empty()) {
      sources_.waiting(reading.input->name(), why);
    }
  }
}

// How many of the entry's records were found.
uint64_t Recovery::read_again(const JournalInput& entry, std::vector<Alert>& out) {
  Reading& reading = reading_of(entry.source);
  if (reading.input == nullptr || !go_to(reading, entry)) return 0;
  uint64_t records = 0;
  while (records < entry.records) {
    LiveBatch batch;
    const LiveStep step = poll(reading, batch, entry, entry.records - records);
    if (step == LiveStep::Broken) {
      reader_broken_ = true;
      problem_ = reading.input->problem();
    }
    if (step != LiveStep::Batch) return records;
    const size_t pieces = batch.pieces();
    if (pieces > 0) process(entry, batch, out);
    records += pieces;
    if (!batch.gaps.empty() && records < entry.records) return records;
  }
  reading.at = entry.to;
  reading.there = true;
  return records;
}

void Recovery::input(const JournalInput& entry) {
  ++out_.report.inputs;
  std::vector<Alert> derived;
  const uint64_t records = entry.records == 0 ? 0 : read_again(entry, derived);
  if (reader_broken_) return;
  out_.report.records += records;
  if (records < entry.records) {
    out_.report.lost_records += entry.records - records;
    lose(
        SelfAlertKind::InputGap, entry.source,
        fmt::format("{} of {} records that were processed before the restart cannot be read again (from {} to {}): the "
                    "state does not hold them",
                    entry.records - records, entry.records, entry.from, entry.to));
  }
  out_.core->skip(entry.source, entry.to);
  follow(std::move(derived));
}

void Recovery::control(const JournalControl& entry) {
  std::vector<Alert> derived;
  if (entry.name == kControlStart) {
    version_ = entry.detail;
  } else if (entry.name == kControlIdle) {
    out_.core->idle(entry.source, derived);
  } else if (entry.name == kControlPosition) {
    out_.core->skip(entry.source, entry.detail);
  } else if (entry.name == kControlRules) {
    if (const auto in_force = rules(entry.detail); in_force && in_force->hash != out_.core->rules().hash) {
      out_.core->swap(in_force, derived);
      use(in_force);
    }
  }
  follow(std::move(derived));
}

void Recovery::follow(std::vector<Alert> derived) {
  if (sources_.observer != nullptr) sources_.observer->derived(sequence_, derived, comparable());
  comparison_.begin(std::move(derived), comparable());
}

void Recovery::alert(const JournalAlert& entry) {
  if (sources_.observer != nullptr) sources_.observer->journaled(sequence_, entry);
  auto alert = alert_from_json(entry.body);
  if (alert && is_self_alert(alert->rule_id)) {
    out_.report.self_alerts.push_back(std::move(*alert));
    return;
  }
  comparison_.journaled(entry.id, entry.revision);
}

void Recovery::entry(const JournalEntry& entry) {
  if (const auto* in = std::get_if<JournalInput>(&entry)) return input(*in);
  if (const auto* in = std::get_if<JournalControl>(&entry)) return control(*in);
  alert(std::get<JournalAlert>(entry));
}

void Recovery::settle() {
  RecoveryReport& report = out_.report;
  out_.missing = comparison_.finish();
  report.compared = comparison_.compared();
  report.different = comparison_.different();
  if (report.different == 0) return;
  report.findings.push_back({SelfAlertKind::RecoveryMismatch, "alerts",
                             fmt::format("{} alerts differ from the journal's, the first: {}", report.different,
                                         comparison_.first_difference())});
}

Result<Recovered> Recovery::run() {
  const auto from = begin();
  if (!from) return fail(from.error().message);
  JournalReader reader(sources_.journal, *from);
  out_.report.first = *from;
  for (;;) {
    const auto step = reader.next();
    if (!step) return fail(step.error().message);
    if (*step == JournalReader::Step::End) break;
    if (*step == JournalReader::Step::Gap) {
      lose(SelfAlertKind::StorageDamage, "journal", to_text(reader.gap()));
      continue;
    }
    if (out_.core == nullptr) {  // the first life: its rules stand behind its "start"
      const auto* control_entry = std::get_if<JournalControl>(&reader.entry());
      const bool names = control_entry != nullptr && control_entry->name == kControlRules;
      if (!names && control_entry != nullptr && control_entry->name == kControlStart) {
        version_ = control_entry->detail;
        continue;
      }
      const auto in_force = names ? rules(control_entry->detail) : nullptr;
      use(in_force ? in_force : sources_.present);
    }
    sequence_ = reader.sequence();
    entry(reader.entry());
    if (reader_broken_) return fail(problem_);
    if (stopped()) return fail("stopped while the last state was being recovered; nothing is lost, start again");
  }
  if (out_.core == nullptr) use(sources_.present);
  out_.report.end = reader.position();
  settle();
  return std::move(out_);
}

}  // namespace

Result<Recovered> recover(const RecoverySources& sources) { return Recovery(sources).run(); }

}  // namespace kubevigil
