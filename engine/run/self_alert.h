// Alerts about the program itself: what an operator must hear of although no rule matched, because detection is blind,
// late or unheard. They go the way of all alerts (journal, outbox, sinks; schema kubevigil.alert/v1) under rule ids of
// their own; recovery's comparison leaves them out, since they come of the outside and not of the journal's inputs.
//
// THE TABLE is self_alert.cpp. To add a kind: a name here, a row there, and somebody who raises it (self_alerts.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/alert/alert.h"
#include "engine/base/level.h"
#include "engine/base/timestamp.h"

namespace kubevigil {

enum class SelfAlertKind : uint8_t {
  InputGap,
  SourceSilent,
  BadRecords,
  LateData,
  ClockSkew,
  UnknownSender,
  ForeignCluster,
  SpoolFull,
  DiskFull,
  StorageDamage,
  SnapshotDamaged,
  RecoveryMismatch,
  StatePressure,
  StateExplosion,
  RulesRejected,
  SinkFailing,
  AlertsGivenUp,
  SendingTakenOver,
  CertificateExpiring,
  InputStuck,  // the last
};
inline constexpr size_t kSelfAlertKinds = static_cast<size_t>(SelfAlertKind::InputStuck) + 1;

enum class SelfAlertLife : uint8_t {
  Moment,  // something happened: status closed, revision 1
  State,   // something lasts: open, and closed under the same id with revision 2
};

struct SelfAlertRow {
  SelfAlertKind kind;
  SelfAlertLife life;
  std::string_view name;     // "input_gap"; rule.name of the alert is kubevigil_input_gap
  std::string_view rule_id;  // UUID; never used again for something else
  Level level;
  std::string_view title;
  std::string_view subject;    // what the subject names
  std::string_view next_step;  // what to look at
};

std::span<const SelfAlertRow> self_alert_rows();
const SelfAlertRow& self_alert_row(SelfAlertKind kind);
// The row of a rule id; null for rules that are not of this table.
const SelfAlertRow* find_self_alert(std::string_view rule_id);
inline bool is_self_alert(std::string_view rule_id) { return find_self_alert(rule_id) != nullptr; }

// The table as Markdown, for operators; it stands in deploy/self-alerts.md.
std::string self_alerts_page();

struct SelfAlertFacts {
  SelfAlertKind kind{};
  std::string instance;         // of this program
  uint64_t nonce = 0;           // random, of this start: ids of two starts differ
  uint64_t number = 0;          // of the raise, in this start
  std::string cluster;          // "": none or all
  std::string subject, detail;  // cut to limits::kSelfAlertTextBytes
  Timestamp first, last;
  uint64_t count = 1;
};

// id: of instance, nonce, kind, cluster, subject and number. dedup_key: of instance, kind, cluster and subject, so the
// same after a restart. Status open or closed by the kind's life, revision 1; count and times are the facts'.
Alert self_alert(const SelfAlertFacts& facts);
// The last revision of an alert of a state.
void close_self_alert(Alert& alert, std::string_view detail, Timestamp time, uint64_t count);

}  // namespace kubevigil
