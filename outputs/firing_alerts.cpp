#include "outputs/firing_alerts.h"

#include <algorithm>
#include <tuple>

#include "outputs/alert_text.h"

namespace kubevigil {
namespace {

bool is_resolved(const Alert& alert) { return phase_of(alert) >= Phase::Over; }

}  // namespace

void FiringAlerts::delivered(const Alert& alert, Timestamp now) { keep(alert, now, now); }

void FiringAlerts::recalled(const Alert& alert, Timestamp now) {
  keep(alert, is_resolved(alert) ? now : std::min(now, alert.last_seen), now);
}

void FiringAlerts::keep(const Alert& alert, Timestamp heard, Timestamp now) {
  const std::string& key = alert.dedup_key.empty() ? alert.id : alert.dedup_key;
  Entry& entry = alerts_[key];
  const bool older_episode = entry.alert.id != alert.id && alert.time < entry.alert.time;
  const bool older_revision = entry.alert.id == alert.id && alert.revision < entry.alert.revision;
  if (entry.bytes > 0 && (older_episode || older_revision)) return;
  bytes_ -= entry.bytes;
  entry = {alert, to_json(alert).size(), heard, now + kSendAgain};
  bytes_ += entry.bytes;
  keep_to_bytes();
}

bool FiringAlerts::is_over(const Entry& entry, Timestamp now) const {
  if (is_resolved(entry.alert)) return now > entry.heard + kSendResolved;
  return now > std::max(entry.alert.last_seen + expiry_, entry.heard + kSendResolved);
}

std::vector<Alert> FiringAlerts::due(Timestamp now, size_t most) {
  std::vector<std::pair<Timestamp, Entry*>> ready;
  for (auto at = alerts_.begin(); at != alerts_.end();) {
    if (is_over(at->second, now)) {
      bytes_ -= at->second.bytes;
      at = alerts_.erase(at);
      continue;
    }
    if (at->second.next <= now) ready.emplace_back(at->second.next, &at->second);
    ++at;
  }
  std::stable_sort(ready.begin(), ready.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Alert> out;
  for (size_t i = 0; i < ready.size() && i < most; ++i) {
    ready[i].second->next = now + kSendAgain;
    out.push_back(ready[i].second->alert);
  }
  return out;
}

std::vector<Alert> FiringAlerts::all() const {
  std::vector<Alert> out;
  for (const auto& [key, entry] : alerts_) out.push_back(entry.alert);
  return out;
}

void FiringAlerts::keep_to_bytes() {
  while (bytes_ > most_bytes_ && !alerts_.empty()) {
    const auto oldest = std::min_element(alerts_.begin(), alerts_.end(), [](const auto& a, const auto& b) {
      return std::tie(a.second.heard, a.first) < std::tie(b.second.heard, b.first);
    });
    bytes_ -= oldest->second.bytes;
    alerts_.erase(oldest);
    ++forgotten_;
  }
}

}  // namespace kubevigil
