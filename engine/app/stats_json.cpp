// --stats-json: everything that a replay can say about itself, with the chain of custody. Keys in a fixed order.
#include <numeric>

#include "engine/app/bounds.h"
#include "engine/app/profile_view.h"
#include "engine/app/summary.h"
#include "engine/base/json_writer.h"

namespace kubevigil {
namespace {

void write_times(JsonWriter& json, Timestamp first, Timestamp last) {
  if (first > last) return;
  json.member("first", format_rfc3339(first)).member("last", format_rfc3339(last));
}

void write_custody(JsonWriter& json, const RunFacts& facts) {
  json.key("custody").begin_object().member("program", "kubevigil").member("version", version_text());
  json.member("command_line", facts.command_line).member("rules_hash", facts.rules.hash);
  if (facts.rules.preset) json.member("preset", to_text(*facts.rules.preset));
  json.member("rules_left_out", facts.rules.left_out);
  json.member("started", format_rfc3339(facts.started)).member("finished", format_rfc3339(facts.finished));
  json.member("exit_code", facts.exit_code).end_object();
}

void write_file(JsonWriter& json, const InputFile& file, const FileTally& tally) {
  json.begin_object().member("path", file.path).member("size", file.size).optional("sha256", file.sha256);
  json.optional("compression", file.compression).member("plain_bytes", file.plain_bytes).member("lines", file.lines);
  json.member("read", file.read);
  if (file.skipped) json.member("skipped", "outside the time range");
  json.optional("problem", file.problem).optional("note", file.note);
  json.member("records", tally.records).member("events", tally.events);
  write_times(json, tally.first, tally.last);
  json.key("bad").begin_object();
  for (size_t i = 0; i < tally.bad.size(); ++i) {
    if (tally.bad[i] > 0) json.member(to_text(static_cast<BadReason>(i)), tally.bad[i]);
  }
  json.end_object().member("holds_audit_events", tally.events > 0).end_object();
}

void write_sources(JsonWriter& json, const RunFacts& facts) {
  json.key("sources").begin_array();
  for (const SourceReport& source : facts.report.sources) {
    json.begin_object().member("name", source.name).member("events", source.pace.events);
    write_times(json, source.pace.first, source.pace.last);
    json.member("time_outliers", source.pace.outliers).member("newest_first", source.pace.newest_first());
    json.member("usual_gap_us", source.pace.usual_gap.micros);
    json.key("silent_gaps").begin_array();
    for (const SourceGap& gap : source.pace.silences) {
      json.begin_object().member("from", format_rfc3339(gap.from)).member("to", format_rfc3339(gap.to));
      json.member("seconds", static_cast<double>((gap.to - gap.from).micros) / 1e6).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().key("source_kinds").begin_array();
  for (const SourceKindFacts& kind : source_kinds(facts.report, facts.rules)) {
    json.begin_object().member("envelope", kind.envelope).member("events", kind.events);
    json.member("never_carries", kind.never_carries).member("blind_rules", kind.blind_rules);
    json.optional("note", kind.note).end_object();
  }
  json.end_array();
}

template <size_t N>
void write_counts(JsonWriter& json, std::string_view name, const std::array<std::string_view, N>& names,
                  const std::array<uint64_t, N>& counts) {
  json.key(name).begin_object();
  for (size_t i = 0; i < N; ++i) {
    if (counts[i] > 0) json.member(names[i], counts[i]);
  }
  json.end_object();
}

void write_events(JsonWriter& json, const ReplayReport& report) {
  const Tally& tally = report.tally;
  const Correlator::Counters& counters = report.correlator;
  json.key("events").begin_object().member("total", tally.events);
  write_times(json, report.first, report.last);
  json.member("duplicates", counters.duplicates).member("late", counters.late);
  json.member("joined_stages", counters.joined_stages).member("audit_id_reuse", counters.audit_id_reuse);
  json.member("outside_range", tally.outside_range).member("without_time", tally.without_time);
  json.member("truncated", tally.truncated).member("body_defects", tally.body_defects);
  json.member("salvaged", tally.salvaged).member("bad_lines", report.bad_total);
  write_counts(json, "audit_levels", kAuditLevels, tally.levels);
  write_counts(json, "stages", kAuditStages, tally.stages);
  json.end_object();
}

std::string_view state_text(RuleState state) {
  return state == RuleState::Learning ? "learning" : state == RuleState::Cold ? "cold" : "ready";
}

void write_explosions(JsonWriter& json, const std::vector<KeyMaker>& makers) {
  if (makers.empty()) return;
  json.key("state_explosions").begin_array();
  for (const KeyMaker& maker : makers) {
    json.begin_object().member("cluster", maker.cluster).member("username", maker.user);
    json.member("new_keys", maker.keys).member("time", format_rfc3339(maker.time)).end_object();
  }
  json.end_array();
}

void write_rules(JsonWriter& json, const RunFacts& facts) {
  json.key("rules").begin_array();
  for (const RuleReport& report : facts.report.rules) {
    const Rule& rule = facts.rules.rules[report.rule];
    json.begin_object()
        .member("id", rule.meta.id)
        .member("name", rule.meta.name)
        .member("level", to_text(rule.meta.level));
    json.member("hash", rule.semantic_hash).member("alerts", report.alerts).optional("dead", rule.dead);
    if (std::accumulate(report.not_evaluable.begin(), report.not_evaluable.end(), uint64_t{0}) > 0) {
      write_counts(json, "not_evaluable_at_level", kAuditLevels, report.not_evaluable);
    }
    if (!rule.is_detection()) {
      const OperatorStats& s = report.state;
      json.member("state", state_text(s.state)).member("matches", s.matches).member("firings", s.firings);
      json.member("undetermined", s.pending).member("evictions", s.evictions).member("keys", s.keys);
      write_explosions(json, report.explosions);
    }
    json.end_object();
  }
  json.end_array();
}

void write_alerts(JsonWriter& json, const ReplayReport& report) {
  json.key("alerts").begin_object();
  json.member("total", std::accumulate(report.alerts.begin(), report.alerts.end(), uint64_t{0}));
  write_counts(json, "by_level", kLevelNames, report.alerts);
  json.member("given_out_early", report.alerts_early).key("top_actors").begin_array();
  for (const ActorReport& actor : report.actors) {
    json.begin_object().member("username", actor.username).member("alerts", actor.alerts);
    json.member("highest_level", to_text(actor.highest)).end_object();
  }
  json.end_array().end_object();
}

void write_bounds(JsonWriter& json, const ReplayReport& report) {
  json.key("bounds").begin_object();
  for (const Bound& bound : bounds_of(report)) json.member(bound.name, bound.count);
  const Duration window = report.correlator.duplicate_window;
  json.member("duplicate_window_seconds", static_cast<double>(window.micros) / 1e6).end_object();
}

void write_bad(JsonWriter& json, const ReplayReport& report) {
  json.key("bad_lines").begin_array();
  for (size_t i = 0; i < std::min<size_t>(report.bad.size(), 100); ++i) {
    const BadRecord& bad = report.bad[i];
    const bool known = bad.position.file < report.files.size();
    json.begin_object().member("file", known ? std::string_view(report.files[bad.position.file].path) : "?");
    json.member("line", bad.position.line).member("offset", bad.position.offset);
    json.member("reason", to_text(bad.reason)).member("message", bad.message).end_object();
  }
  json.end_array();
}

}  // namespace

std::string stats_json(const RunFacts& facts) {
  const ReplayReport& report = facts.report;
  JsonWriter json;
  json.begin_object().member("schema", "kubevigil.stats/v1");
  write_custody(json, facts);
  json.key("files").begin_array();
  for (uint32_t i = 0; i < report.files.size(); ++i) {
    const auto tally = report.tally.files.find(i);
    write_file(json, report.files[i], tally == report.tally.files.end() ? FileTally{} : tally->second);
  }
  json.end_array().member("unreadable_paths", facts.unreadable);
  write_sources(json, facts);
  write_events(json, report);
  write_alerts(json, report);
  write_rules(json, facts);
  write_bounds(json, report);
  write_bad(json, report);
  if (report.profile) {
    json.key("profile").begin_object();
    write_profile(json, *report.profile, facts.rules);
    json.end_object();
  }
  json.key("run").begin_object().member("seconds", static_cast<double>(facts.elapsed.micros) / 1e6);
  json.member("peak_memory_bytes", facts.peak_memory).member("stopped", report.stopped || report.strict_stop);
  json.end_object().end_object();
  return json.take() + "\n";
}

}  // namespace kubevigil
