#include "engine/run/self_alert.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "engine/base/hash.h"
#include "engine/base/ids.h"
#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

using enum SelfAlertKind;
constexpr SelfAlertLife kMoment = SelfAlertLife::Moment;
constexpr SelfAlertLife kState = SelfAlertLife::State;

constexpr std::array<SelfAlertRow, kSelfAlertKinds> kRows = {{
    {InputGap, kMoment, "input_gap", "8453404d-4b09-45a6-b851-94e174273f69", Level::High,
     "Records of an input are missing", "the input",
     "Compare the range with the source: what happened in it was not judged. `kubevigil replay` judges a copy."},
    {SourceSilent, kState, "source_silent", "a4d69644-ac15-437b-8c14-f474ea503294", Level::High,
     "A source of audit events went silent", "the sender or file",
     "Check the API server's audit flags, its log and apiserver_audit_error_total, and the network in between."},
    {BadRecords, kMoment, "bad_records", "26527961-10d9-4b61-b944-9564a1b6e65b", Level::Medium,
     "Records could not be read as audit events", "the source",
     "Look at the place that is named: a broken writer, a cut record, or somebody who feeds this source."},
    {LateData, kMoment, "late_data", "c233ffa0-4be3-4dfb-a22e-1a5f8913dacd", Level::Medium,
     "Events came too late for correlations", "the source",
     "Rules over one event judged them; counts and chains did not. Check the sender's retries and clock; see slack."},
    {ClockSkew, kMoment, "clock_skew", "83b26024-1c3f-4ba0-b14b-f61504366f07", Level::Medium,
     "A source's clock runs ahead", "the source",
     "Synchronise the clocks of the API server and of this machine: windows over several sources depend on them."},
    {UnknownSender, kMoment, "unknown_sender", "61f8dea6-99f6-482e-8ade-a7cdea559608", Level::Medium,
     "Somebody without a valid credential tried to send events", "the listener and what was wrong",
     "A scanner, a forger, or an API server whose certificate or token was renewed on one side only."},
    {ForeignCluster, kMoment, "foreign_cluster", "8167462d-2ac6-438b-ad4b-8c066e7cc763", Level::High,
     "A sender tried to send events of a cluster that is not its own", "the credential",
     "Nothing was taken. If the path in the sender's kubeconfig is right, its credential is in the wrong hands."},
    {SpoolFull, kState, "spool_full", "5436d6cb-e639-4a45-9c37-906789ef81f5", Level::High,
     "The spool's budget is used up: senders get 429", "the spool",
     "API servers drop events after four minutes of this. See what holds processing up, or raise spool-budget."},
    {DiskFull, kState, "disk_full", "0b5bcb36-89d5-476e-9dfb-ba433db2faed", Level::Critical,
     "The disk is full: senders get 429", "the data directory",
     "Make room now: API servers drop events after four minutes. Nothing that was accepted is lost."},
    {StorageDamage, kMoment, "storage_damage", "1ddb8b95-14ac-495d-89a8-7a4808fc4c0b", Level::High,
     "Stored data is damaged", "the file",
     "The range that is named is lost. Check the disk; what the file held may still be in the cluster's own log."},
    {SnapshotDamaged, kMoment, "snapshot_damaged", "2e079e0b-05a4-41e7-aa4a-343affd012e3", Level::Medium,
     "A snapshot of the state could not be used", "the snapshot",
     "An older one and the journal replaced it, if not said otherwise. Check the disk."},
    {RecoveryMismatch, kMoment, "recovery_mismatch", "f5e59b7a-6c1e-4f6f-b2c7-7f68e43a71e8", Level::High,
     "Recovery derived other alerts than the journal holds", "the journal",
     "The journal's alerts were kept. Keep the data directory and report this: it is a defect of this program or "
     "disk."},
    {StatePressure, kMoment, "state_pressure", "547af065-db1b-4e01-962e-8dfb53d686f1", Level::Medium,
     "State of a rule was given up for want of memory", "the rule",
     "Somebody may be making keys on purpose: look at who. Else raise state.memory or narrow the rule's group-by."},
    {StateExplosion, kMoment, "state_explosion", "41f0dd35-54f4-4858-8d8c-15fa2ea4693c", Level::High,
     "Somebody makes keys of a rule in masses", "the rule and who makes them",
     "The actor that is named fills this rule's memory, perhaps to have something else forgotten: look at what he does "
     "and stop him. If it is an honest program, narrow the rule's group-by or exempt it."},
    {RulesRejected, kState, "rules_rejected", "bf939047-a140-4ed8-a6c1-4e8938e852a5", Level::Medium,
     "Changed rules or configuration were rejected: the old ones go on", "the rules",
     "`kubevigil rules check` and `kubevigil config check` name the places."},
    {SinkFailing, kState, "sink_failing", "326fa3f2-b9da-401e-a8b5-51d457111f03", Level::High,
     "An output takes no alerts", "the output",
     "Its alerts wait on the disk. `kubevigil sinks test NAME` says what is wrong."},
    {AlertsGivenUp, kMoment, "alerts_given_up", "3d12135e-83a8-46ce-9bb6-ede7c5ec21ad", Level::High,
     "Alerts for an output were given up", "the output",
     "They are in its dead-letter file, with the reasons; those of an output that was removed are in the journal."},
    {SendingTakenOver, kMoment, "sending_taken_over", "07ba3bdb-cf6d-40d0-bb0f-983eb3089de8", Level::Low,
     "This instance has begun to send alerts", "the lease",
     "The other instance stopped renewing its lease. Check that it is up again."},
    {CertificateExpiring, kState, "certificate_expiring", "9c77bcff-6a53-4ad7-902d-33cb583cf2b3", Level::Medium,
     "A certificate is about to expire", "whose it is: listener, admin, output or sender, and its name",
     "Renew it; files are read again by themselves. When a listener's or a sender's has ended, API servers drop events "
     "after two minutes; when an output's has, its alerts wait."},
    {InputStuck, kState, "input_stuck", "f8a26be1-685f-43dd-bf39-87ec2d75be56", Level::High, "An input cannot be read",
     "the input",
     "Nothing of it is judged until it goes on; it loses nothing before retention or rotation takes what waits. "
     "`kubevigil doctor` tries it: look at its address, login, rights and certificates."},
}};

