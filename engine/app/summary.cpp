#include "engine/app/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/app/bounds.h"
#include "engine/app/progress.h"
#include "engine/base/text.h"
#include "engine/event/envelope.h"
#include "engine/run/blind_rules.h"
#include "engine/run/gap_meter.h"

namespace kubevigil {
namespace {

constexpr size_t kNamesShown = 12;
constexpr size_t kBadShown = 5;

// "a, b and 7 more"
std::string some_of(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < std::min(names.size(), kNamesShown); ++i) out += (i == 0 ? "" : ", ") + printable(names[i]);
  if (names.size() > kNamesShown) out += fmt::format(" and {} more", names.size() - kNamesShown);
  return out;
}

class Panel {
 public:
  explicit Panel(const RunFacts& facts) : facts_(facts), report_(facts.report) {}

  std::string text() {
    files();
    events();
    bad_lines();
    alerts();
    preset();
    bounds();
    blind();
    states();
    gaps();
    orders();
    line("took", fmt::format("{:.2f} s, {}/s, {}, peak memory {}", seconds(), human_number(bytes() / seconds(), "B"),
                             human_number(static_cast<double>(report_.tally.events) / seconds(), "ev/s"),
                             human_number(static_cast<double>(facts_.peak_memory), "B")));
    return std::move(out_);
  }

 private:
  void line(std::string_view name, std::string_view text) { out_ += fmt::format("{:>15}  {}\n", name, text); }
  void files();
  void events();
  void bad_lines();
  void alerts();
  void preset();
  void bounds();
  void blind();
  void states();
  void gaps();
  void orders();

  double seconds() const { return std::max(1e-6, static_cast<double>(facts_.elapsed.micros) / 1e6); }
  double bytes() const { return static_cast<double>(report_.bytes_read); }

