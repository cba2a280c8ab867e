#include "engine/app/admin_json.h"

#include "engine/base/json_writer.h"

namespace kubevigil {
namespace {

void time_member(JsonWriter& json, std::string_view name, const std::optional<Timestamp>& time) {
  if (time) json.member(name, format_rfc3339(*time));
}

void write(JsonWriter& json, const AdminSink& sink) {
  json.begin_object().member("name", sink.name).member("transport", sink.transport).member("encoding", sink.encoding);
  json.member("sent", sink.sent).member("retries", sink.retries).member("given_up", sink.given_up);
  json.member("filtered", sink.filtered).member("folded", sink.folded);
  json.member("pending_entries", sink.pending_entries);
  time_member(json, "oldest_pending", sink.oldest_pending);
  json.member("failing", sink.failing).member("last_error", sink.last_error).end_object();
}

void write(JsonWriter& json, const AdminRecovery& recovery) {
  json.begin_object().member("seconds", recovery.seconds).member("entries", recovery.entries);
  json.member("records", recovery.records).member("mismatches", recovery.mismatches);
  json.member("from_snapshot", recovery.from_snapshot).member("degraded", recovery.degraded).end_object();
}

void write(JsonWriter& json, const AdminRule& rule) {
  json.begin_object().member("id", rule.id).member("name", rule.name).member("title", rule.title);
  json.member("kind", rule.kind).member("level", to_text(rule.level)).member("alerts", rule.alerts);
  json.member("not_evaluable", rule.not_evaluable);
  json.member("state_keys", rule.state_keys).member("state_bytes", rule.state_bytes);
  json.member("evictions", rule.evictions).end_object();
}

void write(JsonWriter& json, const AdminSender& sender) {
  json.begin_object().member("cluster", sender.cluster).member("credential", sender.credential);
  json.member("peer", sender.peer).member("bodies", sender.bodies).member("bytes", sender.bytes);
  json.member("events", sender.events)
      .member("duplicates", sender.duplicates)
      .member("retries", sender.retries)
      .member("refused", sender.refused);
  json.member("silences", sender.silences).member("events_per_second", sender.events_per_second);
  if (sender.latency_seconds) json.member("latency_seconds", *sender.latency_seconds);
  time_member(json, "last_batch", sender.last_batch);
  json.member("silent", sender.silent).end_object();
}

void write(JsonWriter& json, const AdminStranger& stranger) {
  json.begin_object().member("peer", stranger.peer).member("path", stranger.path);
  json.member("refused", stranger.refused).member("seen", format_rfc3339(stranger.seen)).end_object();
}

void write(JsonWriter& json, const AdminTail& tail) {
  json.begin_object().member("path", tail.path).member("problem", tail.problem);
  json.member("caught_up", tail.caught_up).member("lag_bytes", tail.lag_bytes).member("records", tail.records);
  json.member("rotations", tail.rotations).member("gaps", tail.gaps).end_object();
}

void write(JsonWriter& json, const AdminKafka& kafka) {
  json.begin_object().member("name", kafka.name).member("problem", kafka.problem);
  json.member("stands_by", kafka.stands_by);
  json.member("caught_up", kafka.caught_up).member("lag_messages", kafka.lag_messages);
  json.member("records", kafka.records).member("tombstones", kafka.tombstones);
  json.member("gaps", kafka.gaps).end_object();
}

void write(JsonWriter& json, const AdminStream& stream) {
  json.begin_object().member("name", stream.name).member("active", stream.active);
  time_member(json, "watermark", stream.watermark);
  json.member("events", stream.events).end_object();
}

void write(JsonWriter& json, const RecentAlert& alert) { json.raw(alert.json); }

template <typename T>
void write_all(JsonWriter& json, std::string_view name, const std::vector<T>& all) {
  json.key(name).begin_array();
  for (const T& one : all) write(json, one);
  json.end_array();
}

template <typename T>
std::string list_json(std::string_view name, const std::vector<T>& all) {
  JsonWriter json;
  json.begin_object();
  write_all(json, name, all);
  return json.end_object().take();
}

}  // namespace

std::string to_json(const AdminStatus& s) {
  JsonWriter json;
  json.begin_object().member("version", s.version).member("commit", s.commit).member("instance", s.instance);
  json.member("started", format_rfc3339(s.started)).member("time", format_rfc3339(s.time));
  json.member("ready", s.ready.ready).member("why", s.ready.why);
  json.member("rules_hash", s.rules_hash).member("rules", s.rules).member("rules_behind", s.rules_behind);
  json.member("spool_bytes", s.spool_bytes).member("spool_budget_bytes", s.spool_budget_bytes);
  json.member("journal_bytes", s.journal_bytes).member("journal_entries", s.journal_entries);
  json.member("journal_broken", s.journal_broken).member("disk_free_bytes", s.disk_free_bytes);
  json.member("disk_reserve_held", s.disk_reserve_held);
  time_member(json, "last_snapshot", s.last_snapshot);
  json.key("recovery");
  write(json, s.recovery);
  json.member("events", s.events).member("duplicates", s.duplicates).member("late", s.late);
  json.member("bad_records", s.bad_records).member("alerts", s.alerts).member("self_alerts", s.self_alerts);
  json.member("open_alerts", s.open_alerts).member("state_bytes", s.state_bytes);
  json.member("state_budget_bytes", s.state_budget_bytes).member("queue_bytes", s.queue_bytes);
  time_member(json, "watermark", s.watermark);
  if (s.lease_held) json.member("lease_held", *s.lease_held);
  write_all(json, "sinks", s.sinks);
  return json.end_object().take();
}

std::string to_json(const std::vector<AdminRule>& rules) { return list_json("rules", rules); }

std::string to_json(const std::vector<RecentAlert>& alerts) { return list_json("alerts", alerts); }

std::string to_json(const AdminSources& sources) {
  JsonWriter json;
  json.begin_object();
  write_all(json, "senders", sources.senders);
  write_all(json, "strangers", sources.strangers);
  write_all(json, "tails", sources.tails);
  write_all(json, "kafka", sources.kafka);
  write_all(json, "streams", sources.streams);
  return json.end_object().take();
}

std::string problem_json(int status, const std::string& detail) {
  JsonWriter json;
  return json.begin_object().member("status", status).member("detail", detail).end_object().take();
}

}  // namespace kubevigil
