#include "engine/run/self_alerts.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::string_view kOthers = "(others)";

// A clock that went back says nothing about how long ago something was.
bool long_ago(Timestamp then, Timestamp now) { return now < then || now - then >= kSelfAlertEvery; }

std::string cut_text(std::string_view text) { return cut_to_bytes(text, limits::kSelfAlertTextBytes); }

}  // namespace

SelfAlerts::Subject* SelfAlerts::find_or_add(const SelfAlertEvent& event) {
  const Key key{event.kind, event.cluster, cut_text(event.subject)};
  if (const auto at = subjects_.find(key); at != subjects_.end()) return &at->second;
  size_t& known = of_kind_[static_cast<size_t>(event.kind)];
  if (known < limits::kSelfAlertSubjects) {
    ++known;
    return &subjects_[key];
  }
  ++counts_.others;
  Subject& others = subjects_[Key{event.kind, "", std::string(kOthers)}];
  others.others = true;
  return &others;
}

void SelfAlerts::raise(const SelfAlertEvent& event) {
  const std::lock_guard lock(mutex_);
  ++counts_.raised[static_cast<size_t>(event.kind)];
  Subject& subject = *find_or_add(event);
  subject.detail = cut_text(event.detail);
  subject.over = false;
  if (subject.open) {
    ++subject.count;
    return;
  }
  if (subject.folded == 0) subject.first = event.time;
  if (subject.sent || subject.folded > 0) ++counts_.folded;
  subject.first = std::min(subject.first, event.time);
  subject.last = std::max(subject.first, event.time);
  ++subject.folded;
}

void SelfAlerts::clear(const SelfAlertEvent& event) {
  const std::lock_guard lock(mutex_);
  const auto at = subjects_.find({event.kind, event.cluster, cut_text(event.subject)});
  if (at == subjects_.end() || (!at->second.open && at->second.folded == 0)) return;
  at->second.over = true;
  if (at->second.open) at->second.detail = cut_text(event.detail);
}

void SelfAlerts::send(const Key& key, Subject& subject, Timestamp now, std::vector<Alert>& out) {
  const auto& [kind, cluster, name] = key;
  Alert alert = self_alert(
      {kind, instance_, nonce_, number_++, cluster, name, subject.detail, subject.first, subject.last, subject.folded});
  subject.sent = now;
  if (alert.status == EpisodeStatus::Open && subject.others) {
    alert.status = EpisodeStatus::Closed;
  } else if (alert.status == EpisodeStatus::Open) {
    subject.open = alert;
    subject.count = subject.folded;
  }
  subject.folded = 0;
  ++counts_.sent;
  out.push_back(std::move(alert));
}

void SelfAlerts::close(Subject& subject, Timestamp now, std::vector<Alert>& out) {
  close_self_alert(*subject.open, subject.detail, now, subject.count);
  out.push_back(std::move(*subject.open));
  subject.open.reset();
  subject.over = false;
}

std::vector<Alert> SelfAlerts::collect(Timestamp now, bool all) {
  std::vector<Alert> out;
  for (auto at = subjects_.begin(); at != subjects_.end();) {
    Subject& subject = at->second;
    const bool due = all || !subject.sent || long_ago(*subject.sent, now);
    if (subject.folded > 0 && due) send(at->first, subject, now, out);
    if (subject.open && (all || (subject.over && long_ago(*subject.sent, now)))) {
      if (all && !subject.over) subject.detail = "this instance stops and watches no longer";
      close(subject, now, out);
    }
    if (subject.open || subject.folded > 0 || (subject.sent && !long_ago(*subject.sent, now))) {
      ++at;
      continue;
    }
    if (!subject.others) --of_kind_[static_cast<size_t>(std::get<0>(at->first))];
    at = subjects_.erase(at);
  }
  return out;
}

std::vector<Alert> SelfAlerts::due(Timestamp now) {
  const std::lock_guard lock(mutex_);
  return collect(now, false);
}

std::vector<Alert> SelfAlerts::due_at_once(SelfAlertKind kind, const std::string& cluster, const std::string& subject,
                                           Timestamp now) {
  const std::lock_guard lock(mutex_);
  auto at = subjects_.find(Key{kind, cluster, cut_text(subject)});
  if (at == subjects_.end()) at = subjects_.find(Key{kind, "", std::string(kOthers)});
  std::vector<Alert> out;
  if (at != subjects_.end() && at->second.folded > 0) send(at->first, at->second, now, out);
  return out;
}

std::vector<Alert> SelfAlerts::finish(Timestamp now) {
  const std::lock_guard lock(mutex_);
  return collect(now, true);
}

void SelfAlerts::adopt(const Alert& alert, Timestamp now) {
  const SelfAlertRow* row = find_self_alert(alert.rule_id);
  if (row == nullptr || row->life != SelfAlertLife::State || alert.group.size() != 2) return;
  if (alert.group.front().second != instance_) return;
  const std::lock_guard lock(mutex_);
  const SelfAlertEvent event{row->kind, alert.cluster, alert.group.back().second, {}, now};
  Subject& subject = *find_or_add(event);
  if (subject.others) return;
  subject = Subject{};
  if (alert.status != EpisodeStatus::Open) return;
  subject.open = alert;
  subject.count = alert.count;
  subject.sent = now;
  subject.over = true;
  subject.detail = "not seen again after a restart";
}

std::vector<Alert> SelfAlerts::open() const {
  const std::lock_guard lock(mutex_);
  std::vector<Alert> out;
  for (const auto& [key, subject] : subjects_) {
    if (!subject.open) continue;
    out.push_back(*subject.open);
    out.back().count = subject.count;
  }
  return out;
}

SelfAlertCounts SelfAlerts::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace kubevigil