  const RunFacts& facts_;
  const ReplayReport& report_;
  std::string out_;
};

void Panel::files() {
  size_t read = 0, skipped = 0, unread = 0;
  std::vector<std::string> empty, broken, notes;
  for (uint32_t i = 0; i < report_.files.size(); ++i) {
    const InputFile& file = report_.files[i];
    read += file.read ? 1 : 0;
    skipped += file.skipped ? 1 : 0;
    unread += !file.read && !file.skipped && file.problem.empty() ? 1 : 0;
    if (!file.problem.empty()) broken.push_back(file.path + ": " + file.problem);
    if (!file.note.empty()) notes.push_back(file.path + ": " + file.note);
    const auto tally = report_.tally.files.find(i);
    const bool no_event = tally == report_.tally.files.end() || tally->second.events == 0;
    if (file.read && file.problem.empty() && no_event) empty.push_back(file.path);
  }
  std::string text = fmt::format("{} {}, {}", read, read == 1 ? "file" : "files", human_number(bytes(), "B"));
  if (skipped > 0) text += fmt::format("; {} outside the time range were skipped", skipped);
  line("read", text);
  if (unread > 0) line("NOT READ", fmt::format("{} more, or not to their end: the run stopped before", unread));
  for (const std::string& problem : broken) line("NOT READ", printable(problem));
  for (const std::string& problem : facts_.unreadable) line("NOT READ", printable(problem));
  if (!notes.empty()) line("left out", some_of(notes));
  if (!empty.empty()) line("no audit event", some_of(empty));
}

void Panel::events() {
  const Tally& tally = report_.tally;
  std::string text = fmt::format("{}", tally.events);
  if (report_.first <= report_.last) {
    text += " from " + format_rfc3339(report_.first) + " to " + format_rfc3339(report_.last);
  }
  line("events", text);
  std::string notes;
  const auto note = [&](uint64_t count, std::string_view what) {
    if (count > 0) notes += fmt::format("{}{} {}", notes.empty() ? "" : ", ", count, what);
  };
  note(report_.correlator.duplicates, "duplicates (counted once)");
  note(tally.outside_range, "outside the time range");
  note(report_.correlator.late, "too late for correlation");
  note(tally.without_time, "without a time");
  note(tally.truncated, "truncated by the API server");
  note(tally.body_defects, "with a defective body");
  note(tally.salvaged, "found behind torn lines");
  uint64_t outliers = 0;
  for (const SourceReport& source : report_.sources) outliers += source.pace.outliers;
  note(outliers, "with a time far ahead of their log");
  if (!notes.empty()) line("of these", notes);
  std::string levels;
  for (size_t i = 0; i < kAuditLevels.size(); ++i) {
    if (tally.levels[i] > 0)
      levels += fmt::format("{}{} {}", levels.empty() ? "" : ", ", kAuditLevels[i], tally.levels[i]);
  }
  if (!levels.empty()) line("audit levels", levels);
}

void Panel::bad_lines() {
  if (report_.bad_total == 0) return;
  line("bad lines", fmt::format("{} (kept apart, nothing else was lost)", report_.bad_total));
  for (size_t i = 0; i < std::min(kBadShown, report_.bad.size()); ++i) {
    line("", bad_line_text(report_.bad[i], report_.files));
  }
}

void Panel::alerts() {
  const uint64_t total = std::accumulate(report_.alerts.begin(), report_.alerts.end(), uint64_t{0});
  std::string text = std::to_string(total);
  for (size_t i = report_.alerts.size(); i-- > 0;) {
    if (report_.alerts[i] > 0) text += fmt::format(", {} {}", report_.alerts[i], kLevelNames[i]);
  }
  if (facts_.least > Level::Informational) {
    const auto begin = report_.alerts.begin() + static_cast<std::ptrdiff_t>(facts_.least);
    text += fmt::format("; {} printed (--min-level {})", std::accumulate(begin, report_.alerts.end(), uint64_t{0}),
                        to_text(facts_.least));
  }
  line("ALERTS", text);
  std::vector<RuleReport> rules;
  for (const RuleReport& rule : report_.rules) {
    if (rule.alerts > 0) rules.push_back(rule);
  }
  const auto level_of = [](const RuleReport& r) { return r.level; };
  std::stable_sort(rules.begin(), rules.end(), [&](const RuleReport& a, const RuleReport& b) {
    return level_of(a) != level_of(b) ? level_of(a) > level_of(b) : a.alerts > b.alerts;
  });
  for (const RuleReport& rule : rules) {
    line(to_text(level_of(rule)),
         fmt::format("{} x {}", rule.alerts, printable(facts_.rules.rules[rule.rule].meta.name)));
  }
  std::string actors;
  for (const ActorReport& actor : report_.actors) {
    actors += fmt::format("{}{} ({})", actors.empty() ? "" : ", ", printable(actor.username), actor.alerts);
  }
  if (!actors.empty()) line("top actors", actors);
}

void Panel::preset() {
  const RuleSet& rules = facts_.rules;
  if (!rules.preset ||
      std::none_of(rules.rules.begin(), rules.rules.end(), [](const Rule& r) { return r.meta.builtin; })) {
    return;
  }
  const size_t out = rules.left_out.size();
  line("preset", out == 0 ? fmt::format("{}: no built-in rule is left out", to_text(*rules.preset))
                          : fmt::format("{}: {} built-in {} left out (see --preset)", to_text(*rules.preset), out,
                                        out == 1 ? "rule is" : "rules are"));
}

void Panel::bounds() {
  std::string_view title = "limits met";
  for (const Bound& bound : bounds_of(report_)) {
    if (bound.count > 0) line(std::exchange(title, {}), bound.meaning);
  }
}

void Panel::blind() {
  std::vector<std::string> names;
  for (const RuleReport& rule : report_.rules) {
    const uint64_t events = std::accumulate(rule.not_evaluable.begin(), rule.not_evaluable.end(), uint64_t{0});
    if (events == 0) continue;
    std::string levels;
    for (size_t i = 0; i < kAuditLevels.size(); ++i) {
      if (rule.not_evaluable[i] > 0) levels += (levels.empty() ? "" : "/") + std::string(kAuditLevels[i]);
    }
    names.push_back(fmt::format("{} ({} events at level {})", facts_.rules.rules[rule.rule].meta.name, events, levels));
  }
  if (!names.empty()) {
    line("NOT EVALUABLE", fmt::format("{} could not be judged on some events: the log does not carry their bodies",
                                      names.size() == 1 ? "1 rule" : fmt::format("{} rules", names.size())));
    for (const std::string& name : names) line("", printable(name));
  }
  for (const SourceKindFacts& kind : source_kinds(report_, facts_.rules)) {
    std::string text = fmt::format("{}: {} events", kind.envelope, kind.events);
    if (!kind.never_carries.empty()) text += "; never carries " + some_of(kind.never_carries);
    if (!kind.blind_rules.empty()) text += fmt::format("; blind there: {}", some_of(kind.blind_rules));
    line("source", text);
    if (!kind.note.empty()) line("", kind.note);
  }
}

void Panel::states() {
  std::vector<std::string> learning, cold, pending, evicted, makers;
  for (const RuleReport& rule : report_.rules) {
    const std::string& name = facts_.rules.rules[rule.rule].meta.name;
    if (rule.state.state == RuleState::Learning) learning.push_back(name);
    if (rule.state.state == RuleState::Cold) cold.push_back(name);
    if (rule.state.pending > 0) pending.push_back(fmt::format("{} ({})", name, rule.state.pending));
    if (rule.state.evictions > 0) evicted.push_back(fmt::format("{} ({})", name, rule.state.evictions));
    for (const KeyMaker& maker : rule.explosions) {
      makers.push_back(fmt::format("{}: {} by {}", name, maker.keys, maker.user));
    }
  }
  if (!learning.empty()) line("LEARNING", some_of(learning) + ": no alert yet (see --baseline, --learn-until)");
  if (!cold.empty()) line("COLD", some_of(cold) + ": saw no matching event");
  if (!pending.empty()) line("UNDETERMINED", some_of(pending) + ": the log ended before the answer");
  if (!evicted.empty()) line("state evicted", some_of(evicted));
  if (!makers.empty()) line("STATE EXPLOSION", "new keys of a rule in 10 minutes: " + some_of(makers));
  for (const std::string& note : report_.baseline_notes) line("baseline", printable(note));
}

void Panel::gaps() {
  for (const SourceReport& source : report_.sources) {
    for (size_t i = 0; i < std::min<size_t>(3, source.pace.silences.size()); ++i) {
      const SourceGap& gap = source.pace.silences[i];
      line("silent gap",
           fmt::format("{}: {} from {} to {} (usually at most {})", printable(source.name),
                       human_duration(static_cast<double>((gap.to - gap.from).micros) / 1e6), format_rfc3339(gap.from),
                       format_rfc3339(gap.to), format_duration(source.pace.usual_gap)));
    }
    const size_t more = source.pace.silences.size() - std::min<size_t>(3, source.pace.silences.size());
    const bool all = source.pace.silences.size() < GapMeter::kKept;
    if (more > 0) line("", fmt::format("{} {} more (see --stats-json)", all ? "and" : "at least", more));
  }
}

void Panel::orders() {
  for (const SourceReport& source : report_.sources) {
    if (!source.pace.newest_first()) continue;
    line("NEWEST FIRST", fmt::format("{}: its events run backwards in time, so rules over several events saw little of "
                                     "it; put it into order (tac FILE | kubevigil replay -) and run again",
                                     printable(source.name)));
  }
  const bool skipped =
      std::any_of(report_.files.begin(), report_.files.end(), [](const InputFile& f) { return f.skipped; });
  const Tally& tally = report_.tally;
  if (tally.events == 0 && !skipped) {
    line("NOTHING SEEN", "no audit event was found: this says nothing about the cluster");
  } else if (tally.events == tally.outside_range && (tally.events > 0 || skipped)) {
    line("NOTHING SEEN", "no event lies between --from and --to: this says nothing about the cluster");
  }
}

}  // namespace

