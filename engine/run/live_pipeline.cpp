#include "engine/run/live_pipeline.h"

#include <algorithm>
#include <utility>

namespace kubevigil {

LivePipeline::LivePipeline(LiveWorld world, LiveOptions options)
    : world_(std::move(world)), options_(std::move(options)) {}

LivePipeline::~LivePipeline() {
  gate_.end();
  if (queue_) queue_->close();
  consumer_.reset();  // looks at the intakes
  intakes_.clear();
}

Result<RecoveryReport> LivePipeline::recover(std::shared_ptr<const LiveRules> present) {
  present_ = std::move(present);
  RecoverySources sources{world_.journal, world_.snapshots, world_.load_rules,
                          present_,       options_.version, options_.stop};
  sources.waiting = world_.waiting;
  auto recovered = kubevigil::recover(sources);
  if (!recovered) return fail(recovered.error().message);
  recovered_ = std::make_unique<Recovered>(std::move(*recovered));
  inputs_ = present_->open_inputs();
  find_removed_inputs();
  const Timestamp now = world_.env.now();
  for (const RecoveryFinding& finding : recovered_->report.findings) {
    world_.self_alerts.raise({finding.kind, "", finding.subject, finding.detail, now});
  }
  for (const Alert& alert : recovered_->report.self_alerts) world_.self_alerts.adopt(alert, now);
  return recovered_->report;
}

LiveInput* LivePipeline::reader_of(const std::string& source) const { return kubevigil::reader_of(inputs_, source); }

// Inputs of the last life that this one lacks, and those that it lacked itself, of which was told when they went. Their
// positions stay: one that comes back goes on there.
void LivePipeline::find_removed_inputs() {
  RecoveryReport& report = recovered_->report;
  const LiveInputs had = recovered_->core->rules().open_inputs();
  for (const auto& [name, position] : recovered_->core->positions()) {
    if (reader_of(name) != nullptr) continue;
    if (kubevigil::reader_of(had, name) == nullptr) {
      world_.log.info("input", "an input of an earlier life is still not configured",
                      {{"input", name}, {"would_go_on_at", position}});
      continue;
    }
    report.degraded = true;
    report.findings.push_back({SelfAlertKind::InputGap, name,
                               "is not configured any more (removed, or its name changed): what it holds behind " +
                                   position + " is not read; under the same name it would be read from there"});
  }
}

// Where the last life stopped.
Result<void> LivePipeline::seek_inputs() {
  for (const auto& [name, position] : recovered_->core->positions()) {
    LiveInput* input = reader_of(name);
    if (input != nullptr && !input->seek(name, position)) {
      return fail("input " + name + ": its position in the journal is none of its own: '" + position + "'");
    }
  }
  return {};
}

// What recovery had to add, then this life's first entries. Returns the bundles that the journal names.
std::set<std::string> LivePipeline::begin_journal() {
  const Timestamp now = world_.env.now();
  const auto append = [&](const std::vector<Alert>& alerts) {
    for (const Alert& alert : alerts) world_.journal.append(journal_alert(alert));
  };
  append(recovered_->missing);
  // Before the rules of now, behind which nobody finds a removed input again.
  for (const RecoveryFinding& found : recovered_->report.findings) {
    append(world_.self_alerts.due_at_once(found.kind, "", found.subject, now));
  }
  world_.journal.append(JournalControl{kControlStart, "", options_.version, now});
  const bool named = recovered_->report.from_snapshot || !recovered_->rules.empty();
  const bool others = recovered_->core->rules().hash != present_->hash;
  std::set<std::string> used = std::move(recovered_->rules);
  if (named && !others) return used;
  used.insert(present_->hash);
  world_.journal.append(JournalControl{kControlRules, "", present_->hash, now});
  if (!others) return used;
  std::vector<Alert> alerts;
  recovered_->core->swap(present_, alerts);
  append(alerts);
  return used;
}

void LivePipeline::start_snapshots() {
  SnapshotWorld around{world_.snapshots, world_.journal, world_.outbox, world_.env, {}, world_.needed_rules};
  around.forget = [this](const LiveNote& older) {
    for (const auto& [source, position] : older.positions) {
      if (LiveInput* input = reader_of(source); input != nullptr) input->forget(source, position);
    }
  };
  snapshots_ = std::make_unique<SnapshotThread>(std::move(around));
}

Result<void> LivePipeline::start() {
  if (auto sought = seek_inputs(); !sought) return sought;
  std::set<std::string> used = begin_journal();
  start_snapshots();
  queue_ = std::make_unique<LiveQueue>(present_, LiveQueueOptions{options_.threads, options_.bytes});
  LiveConsumer::Parts parts{*queue_, *snapshots_, {}, {}, recovered_->report.inputs > 0};
  parts.caught_up = [this] {
    return std::all_of(intakes_.begin(), intakes_.end(), [](const auto& intake) { return intake->caught_up(); });
  };
  parts.failed = [this](const std::string& problem) { fail_with(problem); };
  for (size_t i = 0; i < inputs_.size(); ++i) {
    intakes_.push_back(std::make_unique<LiveIntake>(
        *inputs_[i], *queue_, gate_, [this, i](const std::string& p) { fail_with(inputs_[i]->name() + ": " + p); }));
  }
  consumer_ = std::make_unique<LiveConsumer>(world_, options_, std::move(parts), std::move(recovered_->core), used);
  recovered_.reset();
  return {};
}

Result<void> LivePipeline::stop() {
  gate_.end();
  for (const auto& intake : intakes_) intake->interrupt();
  if (queue_) queue_->close();
  for (const auto& intake : intakes_) intake->end();
  if (!consumer_) return {};
  const bool finished = consumer_->finish();
  if (const std::string why = failure(); !why.empty()) return fail(why);
  if (!finished) return fail("the last snapshot was not written: " + snapshots_->counters().problem);
  return {};
}

void LivePipeline::swap_rules(std::shared_ptr<const LiveRules> rules) {
  if (queue_) queue_->swap(std::move(rules));
}

void LivePipeline::fail_with(const std::string& problem) {
  const std::lock_guard hold(mutex_);
  if (failure_.empty()) failure_ = problem;
}

std::string LivePipeline::failure() const {
  const std::lock_guard hold(mutex_);
  return failure_;
}

LiveStatus LivePipeline::status() const {
  LiveStatus status;
  for (const auto& intake : intakes_) status.inputs.push_back(intake->status());
  status.paused = !gate_.open();
  if (queue_) status.queued_bytes = queue_->bytes();
  if (queue_) status.queued_batches = queue_->batches();
  if (consumer_) status.consumer = consumer_->status();
  if (snapshots_) status.snapshots = snapshots_->counters();
  return status;
}

}  // namespace kubevigil
