// Random rules, and random events of several API servers as they arrive: with delays, disorder and copies.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/run/live_stream.h"
#include "tests/support/random_rules.h"

namespace kubevigil {

inline constexpr Timestamp kWorldStart{kStart * 1'000'000};

struct TimedRecord {
  Timestamp time;
  std::string json;
  uint64_t number = 0;  // copies have the same
};

struct Lane {
  std::string name;
  std::vector<TimedRecord> records;  // by time
};

// A record as it reaches the engine.
struct Arrival {
  size_t lane = 0;
  const TimedRecord* record = nullptr;
  Timestamp taken;
};

inline std::string with_times(std::string json, Timestamp time) {
  for (const char* fixed : {"2026-01-02T03:04:05.000000Z", "2026-01-02T03:04:05.100000Z"}) {
    json.replace(json.find(fixed), std::string_view(fixed).size(), format_rfc3339(time));
  }
  return json;
}

// Detections that draw from the same pools as random_event, and correlations over them. `reversed`: the same rules in
// another order of files; `cosmetic`: with other titles, authors and messages.
inline std::vector<RuleSource> random_sources_of_rules(uint64_t seed, bool reversed = false, bool cosmetic = false) {
  Random random(seed);
  std::vector<RuleSource> sources;
  const std::string extra = cosmetic ? "author: somebody\ndescription: in other words\n" : "";
  constexpr size_t kDetections = 10, kCorrelations = 10;
  for (size_t i = 0; i < kDetections; ++i) {
    sources.push_back({fmt::format("d{}.yaml", i), random_rule(random, i) + extra, false});
  }
  static const std::vector<std::string> kTypes = {"event_count",      "event_count", "value_count", "temporal",
                                                  "temporal_ordered", "new_value",   "value_avg",   "value_sum"};
  static const std::vector<std::string> kGroups = {"[user.username]", "[objectRef.namespace]", "[]"};
  static const std::vector<std::string> kBounds = {"gte: 2", "gte: 3", "gt: 4", "lt: 2", "gte: 2, lt: 4", "eq: 1"};
  static const std::vector<std::string> kWindows = {"", "kubevigil: {window: tumbling}\n",
                                                    "kubevigil: {window: {session: {gap: 15s}}}\n"};
  for (size_t i = 0; i < kCorrelations; ++i) {
    const std::string& type = random.pick(kTypes);
    const size_t a = random.below(kDetections), b = (a + 1 + random.below(kDetections - 1)) % kDetections;
    const bool one = !type.starts_with("temporal");
    std::string condition;
    if (type == "event_count") condition = "  condition: {" + random.pick(kBounds) + "}\n";
    if (type == "value_count") condition = fmt::format("  condition: {{field: verb, gte: {}}}\n", 2 + random.below(2));
    if (type == "new_value") condition = "  condition: {field: verb}\n";
    if (type == "value_avg") condition = "  condition: {field: responseStatus.code, gte: 350}\n";
    if (type == "value_sum") condition = "  condition: {field: responseStatus.code, gte: 700}\n";
    std::string window;
    if (type == "event_count" || type == "value_count") window = random.pick(kWindows);
    if (type == "value_avg" || type == "value_sum") window = kWindows[random.below(2)];
    sources.push_back(
        {fmt::format("c{}.yaml", i),
         fmt::format(
             "title: Correlation {}{}\nid: 00000000-0000-4000-9000-{:012}\nname: correlation-{}\nlevel: medium\n"
             "{}correlation:\n  type: {}\n  rules: [random-{}{}]\n  group-by: {}\n  timespan: {}s\n"
             "  generate: true\n{}{}",
             i, cosmetic ? " by another name" : "", i, i, extra, type, a, one ? "" : fmt::format(", random-{}", b),
             random.pick(kGroups), 20 + random.below(400), condition,
             type == "new_value" ? "kubevigil: {new_value: {learn: 0s}}\n" : window),
         false});
  }
  if (reversed) std::reverse(sources.begin(), sources.end());
  return sources;
}

inline std::shared_ptr<const Program> program_of(const std::vector<RuleSource>& sources, size_t rules = 20) {
  LoadOptions options;
  std::string list;
  for (const std::string& value : random_rule_list()) list += "- " + value + "\n";
  options.lists["lists/pool"] = list;
  LoadedRules loaded = load_rules(sources, options);
  EXPECT_EQ(loaded.rules.rules.size(), rules) << render(loaded.diagnostics, loaded.sources);
  return Program::compile(std::make_shared<const RuleSet>(std::move(loaded.rules)));
}

// Some minutes of events, some of them in the logs of several servers, and hours later one in each, which ends what
// waits for the watermark. Hours after these the same again: where a rule happens to match them, its windows over the
// first ones end, too, as they do in replay, which has an end.
inline std::vector<Lane> random_lanes(uint64_t seed, size_t events = 150) {
  Random random(seed * 7 + 1);
  std::vector<Lane> lanes(1 + random.below(4));
  for (size_t i = 0; i < lanes.size(); ++i) lanes[i].name = fmt::format("webhook/c/api/10.0.0.{}", i);
  Timestamp now = kWorldStart;
  for (size_t i = 0; i < events; ++i) {
    now = now + Duration{1 + static_cast<int64_t>(random.below(20'000'000))};
    const TimedRecord record{now, with_times(random_event(random), now), i};
    const size_t lane = random.below(lanes.size());
    lanes[lane].records.push_back(record);
    if (random.chance(15)) lanes[random.below(lanes.size())].records.push_back(record);
  }
  EventText last;
  last.verb = "watch";
  last.resource = last.ns = last.name = "none";
  for (const int64_t hours : {3, 6}) {
    for (size_t i = 0; i < lanes.size(); ++i) {
      last.id = fmt::format("last-{}-{}", hours, i);
      last.second = (now.micros - kWorldStart.micros) / 1'000'000 + hours * 3600;
      const Timestamp time{(kStart + last.second) * 1'000'000};
      lanes[i].records.push_back({time, json_of(last), events + static_cast<size_t>(hours) * lanes.size() + i});
    }
  }
  return lanes;
}

// In order of arrival: each lane behind by a delay of its own, within a lane out of order by up to `disorder`.
inline std::vector<Arrival> random_arrivals(const std::vector<Lane>& lanes, uint64_t seed,
                                            Duration disorder = Duration::seconds(25)) {
  Random random(seed * 11 + 5);
  std::vector<Arrival> arrivals;
  for (size_t lane = 0; lane < lanes.size(); ++lane) {
    const Duration behind = Duration::seconds(static_cast<int64_t>(random.below(200)));
    const auto most = static_cast<size_t>(disorder.micros) + 1;
    for (const TimedRecord& record : lanes[lane].records) {
      const Duration extra{static_cast<int64_t>(random.below(most))};
      arrivals.push_back({lane, &record, record.time + behind + extra});
    }
  }
  std::stable_sort(arrivals.begin(), arrivals.end(),
                   [](const Arrival& a, const Arrival& b) { return a.taken < b.taken; });
  return arrivals;
}

// Neighbours of the same lane in batches of up to `most`; what an alert says of a record does not depend on them.
inline std::vector<LiveBatch> batches_of(const std::vector<Lane>& lanes, const std::vector<Arrival>& arrivals,
                                         size_t most) {
  std::vector<LiveBatch> out;
  for (size_t i = 0; i < arrivals.size();) {
    std::vector<std::string> records;
    const size_t begin = i;
    for (; i < arrivals.size() && i - begin < most && arrivals[i].lane == arrivals[begin].lane; ++i) {
      records.push_back(arrivals[i].record->json);
    }
    LiveBatch& batch = out.emplace_back(live_batch(lanes[arrivals[begin].lane].name, records, Duration::seconds(35)));
    for (size_t r = 0; r < records.size(); ++r) {
      batch.batch.records[r].position = {0, arrivals[begin + r].record->number, 1};
    }
    batch.cluster = batch.batch.cluster = "c";
  }
  return out;
}

// Alerts that were not taken back and begin before `until`, in their last revisions, by "rule cluster group".
using Grouped = std::map<std::string, std::vector<Alert>>;

inline Grouped grouped(const std::vector<Alert>& alerts, Timestamp until = Timestamp::max()) {
  std::map<std::string, const Alert*> last;
  for (const Alert& alert : alerts) last[alert.id] = &alert;
  Grouped out;
  for (const auto& [id, alert] : last) {
    if (alert->status == EpisodeStatus::Retracted || alert->first_seen >= until) continue;
    std::string line = alert->rule_name + " " + alert->cluster;
    for (const auto& [name, value] : alert->group) line += " " + name + "=" + value;
    out[line].push_back(*alert);
  }
  return out;
}

// The first (rule, group) of one that is not in the other, or an alert in it at whose time the other has none; "": all
// are the same.
inline std::string difference(const Grouped& one, const Grouped& other) {
  const auto spans = [](const Alert& a) {
    return fmt::format("{} to {}", format_rfc3339(a.first_seen), format_rfc3339(a.last_seen));
  };
  for (const bool turned : {false, true}) {
    for (const auto& [line, alerts] : turned ? other : one) {
      const auto& others = turned ? one : other;
      const auto found = others.find(line);
      if (found == others.end()) return fmt::format("{}: {}", turned ? "only the other" : "only the one", line);
      for (const Alert& alert : alerts) {
        const bool overlaps = std::any_of(found->second.begin(), found->second.end(), [&](const Alert& a) {
          return a.first_seen <= alert.last_seen && alert.first_seen <= a.last_seen;
        });
        if (overlaps) continue;
        std::string text =
            fmt::format("{}: {} has {}, the other", line, turned ? "the other" : "the one", spans(alert));
        for (const Alert& a : found->second) text += " " + spans(a);
        return text;
      }
    }
  }
  return {};
}

}  // namespace kubevigil
