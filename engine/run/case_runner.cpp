#include "engine/run/case_runner.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>

#include "engine/base/text.h"
#include "engine/rule/choice.h"
#include "engine/run/case_compare.h"
#include "engine/run/case_stream.h"
#include "engine/run/exception_cover.h"

namespace kubevigil {
namespace {

constexpr int kShuffles = 5;

// Rules whose alerts a file's cases are about.
std::set<uint32_t> rules_under_test(const RuleSet& rules, const CaseFile& file) {
  std::set<uint32_t> indices;
  for (uint32_t i = 0; i < rules.rules.size(); ++i) {
    const Rule& rule = rules.rules[i];
    const bool named = std::find(file.also.begin(), file.also.end(), rule.meta.name) != file.also.end();
    if (named || rule.meta.span.file == file.rule_file) indices.insert(i);
  }
  return indices;
}

std::vector<CaseRecord> file_records(const CaseFile& file, const CaseStep& step, std::vector<std::string>& problems) {
  const auto path = std::filesystem::path(file.name).parent_path() / step.file;
  std::ifstream in(path, std::ios::binary);
  if (!in) problems.push_back(path.string() + ": cannot be read");
  std::vector<CaseRecord> records;
  for (std::string line; std::getline(in, line);) {
    if (!trim(line).empty()) records.push_back({file.start + step.event.at, line});
  }
  return records;
}

// The whole stream in time order; records of files stay in their order.
template <typename Edit>
std::vector<CaseRecord> stream_of(const CaseFile& file, const Case& c, Edit&& edit,
                                  std::vector<std::string>& problems) {
  std::vector<CaseRecord> stream;
  for (size_t i = 0; i < c.steps.size(); ++i) {
    const CaseStep& step = c.steps[i];
    std::vector<CaseRecord> records = step.file.empty() ? expand(edit(step.event), file.start, file.name + c.name, i)
                                                        : file_records(file, step, problems);
    stream.insert(stream.end(), std::make_move_iterator(records.begin()), std::make_move_iterator(records.end()));
  }
  std::stable_sort(stream.begin(), stream.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
  return stream;
}

bool reads_bodies(const Expr& e) {
  const auto of_body = [](FieldId id) {
    const FieldInfo& info = field_info(id);
    return info.origin == FieldOrigin::Body || info.needs_request_body;
  };
  if (e.kind == Expr::Kind::Test) return of_body(e.test.field.id);
  if (e.kind == Expr::Kind::Element) return of_body(e.array.id);
  return std::any_of(e.children.begin(), e.children.end(), reads_bodies);
}

// The detections that a rule rests on, itself included.
void add_detections(const RuleSet& rules, uint32_t index, std::set<uint32_t>& out) {
  const Rule& rule = rules.rules[index];
  if (rule.is_detection()) {
    out.insert(index);
    return;
  }
  for (const CorrelationInput& input : rule.correlation().inputs) add_detections(rules, input.rule, out);
}

struct Coverage {
  std::set<std::string> hit, near, tested_files;
  std::set<std::pair<std::string, size_t>> excepted;
};

class CaseRun {
 public:
  CaseRun(const std::shared_ptr<const Program>& program, const CaseFile& file, const Case& c, CaseResult& result,
          Coverage& coverage)
      : program_(program),
        rules_(program->rules()),
        file_(file),
        case_(c),
        result_(result),
        coverage_(coverage),
        under_test_(rules_under_test(rules_, file)) {}

  void run() {
    const auto as_is = [](const CaseEvent& e) { return e; };
    const std::vector<CaseRecord> stream = stream_of(file_, case_, as_is, result_.problems);
    const std::vector<uint32_t> near = near_detections();
    const StreamOutcome outcome = run_stream(program_, stream, {near, true});
    compare("", outcome);
    coverage_.excepted.insert(outcome.excepted.begin(), outcome.excepted.end());
    check_near(outcome);
    check_not_evaluable(outcome);
    for (const std::string& line : outcome.unreadable) result_.problems.push_back(line);
    if (case_.duplicates) run_duplicates(stream);
    if (case_.shuffle) run_shuffles(stream, outcome);
    if (case_.all_patches) run_patches();
    if (case_.strip) run_stripped();
  }

 private:
  void compare(std::string_view variant, const StreamOutcome& outcome) {
    ++result_.variants;
    for (std::string& finding : compare_alerts(rules_, under_test_, case_.expect, outcome.alerts, file_.start)) {
      // What is wrong as written is not said again for each variant.
      if (std::find(result_.problems.begin(), result_.problems.end(), finding) != result_.problems.end()) continue;
      result_.problems.push_back((variant.empty() ? "" : "(" + std::string(variant) + ") ") + finding);
    }
  }

  void run_duplicates(const std::vector<CaseRecord>& stream) {
    std::vector<CaseRecord> twice;
    for (const CaseRecord& r : stream) twice.insert(twice.end(), 2, r);
    compare("every record twice", run_stream(program_, twice));
  }

  void run_shuffles(std::vector<CaseRecord> stream, const StreamOutcome& straight) {
    const std::set<std::string> expected = alert_keys(rules_, under_test_, straight.alerts);
    for (int seed = 1; seed <= kShuffles; ++seed) {
      ++result_.variants;
      std::mt19937 random(static_cast<uint32_t>(seed));
      for (size_t i = stream.size(); i > 1; --i) std::swap(stream[i - 1], stream[random() % i]);
      if (alert_keys(rules_, under_test_, run_stream(program_, stream).alerts) == expected) continue;
      result_.problems.push_back("(order of arrival, seed " + std::to_string(seed) +
                                 ") other alerts than in order of time");
    }
  }

  void run_patches() {
    for (PatchForm form : {PatchForm::Merge, PatchForm::Strategic, PatchForm::Apply, PatchForm::Json}) {
      const auto edit = [form](const CaseEvent& e) { return as_patch(e, form); };
      compare(to_text(form), run_stream(program_, stream_of(file_, case_, edit, result_.problems)));
    }
  }

  // Without bodies a rule over bodies must be silent and say so.
  void run_stripped() {
    std::set<uint32_t> silent;
    for (const ExpectedAlert& expected : case_.expect) {
      const Rule* rule = rules_.find(expected.rule);
      if (rule == nullptr || !rule->is_detection() || !reads_bodies(rule->detection().condition)) continue;
      silent.insert(static_cast<uint32_t>(rule - rules_.rules.data()));
    }
    if (silent.empty()) return;
    ++result_.variants;
    const auto edit = [](const CaseEvent& e) { return without_bodies(e); };
    const StreamOutcome outcome = run_stream(program_, stream_of(file_, case_, edit, result_.problems));
    for (uint32_t index : silent) {
      const std::string& name = rules_.rules[index].meta.name;
      const bool fired = std::any_of(outcome.alerts.begin(), outcome.alerts.end(),
                                     [&](const StreamAlert& a) { return a.rule == index; });
      if (fired) result_.problems.push_back("(without bodies) " + name + " alerts although no body says so");
      if (outcome.not_evaluable.contains(index)) continue;
      result_.problems.push_back("(without bodies) " + name + " does not say that it was not evaluable");
    }
  }

  void check_not_evaluable(const StreamOutcome& outcome) {
    for (const std::string& name : case_.not_evaluable) {
      const Rule* rule = rules_.find(name);
      if (rule != nullptr && outcome.not_evaluable.contains(static_cast<uint32_t>(rule - rules_.rules.data())))
        continue;
      result_.problems.push_back("not-evaluable names " + name + ", which " +
                                 (rule == nullptr ? "is no rule" : "was evaluable for every event"));
    }
  }

  std::vector<uint32_t> near_detections() const {
    std::vector<uint32_t> watch;
    for (const std::string& name : case_.near_miss) {
      const Rule* rule = rules_.find(name);
      if (rule != nullptr && rule->is_detection()) watch.push_back(static_cast<uint32_t>(rule - rules_.rules.data()));
    }
    return watch;
  }

  void check_near(const StreamOutcome& outcome) {
    for (const std::string& name : case_.near_miss) {
      const Rule* rule = rules_.find(name);
      if (rule == nullptr) {
        result_.problems.push_back("near-miss names \"" + name + "\", which is no rule");
        continue;
      }
      const auto index = static_cast<uint32_t>(rule - rules_.rules.data());
      if (!rule->is_detection()) {
        std::set<uint32_t> detections;
        add_detections(rules_, index, detections);
        const bool near =
            std::any_of(detections.begin(), detections.end(), [&](uint32_t d) { return outcome.matched.contains(d); });
        if (!near) result_.problems.push_back("near miss of " + name + ": nothing that it reads matches");
        continue;
      }
      const auto failing = outcome.failing.find(index);
      if (failing != outcome.failing.end() && failing->second == 1) continue;
      const std::string parts =
          failing == outcome.failing.end() ? "no event" : std::to_string(failing->second) + " parts";
      result_.problems.push_back("near miss of " + name +
                                 ": exactly one part of the condition should fail, but found " + parts);
    }
  }

  const std::shared_ptr<const Program>& program_;
  const RuleSet& rules_;
  const CaseFile& file_;
  const Case& case_;
  CaseResult& result_;
  Coverage& coverage_;
  const std::set<uint32_t> under_test_;
};

// The rules that the cases of a file are about: those beside it, and whatever its cases name.
std::shared_ptr<const Program> program_for(const RuleSet& rules, const CaseFile& file) {
  std::set<uint32_t> wanted = rules_under_test(rules, file);
  const auto want = [&](const std::string& name) {
    if (const Rule* rule = rules.find(name)) wanted.insert(static_cast<uint32_t>(rule - rules.rules.data()));
  };
  for (const Case& c : file.cases) {
    for (const ExpectedAlert& e : c.expect) want(e.rule);
    for (const std::string& name : c.near_miss) want(name);
    for (const std::string& name : c.not_evaluable) want(name);
  }
  return Program::compile(std::make_shared<const RuleSet>(rules_for(rules, wanted)));
}

void note_coverage(const CaseFile& file, const Case& c, Coverage& coverage) {
  for (const ExpectedAlert& e : c.expect) coverage.hit.insert(e.rule);
  coverage.near.insert(c.near_miss.begin(), c.near_miss.end());
  coverage.tested_files.insert(file.rule_file);
}

std::vector<std::string> uncovered_rules(const RuleSet& rules, const Coverage& coverage, bool whole_pack) {
  std::vector<std::string> lines;
  for (const Rule& rule : rules.rules) {
    if (!rule.alerts || !rule.dead.empty()) continue;
    const bool named = !rule.meta.builtin || coverage.tested_files.contains(rule.meta.span.file);
    if (!named && !whole_pack) continue;
    const std::string where = rule.meta.name + " (" + rule.meta.span.file + ")";
    if (!coverage.hit.contains(rule.meta.name)) lines.push_back(where + ": no case expects an alert of it");
    if (!coverage.near.contains(rule.meta.name)) lines.push_back(where + ": no case is a near miss of it");
  }
  return lines;
}

// Exceptions that silence nothing in any case, of rules whose cases were run.
std::vector<std::string> uncovered_exceptions(const RuleSet& rules, const Coverage& coverage, bool whole_pack) {
  std::set<std::pair<std::string, size_t>> missing;
  for (const ExceptionTuple& e : exception_tuples(rules)) {
    const RuleMeta& meta = rules.rules[e.rule].meta;
    const bool named = whole_pack || !meta.builtin || coverage.tested_files.contains(meta.span.file);
    if (named && !coverage.excepted.contains({e.filter, e.number})) missing.insert({e.filter, e.number});
  }
  std::vector<std::string> lines;
  for (const auto& [filter, number] : missing) {
    lines.push_back("filter " + filter + ": no case has an event that its tuple " + std::to_string(number) +
                    " silences");
  }
  return lines;
}

}  // namespace

size_t CaseReport::passed() const {
  return static_cast<size_t>(std::count_if(cases.begin(), cases.end(), [](const CaseResult& c) { return c.passed(); }));
}

bool CaseReport::ok() const { return passed() == cases.size() && uncovered.empty() && !diagnostics.has_errors(); }

CaseReport run_cases(const std::shared_ptr<const Program>& program, const std::vector<CaseSource>& sources,
                     const CaseRunOptions& options) {
  CaseReport report;
  Coverage coverage;
  for (const CaseSource& source : sources) {
    report.sources[source.name] = source.text;
    const CaseFile file = parse_case_file(source, report.diagnostics);
    const std::shared_ptr<const Program> own = program_for(program->rules(), file);
    for (const Case& c : file.cases) {
      CaseResult& result = report.cases.emplace_back(CaseResult{file.name, c.name, c.span.line, 0, {}});
      CaseRun(own, file, c, result, coverage).run();
      note_coverage(file, c, coverage);
    }
  }
  if (!options.require_coverage) return report;
  report.uncovered = uncovered_rules(program->rules(), coverage, options.whole_pack);
  for (std::string& line : uncovered_exceptions(program->rules(), coverage, options.whole_pack)) {
    report.uncovered.push_back(std::move(line));
  }
  return report;
}

}  // namespace kubevigil
