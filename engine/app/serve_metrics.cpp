#include "engine/app/serve_metrics.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "engine/app/context.h"
#include "engine/app/process_facts.h"
#include "engine/base/limits.h"
#include "inputs/kafka_place.h"

namespace kubevigil {
namespace {

using enum Metric;

template <typename T>
double number(T value) {
  return static_cast<double>(value);
}
double seconds(Duration duration) { return number(duration.micros) / 1e6; }
double seconds(Timestamp time) { return number(time.micros) / 1e6; }

void set_program(MetricWriter& out, const ServeParts& parts, const ServeFacts& facts) {
  out.set(BuildInfo, {version_text(), commit_text()}, 1);
  out.set(Ready, {}, facts.ready);
  set_process_metrics(out);
  if (parts.log != nullptr) {
    const Log::Counts counts = parts.log->counts();
    for (size_t i = 0; i < counts.lines.size(); ++i) {
      out.set(LogLines, {to_text(static_cast<LogLevel>(i))}, number(counts.lines[i]));
    }
    out.set(LogLinesHeldBack, {}, number(counts.suppressed));
  }
  if (parts.self_alerts != nullptr) {
    const SelfAlertCounts counts = parts.self_alerts->counts();
    for (const SelfAlertRow& row : self_alert_rows()) {
      out.set(Metric::SelfAlerts, {row.name}, number(counts.raised[static_cast<size_t>(row.kind)]));
    }
    out.set(BoundsMet, {"self_alerts_others"}, number(counts.others));
  }
}

void set_server(MetricWriter& out, std::string_view name, const HttpServerCounters& c) {
  out.set(HttpConnections, {name}, number(c.open_connections.load()));
  out.set(HttpConnectionsTotal, {name}, number(c.connections.load()));
  out.set(HttpRefusedConnections, {name, "all"}, number(c.connections_over_limit.load()));
  out.set(HttpRefusedConnections, {name, "peer"}, number(c.connections_over_peer_limit.load()));
  out.set(HttpAcceptErrors, {name}, number(c.accept_errors.load()));
  out.set(HttpTlsFailures, {name}, number(c.tls_failures.load()));
  constexpr std::array<std::string_view, 6> kClasses = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};
  for (size_t i = 2; i < c.answers.size(); ++i) out.set(HttpRequests, {name, kClasses[i]}, number(c.answers[i].load()));
  out.set(HttpBadRequests, {name, "malformed"}, number(c.bad_requests.load()));
  out.set(HttpBadRequests, {name, "too-large"}, number(c.large_bodies.load()));
  out.set(HttpBadRequests, {name, "broken-off"}, number(c.broken_bodies.load()));
  out.set(HttpTimeouts, {name, "header"}, number(c.header_timeouts.load()));
  out.set(HttpTimeouts, {name, "idle"}, number(c.idle_timeouts.load()));
  out.set(HttpTimeouts, {name, "body"}, number(c.body_timeouts.load()));
  out.set(HttpTimeouts, {name, "answer"}, number(c.answer_timeouts.load()));
  out.set(HttpTimeouts, {name, "write"}, number(c.write_timeouts.load()));
  out.set(HttpBodyBytes, {name}, number(c.body_bytes.load()));
}

// Gauges of several API servers behind one credential: how many are silent, the newest batch, the longest latency.
void set_sender_gauges(MetricWriter& out, const std::vector<SenderFacts>& senders) {
  struct Times {
    std::optional<Timestamp> last;
    std::optional<Duration> latency;
  };
  std::map<std::pair<std::string, std::string>, Times> by_name;
  for (const SenderFacts& sender : senders) {
    out.set(SenderSilent, {sender.key.cluster, sender.key.credential}, sender.silent);
    Times& times = by_name[{sender.key.cluster, sender.key.credential}];
    times.last = std::max(times.last, sender.heard);  // nothing is less than anything
    times.latency = std::max(times.latency, sender.latency);
  }
  for (const auto& [name, times] : by_name) {
    if (times.last) out.set(SenderLastBatch, {name.first, name.second}, seconds(*times.last));
    if (times.latency) out.set(SenderLatency, {name.first, name.second}, seconds(*times.latency));
  }
}

void set_senders(MetricWriter& out, const SenderBook& book) {
  const SenderTotals totals = book.totals();
  out.set(WebhookBatches, {}, number(totals.bodies));
  out.set(WebhookBodyBytes, {}, number(totals.bytes));
  for (size_t i = 0; i < totals.refused.size(); ++i) {
    out.set(WebhookRefused, {to_text(static_cast<WebhookRefusal>(i))}, number(totals.refused[i]));
  }
  for (size_t i = 0; i < totals.turned_away.size(); ++i) {
    const std::string reason = "unauthorized-" + std::string(to_text(static_cast<Refusal>(i)));
    out.set(WebhookRefused, {reason}, number(totals.turned_away[i]));
  }
  out.set(SendersForgotten, {}, number(totals.forgotten));
  out.set(BoundsMet, {"strangers_forgotten"}, number(totals.strangers_forgotten));
  out.set(BoundsMet, {"notices_dropped"}, number(totals.notices_dropped));
  for (const SenderSums& sums : book.sums()) {
    const std::string_view cluster = sums.cluster, credential = sums.credential;
    out.set(SenderBatches, {cluster, credential}, number(sums.bodies));
    out.set(SenderBytes, {cluster, credential}, number(sums.bytes));
    out.set(SenderEvents, {cluster, credential}, number(sums.events));
    out.set(SenderDuplicates, {cluster, credential}, number(sums.duplicates));
    out.set(SenderRetries, {cluster, credential}, number(sums.retries));
    out.set(SenderSilences, {cluster, credential}, number(sums.silences));
    for (size_t i = 0; i < sums.refused.size(); ++i) {
      out.set(SenderRefused, {cluster, credential, to_text(static_cast<WebhookRefusal>(i))}, number(sums.refused[i]));
    }
  }
  set_sender_gauges(out, book.senders());
}

void set_spool(MetricWriter& out, const Spool& spool, uint64_t budget) {
  const SpoolCounts counts = spool.counts();
  out.set(SpoolBytes, {}, number(spool.bytes()));
  out.set(SpoolBudget, {}, number(budget));
  out.set(SpoolOpenBodies, {}, number(counts.open));
  out.set(SpoolBodies, {}, number(counts.bodies));
  out.set(SpoolBodyBytes, {}, number(counts.raw_bytes));
  out.set(SpoolRefused, {"budget"}, number(counts.refused_budget));
  out.set(SpoolRefused, {"disk-full"}, number(counts.refused_disk));
  out.set(SpoolRefused, {"too-long"}, number(counts.refused_long));
  out.set(SpoolRefused, {"broken"}, number(counts.refused_broken));
}

double losses(const std::vector<LogDamage>& damage) {
  return number(std::count_if(damage.begin(), damage.end(),
                              [](const LogDamage& one) { return one.kind == LogDamage::Kind::Gap; }));
}

void set_disk(MetricWriter& out, const ServeParts& parts, const ServeFacts& facts) {
  if (parts.spool != nullptr) {
    set_spool(out, *parts.spool, facts.spool_budget);
    out.set(StorageDamage, {"spool"}, losses(parts.spool->damage()));
  }
  if (parts.journal != nullptr) {
    out.set(JournalBytes, {}, number(parts.journal->bytes()));
    out.set(JournalEntries, {}, number(parts.journal->durable_end() - 1));
    out.set(JournalBroken, {}, parts.journal->broken().has_value());
    out.set(StorageDamage, {"journal"}, losses(parts.journal->damage()));
  }
  if (parts.reserve != nullptr) out.set(DiskReserveHeld, {}, parts.reserve->held());
  if (parts.disk == nullptr) return;
  if (const auto free = parts.disk->free_bytes(facts.data)) out.set(DiskFree, {}, number(*free));
}

void set_recovery(MetricWriter& out, const ServeFacts& facts) {
  if (!facts.recovery) return;
  out.set(RecoveryTime, {}, seconds(facts.recovery_took));
  out.set(RecoveryEntries, {}, number(facts.recovery->end - facts.recovery->first));
  out.set(RecoveryMismatches, {}, number(facts.recovery->different));
}

void set_kafka(MetricWriter& out, const IntakeStatus& input) {
  constexpr std::string_view kKafka = "kafka/";
  if (!input.name.starts_with(kKafka)) return;
  const std::string_view name = std::string_view(input.name).substr(kKafka.size());
  out.set(KafkaRecords, {name}, number(input.pieces));
  out.set(KafkaTombstones, {name}, number(input.source.tombstones));
  out.set(KafkaProblem, {name}, input.is_stuck());
  out.set(KafkaStandsBy, {name}, input.source.stands_by);
  if (input.source.lags == nullptr) return;
  for (const LiveLag& lag : *input.source.lags) {
    const auto at = parse_kafka_source(input.name, lag.source);
    if (at) out.set(KafkaLag, {name, at->topic, std::to_string(at->partition)}, number(lag.messages));
  }
}

void set_inputs(MetricWriter& out, const std::vector<IntakeStatus>& inputs) {
  constexpr std::string_view kTail = "tail/";
  for (const IntakeStatus& input : inputs) {
    out.set(InputGaps, {input.name}, number(input.gaps));
    set_kafka(out, input);
    if (!input.name.starts_with(kTail)) continue;
    const std::string_view path = std::string_view(input.name).substr(kTail.size());
    out.set(TailLag, {path}, number(input.source.lag_bytes));
    out.set(TailBytes, {path}, number(input.bytes));
    out.set(TailRecords, {path}, number(input.pieces));
    out.set(TailRotations, {path}, number(input.source.rotations));
    out.set(TailTruncations, {path}, number(input.source.truncations));
    out.set(TailRecordsGivenUp, {path}, number(input.source.records_given_up));
    out.set(TailFilesIgnored, {path}, number(input.source.files_ignored));
    out.set(TailProblem, {path}, !input.problem.empty());
  }
}

void set_quarantine(MetricWriter& out, const QuarantineCounts& counts) {
  out.set(BadRecordsLost, {"rotated"}, number(counts.rotated));
  out.set(BadRecordsLost, {"disk"}, number(counts.unwritten));
  out.set(BoundsMet, {"bad_record_texts_left_out"}, number(counts.texts_left_out));
}

void set_events(MetricWriter& out, const ConsumerStatus& consumer) {
  const Tally& tally = consumer.detector.tally;
  const Correlator::Counters& correlator = consumer.detector.correlator;
  out.set(Events, {}, number(tally.events));
  for (size_t i = 0; i < tally.levels.size(); ++i) out.set(EventsByLevel, {kAuditLevels[i]}, number(tally.levels[i]));
  for (size_t i = 0; i < consumer.bad.size(); ++i) {
    out.set(BadRecords, {to_text(static_cast<BadReason>(i))}, number(consumer.bad[i]));
  }
  out.set(EventsTruncated, {}, number(tally.truncated));
  out.set(BodyDefects, {}, number(tally.body_defects));
  out.set(EventsSalvaged, {}, number(tally.salvaged));
  out.set(DuplicateEvents, {}, number(correlator.duplicates));
  out.set(LateEvents, {}, number(correlator.late));
  out.set(ClockSkewEvents, {}, number(correlator.time_outliers));
  out.set(AuditIdReuse, {}, number(correlator.audit_id_reuse));
  out.set(BoundsMet, {"field_values_cut"}, number(tally.field_values_cut));
  out.set(BoundsMet, {"group_values_cut"}, number(tally.group_values_cut));
  out.set(BoundsMet, {"duplicate_window_full"}, number(correlator.duplicate_window_full));
  out.set(BoundsMet, {"long_requests_forgotten"}, number(correlator.long_requests_forgotten));
  out.set(BoundsMet, {"alerts_closed_early"}, number(correlator.alerts_closed_early));
  out.set(BoundsMet, {"streams_shared"}, number(consumer.detector.streams_shared));
  if (consumer.watermark != Timestamp::min()) out.set(Watermark, {}, seconds(consumer.watermark));
  const auto active = std::count_if(consumer.streams.begin(), consumer.streams.end(),
                                    [](const StreamReport& stream) { return stream.active; });
  out.set(Streams, {"active"}, number(active));
  out.set(Streams, {"idle"}, number(consumer.streams.size()) - number(active));
  out.set(OpenAlerts, {}, number(consumer.detector.open_alerts));
}

void set_rules(MetricWriter& out, const ConsumerStatus& consumer, const ServeFacts& facts) {
  out.set(RulesReloads, {"taken"}, number(facts.reloads_taken));
  out.set(RulesReloads, {"rejected"}, number(facts.reloads_rejected));
  out.set(RulesReloadLastOk, {}, !facts.rules_behind);
  out.set(RulesReloadLastOkTime, {}, seconds(facts.rules_taken));
  if (consumer.rules == nullptr) return;
  out.set(RulesInfo, {consumer.rules->hash}, 1);
  const std::vector<Rule>& rules = consumer.rules->program->rules().rules;
  double bytes = 0;
  for (size_t i = 0; i < rules.size(); ++i) {
    const RuleMeta& meta = rules[i].meta;
    out.set(RulesLoaded, {to_text(meta.level)}, 1);
    if (i >= consumer.rule_status.size()) continue;
    const LiveRuleStatus& status = consumer.rule_status[i];
    double blind = 0;
    for (uint64_t count : status.counts.not_evaluable) blind += number(count);
    if (blind > 0) out.set(RuleNotEvaluable, {meta.name}, blind);
    if (rules[i].is_detection()) continue;
    out.set(StateKeys, {meta.name}, number(status.state.keys));
    out.set(StateEvictions, {meta.name}, number(status.state.evictions));
    bytes += number(status.state.bytes);
  }
  out.set(StateBytes, {}, bytes);
  out.set(StateBudget, {}, number(facts.state_budget));
}

void set_snapshots(MetricWriter& out, const SnapshotCounters& snapshots) {
  out.set(Snapshots, {"written"}, number(snapshots.written));
  out.set(Snapshots, {"failed"}, number(snapshots.failed));
  if (snapshots.written == 0) return;
  out.set(SnapshotBytes, {}, number(snapshots.bytes));
  out.set(SnapshotLast, {}, seconds(snapshots.time));
  out.set(SnapshotTime, {}, seconds(snapshots.took));
}

void set_alerts(MetricWriter& out, const RecentAlerts& recent) {
  const AlertTotals totals = recent.totals();
  for (const auto& [rule, count] : totals.opened) out.set(Alerts, {rule.first, to_text(rule.second)}, number(count));
  for (size_t i = 0; i < totals.revisions.size(); ++i) {
    out.set(AlertRevisions, {to_text(static_cast<EpisodeStatus>(i))}, number(totals.revisions[i]));
  }
}

void set_sink(MetricWriter& out, const Sink& sink, Timestamp now) {
  const SinkCounters counts = sink.counters();
  const std::string& name = sink.name();
  out.set(SinkPending, {name}, number(counts.lag_entries));
  const Duration oldest = counts.oldest_undelivered ? now - *counts.oldest_undelivered : Duration{};
  out.set(SinkOldest, {name}, std::max(0.0, seconds(oldest)));
  out.set(SinkSent, {name}, number(counts.delivered));
  out.set(SinkFailures, {name, "retry"}, number(counts.retries));
  out.set(SinkFailures, {name, "refused"}, number(counts.refused));
  out.set(SinkFiltered, {name}, number(counts.filtered));
  out.set(SinkFolded, {name}, number(counts.folded));
  out.set(SinkGivenUp, {name}, number(counts.given_up + counts.refused));
  out.set(SinkFailing, {name}, counts.failing);
}

}  // namespace