std::vector<SourceKindFacts> source_kinds(const ReplayReport& report, const RuleSet& rules) {
  std::vector<SourceKindFacts> out;
  for (const EnvelopeInfo& info : envelope_table()) {
    const auto it = report.tally.envelopes.find(info.name);
    if (it == report.tally.envelopes.end() || it->second == 0) continue;
    SourceKindFacts kind{std::string(info.name), it->second, {}, {}, std::string(info.note)};
    std::vector<FieldId> lacking;
    for (const std::string_view name : info.never_carries) {
      kind.never_carries.emplace_back(name);
      if (const auto field = parse_field(name); field && field->path.empty()) lacking.push_back(field->id);
    }
    kind.blind_rules = blind_rules(rules, {lacking, info.never_verbs});
    out.push_back(std::move(kind));
  }
  return out;
}

bool input_incomplete(const ReplayReport& report) {
  const auto backwards = [](const SourceReport& source) { return source.pace.newest_first(); };
  if (std::any_of(report.sources.begin(), report.sources.end(), backwards)) return true;
  if (report.tally.events == 0 && report.bad_total > 0) return true;  // something else than an audit log
  return report.strict_stop || std::any_of(report.files.begin(), report.files.end(),
                                           [](const InputFile& file) { return !file.problem.empty(); });
}

std::string bad_line_text(const BadRecord& bad, std::span<const InputFile> files) {
  const std::string path = bad.position.file < files.size() ? printable(files[bad.position.file].path) : "?";
  return fmt::format("{}:{}:{} {}: {}", path, bad.position.line, bad.position.offset, to_text(bad.reason),
                     printable(bad.message));
}

std::string summary_text(const RunFacts& facts) { return Panel(facts).text(); }

}  // namespace kubevigil