constexpr bool in_order() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<size_t>(kRows[i].kind) != i) return false;
  }
  return true;
}
static_assert(in_order(), "rows stand in the order of SelfAlertKind");

std::string message_of(const SelfAlertRow& row, std::string_view detail, uint64_t count, Timestamp first) {
  std::string out(row.title);
  if (!detail.empty()) out.append(": ").append(detail);
  if (count > 1) out += fmt::format(" ({} times since {})", count, format_rfc3339(first));
  return out;
}

std::string cut(std::string_view text) { return cut_to_bytes(text, limits::kSelfAlertTextBytes); }

}  // namespace

std::span<const SelfAlertRow> self_alert_rows() { return kRows; }

const SelfAlertRow& self_alert_row(SelfAlertKind kind) { return kRows[static_cast<size_t>(kind)]; }

const SelfAlertRow* find_self_alert(std::string_view rule_id) {
  for (const SelfAlertRow& row : kRows) {
    if (row.rule_id == rule_id) return &row;
  }
  return nullptr;
}

Alert self_alert(const SelfAlertFacts& facts) {
  const SelfAlertRow& row = self_alert_row(facts.kind);
  const std::string subject = cut(facts.subject);
  Alert alert;
  alert.id = uuid_v8(length_prefixed({"kv1-self", facts.instance, std::to_string(facts.nonce), row.rule_id,
                                      facts.cluster, subject, std::to_string(facts.number)}));
  alert.dedup_key = sha256_hex(length_prefixed({"kv1-self-dedup", facts.instance, row.rule_id, facts.cluster, subject}))
                        .substr(0, 32);
  alert.status = row.life == SelfAlertLife::State ? EpisodeStatus::Open : EpisodeStatus::Closed;
  alert.time = alert.last_seen = facts.last;
  alert.first_seen = facts.first;
  alert.count = facts.count;
  alert.rule_id = row.rule_id;
  alert.rule_name = fmt::format("kubevigil_{}", row.name);
  alert.rule_title = row.title;
  alert.rule_hash = sha256_hex(row.rule_id);
  alert.level = row.level;
  alert.message = message_of(row, cut(facts.detail), facts.count, facts.first);
  alert.cluster = facts.cluster;
  alert.group = {{"instance", facts.instance}, {"subject", subject}};
  alert.missing = {"event"};
  alert.next_steps = {std::string(row.next_step)};
  return alert;
}

void close_self_alert(Alert& alert, std::string_view detail, Timestamp time, uint64_t count) {
  const SelfAlertRow* row = find_self_alert(alert.rule_id);
  assert(row != nullptr && row->life == SelfAlertLife::State && alert.status == EpisodeStatus::Open);
  alert.status = EpisodeStatus::Closed;
  ++alert.revision;
  alert.last_seen = std::max(time, alert.first_seen);
  alert.duration_seconds = static_cast<double>((alert.last_seen - alert.first_seen).micros) / 1e6;
  alert.count = count;
  alert.message = fmt::format("Over: {}", message_of(*row, cut(detail), 1, alert.first_seen));
}

}  // namespace kubevigil
