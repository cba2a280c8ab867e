// Rule: one Sigma rule (detection or correlation) after parsing, with our extensions. RuleSet: all rules of a
// load, references resolved, filters applied. Immutable after loading, shared by all threads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/diagnostics.h"
#include "engine/base/level.h"
#include "engine/base/timestamp.h"
#include "engine/event/derived_config.h"
#include "engine/rule/expr.h"

namespace kubevigil {

struct RuleMeta {
  std::string id;    // UUID
  std::string name;  // slug; for rules without one, derived from the title
  std::string title;
  std::string description;
  std::string status;  // stable, test, experimental, deprecated, unsupported
  std::string author;
  std::string date;
  std::string modified;
  Level level = Level::Medium;
  std::vector<std::string> tags;
  std::vector<std::string> references;
  std::vector<std::string> falsepositives;
  std::vector<std::string> next_steps;  // kubevigil.next-steps: kubectl lines and advice, never run
  SourceSpan span;                      // of the document
  bool builtin = false;
};

struct DedupSpec {
  std::vector<FieldRef> by;              // empty: the default of design/rules.md 4
  Duration period = Duration::hours(1);  // from the first match; with `extend_to` from the last
  std::optional<Duration> extend_to;     // dedup.extend: an alert takes matches no longer than this from the first
};

// The `kubevigil:` mapping.
struct Extension {
  Stage stage = Stage::None;
  int risk = 0;
  Preset preset = Preset::Core;
  DedupSpec dedup;
  std::string message;  // template with {field}, {count}, {distinct}, {values:N}, {span}
  bool exempt_never = false;
  bool across_clusters = false;
};

struct Detection {
  Expr condition;            // filters already applied
  bool names_stage = false;  // the rule tests `stage` itself: see Event::stage_role
};

// A condition on a number: gte 10, or a range gte 3 and lt 8.
struct CountCondition {
  enum class Op : uint8_t { Gt, Gte, Lt, Lte, Eq, Neq };
  struct Bound {
    Op op = Op::Gte;
    double value = 0;
    bool operator==(const Bound&) const = default;
  };
  std::vector<Bound> bounds;  // all must hold
  bool holds(double n) const;
  // Some whole number from 1 to `most` satisfies it.
  bool holds_for_some(double most) const;
  // True when only lower bounds: of a number that only grows it stays true once it is.
  bool monotone() const;
  // Smallest whole number that satisfies all lower bounds.
  uint64_t threshold() const;
  // The number of matches or values beyond which no bound changes its answer.
  size_t deciding_count() const;
};

enum class CorrelationType : uint8_t {
  EventCount,
  ValueCount,
  Temporal,
  TemporalOrdered,
  ValueSum,
  ValueAvg,
  ValuePercentile,
  NewValue,
  Absence,
  Chain,
};
std::string_view to_text(CorrelationType type);

// One rule that a correlation reads, and the fields to read from its events.
struct CorrelationInput {
  enum class Role : uint8_t {
    Member,    // counts, is a step, is tested
    TaughtBy,  // new_value: adds values, never alerts
    ForgetOn,  // new_value: removes values
    Expect,    // absence: what must come
    Link,      // chain: its events make `link`
    Actor,     // chain: tells who made the event by which a correlation that is a member fires
  };
  Role role = Role::Member;
  bool from_hits = false;        // nobody named it: `hits` did
  uint32_t link = 0;             // Link: index into ChainSpec::links
  Duration remember{};           // chain: its events may still be the anchor of a member's firing so much later
  uint32_t rule = 0;             // index in RuleSet::rules
  std::vector<FieldRef> group;   // as many as Correlation::group_by, aliases resolved for this rule
  std::vector<FieldRef> values;  // condition fields; may be empty
  // When `rule` is itself a correlation: its firings are the matches, and element i of the group is element
  // upstream_group[i] of its group-by, the cluster in front not counted (a group-by field that it lacks is a load
  // error). Else empty.
  std::vector<size_t> upstream_group;
};

struct NewValueSpec {
  Duration learn{};                            // 0: alert from the first event
  bool new_key_learns = false;                 // new-key: learn
  std::vector<std::vector<std::string>> seed;  // value tuples known from the start
};

// From that many on the alert has a higher level.
struct LevelRaise {
  double gte = 0;
  Level level = Level::Medium;
};

// kubevigil.value_count and chain: one of the `require_any` values must be among the distinct ones; `raise` by their
// number.
struct ValueCountSpec {
  std::vector<std::string> require_any;
  std::vector<LevelRaise> raise;
};

struct AbsenceSpec {
  Duration look_back{};
  std::optional<Duration> every;  // heartbeat form
};

// kubevigil.chain; state/chain_operator.h says what it means.
struct ChainLink {
  std::string name;
  // All must be equal: a field of the event that is reached, and a field of the one that links.
  std::vector<std::pair<FieldRef, FieldRef>> to;
  Duration within;       // 0: within the event itself
  bool by_rule = false;  // made by hits of a rule (Role::Link); else by every event that the chain sees
};

struct ChainSpec {
  std::vector<FieldRef> root, root_anonymous;
  std::vector<std::string> never_root;  // values of the first root field
  Duration max_span{};
  std::vector<ChainLink> links;
  size_t depth = 4, fan_out = 16;
};

// What an input of a chain hands over for each event, `values` of CorrelationInput in this order: hit.stage, hit.rule,
// hit.level; of a detection further user.username, responseStatus.code, for each link its reached fields, for each link
// that is not by a rule its linking fields, and for Role::Link those of its link. `group` is root, then root_anonymous.
inline constexpr size_t kChainHitValues = 3;
inline constexpr size_t kChainUser = 3, kChainCode = 4, kChainReached = 5;

// kubevigil.window: what a correlation counts in; W is its timespan, t the time of a match.
struct WindowSpec {
  enum class Kind : uint8_t {
    Sliding,   // (t - W, t] for every t
    Tumbling,  // [n*W, (n+1)*W) since 1970-01-01T00:00:00Z
    Session,   // of a sliding window what no pause longer than `gap` parts from its end
  };
  Kind kind = Kind::Sliding;
  Duration gap{};  // Session

