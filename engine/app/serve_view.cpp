#include "engine/app/serve_view.h"

#include <algorithm>
#include <numeric>

#include "engine/app/context.h"
#include "engine/app/serve_metrics.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

double seconds(Duration duration) { return static_cast<double>(duration.micros) / 1e6; }

std::optional<Timestamp> known(Timestamp time) { return time == Timestamp::min() ? std::nullopt : std::optional(time); }

template <typename Array>
uint64_t sum(const Array& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

AdminRule rule_of(const Rule& rule, const LiveRuleStatus* status) {
  AdminRule out;
  out.id = rule.meta.id;
  out.name = rule.meta.name;
  out.title = rule.meta.title;
  out.kind = rule.is_detection() ? "detection" : "correlation";
  out.level = rule.meta.level;
  if (status == nullptr) return out;
  out.alerts = status->counts.opened;
  out.not_evaluable = sum(status->counts.not_evaluable);
  out.state_keys = status->state.keys;
  out.state_bytes = status->state.bytes;
  out.evictions = status->state.evictions;
  return out;
}

void add_senders(AdminSources& out, const SenderBook& book) {
  for (const SenderFacts& sender : book.senders()) {
    AdminSender& one = out.senders.emplace_back();
    one.cluster = sender.key.cluster;
    one.credential = sender.key.credential;
    one.peer = sender.key.peer;
    one.bodies = sender.bodies;
    one.bytes = sender.bytes;
    one.events = sender.events;
    one.duplicates = sender.duplicates;
    one.silences = sender.silences;
    one.retries = sender.retries;
    one.refused = sum(sender.refused);
    one.events_per_second = sender.events_per_second;
    if (sender.latency) one.latency_seconds = seconds(*sender.latency);
    one.last_batch = sender.heard;
    one.silent = sender.silent;
  }
  for (const StrangerFacts& stranger : book.strangers()) {
    out.strangers.push_back({stranger.peer, stranger.path, sum(stranger.refused), stranger.seen});
  }
}

void add_kafka(AdminSources& out, const IntakeStatus& input, std::string_view name) {
  AdminKafka& kafka = out.kafka.emplace_back();
  kafka.name = name;
  kafka.problem = input.problem;
  kafka.stands_by = input.source.stands_by;
  kafka.caught_up = input.caught_up;
  kafka.lag_messages = input.source.lag_messages;
  kafka.records = input.pieces;
  kafka.tombstones = input.source.tombstones;
  kafka.gaps = input.gaps;
}

void add_inputs(AdminSources& out, const LiveStatus& status) {
  constexpr std::string_view kTailPrefix = "tail/", kKafkaPrefix = "kafka/";
  for (const IntakeStatus& input : status.inputs) {
    if (input.name.starts_with(kKafkaPrefix))
      add_kafka(out, input, std::string_view(input.name).substr(kKafkaPrefix.size()));
    if (!input.name.starts_with(kTailPrefix)) continue;
    AdminTail& tail = out.tails.emplace_back();
    tail.path = input.name.substr(kTailPrefix.size());
    tail.problem = input.problem;
    tail.caught_up = input.caught_up;
    tail.lag_bytes = input.source.lag_bytes;
    tail.records = input.pieces;
    tail.rotations = input.source.rotations;
    tail.gaps = input.gaps;
  }
  for (const StreamReport& stream : status.consumer.streams) {
    out.streams.push_back({stream.name, stream.active, known(stream.watermark), stream.events});
  }
}

}  // namespace

void ServeView::set_waiting(std::string why) {
  change([&](ServeParts&, ServeFacts& facts) {
    facts.ready = false;
    facts.why = std::move(why);
  });
}

void ServeView::set_ready() {
  change([](ServeParts&, ServeFacts& facts) { facts.ready = true; });
}

AdminReady ServeView::readiness() const {
  if (!facts_.ready) return {false, facts_.why};
  if (parts_.reserve != nullptr && !parts_.reserve->held()) return {false, "the disk is full: no input is taken"};
  return {true, ""};
}

AdminReady ServeView::ready() const {
  const std::shared_lock lock(mutex_);
  return readiness();
}

std::string ServeView::metrics() const {
  return metrics_.scrape([this](MetricWriter& out) {
    const std::shared_lock lock(mutex_);
    set_serve_metrics(out, parts_, facts_, env_.now());
  });
}

