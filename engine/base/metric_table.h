// THE TABLE of metrics: name, type, labels, help. Names as Prometheus asks (base units, _total for counters, the unit
// at the end); labels whose values are few: never a user, a pod or an address.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kubevigil {

enum class Metric : uint8_t {
  // The program
  BuildInfo,
  Ready,
  ProcessCpu,
  ProcessMemory,
  ProcessVirtualMemory,
  ProcessOpenFds,
  ProcessMaxFds,
  ProcessStartTime,
  LogLines,
  LogLinesHeldBack,
  SeriesFolded,
  SelfAlerts,
  // HTTP listeners
  HttpConnections,
  HttpConnectionsTotal,
  HttpRefusedConnections,
  HttpAcceptErrors,
  HttpTlsFailures,
  HttpRequests,
  HttpBadRequests,
  HttpTimeouts,
  HttpBodyBytes,
  // Webhook
  WebhookBatches,
  WebhookRefused,
  WebhookBodyBytes,
  WebhookAck,
  SenderBatches,
  SenderBytes,
  SenderEvents,
  SenderDuplicates,
  SenderRetries,
  SenderRefused,
  SenderLastBatch,
  SenderLatency,
  SenderSilent,
  SenderSilences,
  SendersForgotten,
  // Spool, journal, disk
  CertificateExpiry,
  SpoolBytes,
  SpoolBudget,
  SpoolOpenBodies,
  SpoolBodies,
  SpoolBodyBytes,
  SpoolRefused,
  JournalBytes,
  JournalEntries,
  JournalBroken,
  DiskFree,
  DiskReserveHeld,
  StorageDamage,
  Snapshots,
  SnapshotBytes,
  SnapshotLast,
  SnapshotTime,
  RecoveryTime,
  RecoveryEntries,
  RecoveryMismatches,
  // Kafka
  KafkaLag,
  KafkaRecords,
  KafkaTombstones,
  KafkaProblem,
  KafkaStandsBy,
  // Tail
  TailLag,
  TailBytes,
  TailRecords,
  TailRotations,
  TailTruncations,
  TailRecordsGivenUp,
  TailFilesIgnored,
  TailProblem,
  InputGaps,
  // Judging
  Events,
  EventsByLevel,
  BadRecords,
  BadRecordsLost,
  EventsTruncated,
  BodyDefects,
  EventsSalvaged,
  DuplicateEvents,
  LateEvents,
  ClockSkewEvents,
  AuditIdReuse,
  BoundsMet,
  QueueBytes,
  Watermark,
  Streams,
  RulesLoaded,
  RulesInfo,
  RulesReloads,
  RulesReloadLastOk,
  RulesReloadLastOkTime,
  RuleNotEvaluable,
  StateBytes,
  StateBudget,
  StateKeys,
  StateEvictions,
  OpenAlerts,
  // Alerts
  Alerts,
  AlertRevisions,
  EventToAlert,
  SinkPending,
  SinkOldest,
  SinkSent,
  SinkFailures,
  SinkFiltered,
  SinkFolded,
  SinkGivenUp,
  SinkFailing,
  LeaseHeld,  // the last
};
inline constexpr size_t kMetrics = static_cast<size_t>(Metric::LeaseHeld) + 1;

enum class MetricType : uint8_t { Counter, Gauge, Histogram };

struct MetricRow {
  Metric metric;
  MetricType type;
  std::string_view name;
  std::array<std::string_view, 3> labels;  // "": no more
  std::string_view help;

  size_t label_count() const;
};

std::span<const MetricRow> metric_rows();
const MetricRow& metric_row(Metric metric);
// Upper bounds of a histogram's buckets, in seconds, rising.
std::span<const double> metric_buckets(Metric metric);
// The page of all metrics, Markdown.
std::string metrics_page();

}  // namespace kubevigil