  // Tumbling: where the window that holds `time` begins.
  static Timestamp begin_of(Timestamp time, Duration timespan);
};

struct Correlation {
  CorrelationType type = CorrelationType::EventCount;
  std::vector<std::string> group_by;  // names as written (field or alias), for display
  Duration timespan;
  WindowSpec window;
  CountCondition condition;
  std::vector<std::string> condition_fields;  // as written
  double percentile = 0;                      // value_percentile
  std::vector<CorrelationInput> inputs;
  bool generate = false;  // Sigma: the referenced rules alert on their own, too
  ValueCountSpec value_count;
  NewValueSpec new_value;
  AbsenceSpec absence;
  std::optional<Level> hits_from;  // kubevigil.<type>.hits: reads the hits of all rules of this level and above
  ChainSpec chain;

  // The condition once true stays true as more matches come: it is answered with the match that makes it true. An
  // average and a percentile may fall again, whatever the bound: else what came first would decide.
  bool fires_at_once() const;
};

// What the overlays of a site (overlay.h) did to a rule.
struct SiteChanges {
  bool disabled = false;           // it does not alert
  bool enabled = false;            // it alerts in every preset
  std::vector<std::string> notes;  // for people, one a change: what, by whom, why, where
};

struct Rule {
  RuleMeta meta;
  Extension extension;
  SiteChanges site;
  std::variant<Detection, Correlation> body;
  bool alerts = true;         // false: only read by correlations (no `generate`), or not chosen (choice.h)
  std::string dead;           // why it can never match, or ""
  std::string not_portable;   // what other Sigma tools do not have (derived fields, arrays, extensions), or ""
  std::string semantic_hash;  // sha256 of everything that changes its meaning (filters, lists included)

  bool is_detection() const { return std::holds_alternative<Detection>(body); }
  const Detection& detection() const { return std::get<Detection>(body); }
  const Correlation& correlation() const { return std::get<Correlation>(body); }
};

// The level of an alert whose count (Episode::measure) is `measure`: the rule's, or what it was raised to.
Level level_at(const Rule& rule, double measure);

struct RuleSet {
  std::vector<Rule> rules;            // a correlation stands behind everything that it reads
  DerivedConfig derived;              // how derived fields are computed; part of the meaning of rules that read them
  std::string hash;                   // sha256 over all semantic hashes, sorted
  std::optional<Preset> preset;       // that was chosen; nothing: all rules are there
  std::vector<std::string> left_out;  // names of the built-in rules that would alert in a larger preset
  const Rule* find(std::string_view id_or_name) const;
};

// Canonical, readable text of everything that matters in a rule; golden tests compare it.
std::string to_text(const Rule& rule, const RuleSet& rules);

}  // namespace kubevigil
