#include "engine/run/reminding.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/alert/alert_reader.h"

namespace kubevigil {
namespace {

Duration later(Duration now, Duration wait) { return {now.micros + wait.micros}; }

}  // namespace

Reminding::Reminding(std::unique_ptr<Reminders> reminders, Disk& disk, const Env& env, std::string path)
    : reminders_(std::move(reminders)), env_(env) {
  if (!path.empty()) file_.emplace(disk, std::move(path));
}

std::string Reminding::recall(const Journal& journal, uint64_t cursor, const Encoding& wanted) {
  if (!file_) return {};
  auto kept = file_->load();
  std::string problem;
  if (!kept) problem = kept.error().message;
  if (!kept) kept = KeptReminders{};
  if (kept->damaged > 0) problem = fmt::format("{} lines of it are damaged", kept->damaged);
  for (const Alert& alert : kept->alerts) reminders_->recalled(alert, env_.now());
  JournalReader reader(journal, std::max(kept->sequence + 1, journal.first_sequence()));
  while (reader.position() <= cursor) {
    const auto step = reader.next();
    if (!step) return step.error().message;
    if (*step == JournalReader::Step::End) break;
    if (*step == JournalReader::Step::Gap || reader.sequence() > cursor) continue;
    const auto* entry = std::get_if<JournalAlert>(&reader.entry());
    const auto alert = entry != nullptr ? alert_from_json(entry->body) : fail("");
    if (alert && wanted.wants(*alert)) reminders_->recalled(*alert, env_.now());
  }
  return problem;
}

void Reminding::delivered(const Alert& alert) {
  reminders_->delivered(alert, env_.now());
  changed_ = true;
}

std::vector<Alert> Reminding::due(size_t most) {
  const Duration now = env_.monotonic();
  if (now < next_due_) return {};
  std::vector<Alert> alerts = reminders_->due(env_.now(), most);
  if (alerts.size() < most) next_due_ = later(now, kRemindEvery);
  return alerts;
}

std::string Reminding::keep(uint64_t sequence, bool now) {
  if (!file_ || !changed_ || (!now && env_.monotonic() < next_keep_)) return {};
  next_keep_ = later(env_.monotonic(), kKeepEvery);
  const auto saved = file_->save(sequence, reminders_->all());
  if (!saved) return saved.error().message;
  changed_ = false;
  return {};
}

Duration Reminding::next() const { return file_ && changed_ ? std::min(next_due_, next_keep_) : next_due_; }

}  // namespace kubevigil
