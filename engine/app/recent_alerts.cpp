#include "engine/app/recent_alerts.h"

#include "engine/alert/alert_reader.h"
#include "engine/base/limits.h"
#include "engine/run/self_alert.h"

namespace kubevigil {
namespace {

constexpr Duration kWait = Duration::seconds(10);

uint64_t look_back(const Journal& journal) {
  const uint64_t end = journal.durable_end();
  const uint64_t from = end > RecentAlerts::kLookBack ? end - RecentAlerts::kLookBack : 0;
  return std::max(from, journal.first_sequence());
}

const std::string& shown_rule(const RecentAlert& alert) {
  return alert.rule_name.empty() ? alert.rule_id : alert.rule_name;
}

bool passes(const AlertQuery& query, const RecentAlert& alert) {
  if (alert.level < query.min_level) return false;
  if (!query.rule.empty() && query.rule != alert.rule_id && query.rule != alert.rule_name) return false;
  if (!query.cluster.empty() && query.cluster != alert.cluster) return false;
  if (!query.status.empty() && query.status != alert.status) return false;
  return !query.since || alert.last_seen >= *query.since;
}

}  // namespace

RecentAlerts::RecentAlerts(Journal& journal, const Env& env, std::function<void(double)> latency)
    : journal_(journal),
      env_(env),
      latency_(std::move(latency)),
      reader_(journal, look_back(journal)),
      live_from_(journal.durable_end()) {}

RecentAlerts::~RecentAlerts() { stop(); }

void RecentAlerts::start() {
  thread_ = std::thread([this] { run(); });
}

void RecentAlerts::stop() {
  stop_ = true;
  journal_.wake();
  if (thread_.joinable()) thread_.join();
}

void RecentAlerts::run() {
  while (!stop_) {
    step();
    journal_.wait_past(reader_.position() - 1, kWait, stop_);
  }
}

void RecentAlerts::step() {
  while (!stop_) {
    const auto step = reader_.next();
    // A disk that cannot be read is told of by those who need it; here it is tried again.
    if (!step || *step == JournalReader::Step::End) return;
    if (*step == JournalReader::Step::Gap) continue;
    const JournalEntry& entry = reader_.entry();
    if (const auto* input = std::get_if<JournalInput>(&entry)) taken_ = input->taken;
    if (const auto* control = std::get_if<JournalControl>(&entry)) taken_ = control->time;
    if (const auto* alert = std::get_if<JournalAlert>(&entry)) take(*alert, reader_.sequence());
  }
}

void RecentAlerts::take(const JournalAlert& entry, uint64_t sequence) {
  const auto alert = alert_from_json(entry.body);
  const bool live = sequence >= live_from_;
  const std::lock_guard lock(mutex_);
  if (!alert) {
    totals_.unreadable += live;
    return;
  }
  RecentAlert one{.id = alert->id,
                  .rule_id = alert->rule_id,
                  .rule_name = alert->rule_name,
                  .cluster = alert->cluster,
                  .status = std::string(to_text(alert->status)),
                  .revision = alert->revision,
                  .level = alert->level,
                  .last_seen = alert->last_seen,
                  .json = entry.body};
  if (live) {
    ++totals_.revisions[static_cast<size_t>(alert->status)];
    if (alert->revision == 1) {
      const bool room = totals_.opened.size() < kRules || totals_.opened.contains({shown_rule(one), one.level});
      ++totals_.opened[{room ? shown_rule(one) : "other", one.level}];
    }
    const bool timed = alert->revision == 1 && taken_ && !is_self_alert(alert->rule_id);
    if (timed && latency_) latency_(static_cast<double>((env_.now() - *taken_).micros) / 1e6);
  }
  keep(std::move(one));
}

void RecentAlerts::keep(RecentAlert alert) {
  if (const auto known = by_id_.find(alert.id); known != by_id_.end()) {
    bytes_ -= known->second->json.size();
    alerts_.erase(known->second);
    by_id_.erase(known);
  }
  bytes_ += alert.json.size();
  alerts_.push_back(std::move(alert));
  by_id_[alerts_.back().id] = std::prev(alerts_.end());
  while (alerts_.size() > limits::kRecentAlerts || (bytes_ > limits::kRecentAlertBytes && alerts_.size() > 1)) {
    bytes_ -= alerts_.front().json.size();
    by_id_.erase(alerts_.front().id);
    alerts_.pop_front();
  }
}

std::vector<RecentAlert> RecentAlerts::find(const AlertQuery& query) const {
  const std::lock_guard lock(mutex_);
  std::vector<RecentAlert> out;
  for (auto at = alerts_.rbegin(); at != alerts_.rend() && out.size() < query.limit; ++at) {
    if (passes(query, *at)) out.push_back(*at);
  }
  return out;
}

AlertTotals RecentAlerts::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

}  // namespace kubevigil
