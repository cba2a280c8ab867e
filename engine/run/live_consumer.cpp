#include "engine/run/live_consumer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/run/live_recovery.h"

namespace kubevigil {
namespace {

constexpr Duration kTick{200'000};
constexpr size_t kMakersNamed = 3;  // of a rule

}  // namespace

LiveConsumer::LiveConsumer(const LiveWorld& world, const LiveOptions& options, Parts parts,
                           std::unique_ptr<LiveCore> core, std::set<std::string> used)
    : world_(world), options_(options), parts_(std::move(parts)), core_(std::move(core)), used_(std::move(used)) {
  ticked_ = snapshot_at_ = world_.env.monotonic();
  if (parts_.snapshot_due) snapshot_at_ = ticked_ - options_.snapshot_every;
  core_->detector().begin_counts();
  publish();
  thread_ = std::thread([this] { run(); });
}

LiveConsumer::~LiveConsumer() {
  if (thread_.joinable()) thread_.join();
}

void LiveConsumer::run() {
  for (LiveItem item;;) {
    const LiveQueue::Next next = parts_.queue.next(item, kTick);
    if (next == LiveQueue::Next::Closed) return;
    if (next == LiveQueue::Next::Item && !failed_) take(item);
    if (next == LiveQueue::Next::Item) parts_.queue.recycle(item);
    if (!failed_ && world_.env.monotonic() - ticked_ >= kTick) tick();
  }
}

bool LiveConsumer::take(LiveItem& item) {
  if (const auto broken = world_.journal.broken()) {
    failed_ = true;
    parts_.failed("journal: " + broken->message);
    return false;
  }
  if (item.judged == nullptr) {
    swap(item);
  } else {
    process(item);
  }
  return true;
}

void LiveConsumer::process(LiveItem& item) {
  const LiveBatch& info = item.info;
  say_gaps(info);
  world_.journal.append(JournalInput{info.source, info.from, info.to, item.pieces, info.taken});
  out_.clear();
  if (item.pieces == 0) {
    core_->skip(info.source, info.to);
    return;
  }
  const std::string& stream = core_->process(info.source, info, *item.judged, out_);
  heard_[stream] = world_.env.monotonic();
  append(out_);
  say_bad(stream, item);
  ++counts_.batches;
  counts_.records += item.pieces;
  counts_.last_batch = world_.env.now();
  bytes_since_ += item.bytes;
  if (world_.processed) world_.processed(info, *item.judged, out_);
}

// In front of the journal's input, not folded: behind that entry nobody meets the gap again.
void LiveConsumer::say_gaps(const LiveBatch& info) {
  if (info.gaps.empty()) return;
  const Timestamp now = world_.env.now();
  for (const InputGap& gap : info.gaps) {
    world_.log.error("input", "records are lost", {{"input", info.source}, {"what", gap.what}, {"detail", gap.detail}});
    const std::string detail = fmt::format("{}: {}", gap.what, gap.detail);
    world_.self_alerts.raise({SelfAlertKind::InputGap, info.cluster, info.source, detail, now});
  }
  take_self_alerts(world_.self_alerts.due_at_once(SelfAlertKind::InputGap, info.cluster, info.source, now));
}

void LiveConsumer::say_bad(const std::string& stream, const LiveItem& item) {
  const std::vector<BadRecord>& bad = item.judged->batch.bad;
  if (bad.empty()) return;
  counts_.bad_records += bad.size();
  for (const BadRecord& record : bad) ++counts_.bad[static_cast<size_t>(record.reason)];
  world_.self_alerts.raise({SelfAlertKind::BadRecords, item.info.cluster, stream,
                            fmt::format("{} records gave no event, the first: {} ({})", bad.size(),
                                        to_text(bad.front().reason), bad.front().message),
                            world_.env.now()});
}

void LiveConsumer::append(const std::vector<Alert>& alerts) {
  for (const Alert& alert : alerts) world_.journal.append(journal_alert(alert));
  counts_.alerts += alerts.size();
}

void LiveConsumer::swap(const LiveItem& item) {
  out_.clear();
  used_.insert(item.rules->hash);
  world_.journal.append(JournalControl{kControlRules, "", item.rules->hash, world_.env.now()});
  core_->swap(item.rules, out_);
  append(out_);
  ++counts_.swaps;
}

void LiveConsumer::tick() {
  const Duration now = ticked_ = world_.env.monotonic();
  if (const auto broken = world_.journal.broken()) {
    failed_ = true;
    return parts_.failed("journal: " + broken->message);
  }
  look_for_idle(now);
  say_late();
  say_explosions();
  take_self_alerts(world_.self_alerts.due(world_.env.now()));
  const bool due = now - snapshot_at_ >= options_.snapshot_every || bytes_since_ >= options_.snapshot_bytes;
  if (due && has_room() && parts_.snapshots.ready()) take_snapshot();
  publish();
}

void LiveConsumer::look_for_idle(Duration now) {
  const std::vector<std::string> active = core_->detector().watermarks().active();
  if (heard_.size() > active.size()) {
    std::erase_if(heard_, [&](const auto& h) { return !std::binary_search(active.begin(), active.end(), h.first); });
  }
  for (const std::string& stream : active) {
    const auto [heard, is_new] = heard_.try_emplace(stream, now);
    if (is_new || now - heard->second < core_->idle_after(stream)) continue;
    if (!parts_.caught_up() || !parts_.queue.idle()) return;
    heard_.erase(heard);
    world_.journal.append(JournalControl{kControlIdle, stream, "", world_.env.now()});
    out_.clear();
    core_->idle(stream, out_);
    append(out_);
  }
}

void LiveConsumer::say_late() {
  for (const LateData& late : core_->detector().take_late()) {
    world_.self_alerts.raise({SelfAlertKind::LateData, late.cluster, late.stream,
                              fmt::format("{} events came {} to {} behind the watermark: correlations did not see them",
                                          late.events, format_duration(late.least), format_duration(late.most)),
                              world_.env.now()});
  }
}

void LiveConsumer::say_explosions() {
  for (const KeyExplosion& explosion : core_->detector().take_explosions()) {
    const KeyMaker& maker = explosion.maker;
    const std::string& rule = core_->rules().program->rules().rules[explosion.rule].meta.name;
    world_.self_alerts.raise({SelfAlertKind::StateExplosion, maker.cluster,
                              fmt::format("{}: {}", rule, printable(maker.user)),
                              fmt::format("{} new keys of {} within 10 minutes by \"{}\" in cluster \"{}\"", maker.keys,
                                          rule, printable(maker.user), printable(maker.cluster)),
                              world_.env.now()});
  }
}

void LiveConsumer::take_self_alerts(std::vector<Alert> alerts) {
  for (const Alert& alert : alerts) world_.journal.append(journal_alert(alert));
  counts_.self_alerts += alerts.size();
}

// As many as fit: of others a crash leaves the alert open, and a new one is told of.
std::vector<std::string> LiveConsumer::open_self_alerts() const {
  std::vector<std::string> out;
  size_t bytes = 0;
  for (const Alert& alert : world_.self_alerts.open()) {
    out.push_back(to_json(alert));
    bytes += out.back().size();
    if (bytes <= limits::kSnapshotNoteBytes / 2) continue;
    out.pop_back();
    break;
  }
  return out;
}

bool LiveConsumer::take_snapshot() {
  if (const std::string problem = parts_.snapshots.counters().problem; !problem.empty()) {
    world_.log.error("snapshot", "the last one was not written; the next is tried now", {{"why", problem}});
  }
  snapshot_at_ = world_.env.monotonic();
  bytes_since_ = 0;
  if (const auto durable = world_.journal.flush(); !durable) {
    failed_ = true;
    parts_.failed("journal: " + durable.error().message);
    return false;
  }
  LiveNote note;
  note.version = options_.version;
  note.rules.push_back(core_->rules().hash);
  for (const std::string& hash : used_) {
    if (hash != note.rules.front()) note.rules.push_back(hash);
  }
  used_.clear();
  note.journal = world_.journal.durable_end();
  note.time = world_.env.now();
  note.positions = core_->positions();
  note.open_self_alerts = open_self_alerts();
  const uint64_t begin = note.journal;
  parts_.snapshots.write(std::move(note), core_->save());
  if (begin != named_until_) name_positions(begin);
  return true;
}

// Behind the snapshot, so that they are kept as long as it is; not anew while nothing else is journaled.
void LiveConsumer::name_positions(uint64_t begin) {
  const Timestamp now = world_.env.now();
  world_.journal.append(JournalControl{kControlRules, "", core_->rules().hash, now});
  for (const auto& [input, position] : core_->positions()) {
    world_.journal.append(JournalControl{kControlPosition, input, position, now});
  }
  named_until_ = begin + 1 + core_->positions().size();
}

bool LiveConsumer::finish() {
  thread_.join();
  if (failed_) return false;
  say_late();
  say_explosions();
  take_self_alerts(world_.self_alerts.finish(world_.env.now()));
  parts_.snapshots.finish();
  const bool room = has_room();
  if (!room) world_.log.warn("snapshot", "no last snapshot on a full disk: the next start reads the journal again");
  const bool taken = !room || (take_snapshot() && parts_.snapshots.finish());
  publish();
  return taken;
}

void LiveConsumer::publish() {
  const Detector& detector = core_->detector();
  counts_.rules = core_->shared_rules();
  counts_.detector = detector.counters();
  counts_.rule_status.clear();
  const auto& rules = detector.program().rules().rules;
  for (uint32_t i = 0; i < rules.size(); ++i) {
    LiveRuleStatus status;
    status.counts = detector.rules()[i];
    if (!rules[i].is_detection()) status.state = detector.operator_stats(i);
    if (status.state.evictions > 0) status.makers = detector.key_makers(i, kMakersNamed);
    counts_.rule_status.push_back(std::move(status));
  }
  counts_.streams = detector.watermarks().report();
  counts_.watermark = detector.watermarks().watermark();
  const std::lock_guard hold(mutex_);
  status_ = counts_;
}

ConsumerStatus LiveConsumer::status() const {
  const std::lock_guard hold(mutex_);
  return status_;
}

}  // namespace kubevigil