void set_serve_metrics(MetricWriter& out, const ServeParts& parts, const ServeFacts& facts, Timestamp now) {
  set_program(out, parts, facts);
  if (parts.admin != nullptr) set_server(out, "admin", *parts.admin);
  if (parts.webhook != nullptr) set_server(out, "webhook", *parts.webhook);
  if (parts.senders != nullptr) set_senders(out, *parts.senders);
  set_disk(out, parts, facts);
  set_recovery(out, facts);
  if (parts.pipeline != nullptr) {
    const LiveStatus status = parts.pipeline->status();
    out.set(QueueBytes, {}, number(status.queued_bytes));
    set_inputs(out, status.inputs);
    set_events(out, status.consumer);
    set_rules(out, status.consumer, facts);
    set_snapshots(out, status.snapshots);
  }
  if (parts.certificates != nullptr) {
    for (const CertificateEnd& one : parts.certificates->ends(parts.senders)) {
      out.set(CertificateExpiry, {one.use, one.cluster, one.name}, seconds(one.ends));
    }
  }
  if (parts.quarantine != nullptr) set_quarantine(out, parts.quarantine->counts());
  if (parts.recent != nullptr) set_alerts(out, *parts.recent);
  for (const Sink* sink : parts.sinks) set_sink(out, *sink, now);
  if (parts.lease != nullptr) out.set(LeaseHeld, {}, parts.lease->state().sending);
}

}  // namespace kubevigil