void ServeView::add_disk(AdminStatus& out) const {
  if (parts_.spool != nullptr) out.spool_bytes = parts_.spool->bytes();
  out.spool_budget_bytes = facts_.spool_budget;
  if (parts_.journal != nullptr) {
    out.journal_bytes = parts_.journal->bytes();
    out.journal_entries = parts_.journal->durable_end() - 1;
    out.journal_broken = parts_.journal->broken().has_value();
  }
  if (parts_.reserve != nullptr) out.disk_reserve_held = parts_.reserve->held();
  if (parts_.disk == nullptr) return;
  if (const auto free = parts_.disk->free_bytes(facts_.data)) out.disk_free_bytes = *free;
}

void ServeView::add_pipeline(AdminStatus& out) const {
  if (parts_.pipeline == nullptr) return;
  const LiveStatus status = parts_.pipeline->status();
  const ConsumerStatus& consumer = status.consumer;
  if (consumer.rules != nullptr) {
    out.rules_hash = consumer.rules->hash;
    out.rules = consumer.rules->program->rules().rules.size();
  }
  if (status.snapshots.written > 0) out.last_snapshot = status.snapshots.time;
  out.events = consumer.detector.tally.events;
  out.duplicates = consumer.detector.correlator.duplicates;
  out.late = consumer.detector.correlator.late;
  out.bad_records = consumer.bad_records;
  out.alerts = consumer.detector.opened;
  out.self_alerts = consumer.self_alerts;
  out.open_alerts = consumer.detector.open_alerts;
  for (const LiveRuleStatus& rule : consumer.rule_status) out.state_bytes += rule.state.bytes;
  out.queue_bytes = status.queued_bytes;
  out.watermark = known(consumer.watermark);
}

void ServeView::add_sinks(AdminStatus& out) const {
  for (const Sink* sink : parts_.sinks) {
    const SinkCounters counts = sink->counters();
    AdminSink& one = out.sinks.emplace_back();
    one.name = sink->name();
    const auto output = std::find_if(outputs_.begin(), outputs_.end(), [&](auto& o) { return o.name == one.name; });
    if (output != outputs_.end()) {
      one.transport = output->transport;
      one.encoding = output->encoding;
    }
    one.sent = counts.delivered;
    one.retries = counts.retries;
    one.given_up = counts.given_up + counts.refused;
    one.filtered = counts.filtered;
    one.folded = counts.folded;
    one.pending_entries = counts.lag_entries;
    one.oldest_pending = counts.oldest_undelivered;
    one.failing = counts.failing;
    one.last_error = printable(counts.last_error);
  }
}

AdminStatus ServeView::status() const {
  const std::shared_lock lock(mutex_);
  AdminStatus out;
  out.version = version_text();
  out.commit = commit_text();
  out.instance = facts_.instance;
  out.started = facts_.started;
  out.time = env_.now();
  out.ready = readiness();
  out.rules_behind = facts_.rules_behind;
  out.state_budget_bytes = facts_.state_budget;
  if (facts_.recovery) {
    const RecoveryReport& report = *facts_.recovery;
    out.recovery = {.seconds = seconds(facts_.recovery_took),
                    .entries = report.end - report.first,
                    .records = report.records,
                    .mismatches = report.different,
                    .from_snapshot = report.from_snapshot,
                    .degraded = report.degraded};
  }
  add_disk(out);
  add_pipeline(out);
  add_sinks(out);
  if (parts_.lease != nullptr) out.lease_held = parts_.lease->state().sending;
  return out;
}

std::vector<AdminRule> ServeView::rules() const {
  const std::shared_lock lock(mutex_);
  std::vector<AdminRule> out;
  if (parts_.pipeline == nullptr) return out;
  const ConsumerStatus consumer = parts_.pipeline->status().consumer;
  if (consumer.rules == nullptr) return out;
  const std::vector<Rule>& rules = consumer.rules->program->rules().rules;
  for (size_t i = 0; i < rules.size(); ++i) {
    out.push_back(rule_of(rules[i], i < consumer.rule_status.size() ? &consumer.rule_status[i] : nullptr));
  }
  return out;
}

AdminSources ServeView::sources() const {
  const std::shared_lock lock(mutex_);
  AdminSources out;
  if (parts_.senders != nullptr) add_senders(out, *parts_.senders);
  if (parts_.pipeline != nullptr) add_inputs(out, parts_.pipeline->status());
  return out;
}

std::vector<RecentAlert> ServeView::alerts(const AlertQuery& query) const {
  const std::shared_lock lock(mutex_);
  return parts_.recent == nullptr ? std::vector<RecentAlert>() : parts_.recent->find(query);
}

}  // namespace kubevigil
