// `kubevigil rules check`: every problem of all files at once. `rules test`: the cases beside rules.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "engine/app/cli.h"
#include "engine/app/pack.h"
#include "engine/app/rule_selection.h"
#include "engine/base/text.h"
#include "engine/rule/check_report.h"
#include "engine/rule/overlay.h"
#include "engine/run/case_runner.h"

namespace kubevigil {
namespace {

struct CheckFlags {
  std::vector<std::string> paths;
  std::string format = "text";
  bool strict = false, portable = false;
};

// Whether two names of files mean the same file of a source tree: one is the end of the other.
bool is_same_file(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  return a.ends_with(b) && (a.size() == b.size() || a[a.size() - b.size() - 1] == '/');
}

// The built-in rules that the named ones may refer to: all but the files of the pack that are checked themselves.
std::vector<RuleSource> other_builtin_rules(const std::vector<RuleSource>& named) {
  std::vector<RuleSource> builtin = builtin_rules();
  std::erase_if(builtin, [&](const RuleSource& source) {
    return std::any_of(named.begin(), named.end(),
                       [&](const RuleSource& n) { return is_same_file(n.name, source.name); });
  });
  return builtin;
}

// Rules of the paths, which may refer to built-in ones; the built-in pack when there are no paths.
LoadedRules load_paths(const CheckFlags& flags, const Context& context) {
  Diagnostics unreadable;
  const std::vector<RuleSource> named =
      flags.paths.empty() ? builtin_rules() : find_rule_files(flags.paths, unreadable);
  std::vector<RuleSource> sources = other_builtin_rules(named);
  sources.insert(sources.end(), named.begin(), named.end());
  std::set<std::string> files;
  for (const RuleSource& source : named) files.insert(source.name);
  RuleSelection selection;
  selection.paths = flags.paths;
  selection.strict = flags.strict;
  LoadedRules loaded = load_rules(sources, load_options(selection, context));
  keep_checked(loaded, files);
  loaded.diagnostics.append(unreadable);
  loaded.diagnostics.sort();
  return loaded;
}

void run_check(const CheckFlags& flags, Context& context) {
  const LoadedRules loaded = load_paths(flags, context);
  if (loaded.sources.empty() && loaded.diagnostics.empty()) {
    return context.fail(kExitUsage, "no .yml or .yaml file found there");
  }
  const CheckFormat format = parse_check_format(flags.format).value_or(CheckFormat::Text);
  context.console.data(check_report(loaded, format, {flags.portable, version_text()}));
  const bool warned = loaded.diagnostics.count(Severity::Warning) > 0;
  if (!check_passed(loaded) || (flags.strict && warned)) context.exit_code = kExitGate;
}

struct TestFlags {
  std::vector<std::string> paths;
  std::string format = "text";
  bool no_coverage = false;
};

// The rules and filters that were named are the ones under test, not the built-in ones of the same id or name; they
// mean what those would mean.
void put_in_place(std::vector<RuleSource>& named, std::vector<RuleSource>& builtin, const LoadOptions& options,
                  Context& context) {
  std::map<std::string, std::string> file_of;  // by id and by name
  const auto take = [&](const RuleMeta& meta) { file_of[meta.id] = file_of[meta.name] = meta.span.file; };
  const LoadedRules ours = load_rules(named, options);
  for (const Rule& rule : ours.rules.rules) take(rule.meta);
  for (const RuleMeta& filter : ours.filters) take(filter);
  std::set<std::string> files, stand_ins, left_out;
  const auto leave_out = [&](const RuleMeta& meta) {
    auto by = file_of.find(meta.id);
    if (by == file_of.end()) by = file_of.find(meta.name);
    if (by == file_of.end()) return;
    stand_ins.insert(by->second);
    files.insert(meta.span.file);
    left_out.insert(meta.name);
  };
  const LoadedRules loaded = load_rules(builtin, options);
  for (const Rule& rule : loaded.rules.rules) leave_out(rule.meta);
  for (const RuleMeta& filter : loaded.filters) leave_out(filter);
  for (RuleSource& source : named) source.builtin = stand_ins.contains(source.name);
  std::erase_if(builtin, [&](const RuleSource& source) { return files.contains(source.name); });
  if (left_out.empty()) return;
  const bool whole = builtin.empty();
  context.console.say(whole ? std::string("rules: the files stand for the whole built-in pack")
                            : fmt::format("rules: built-in rules of the same id or name are left out: {}",
                                          printable(fmt::format("{}", fmt::join(left_out, ", ")))));
}

struct TestPaths {
  std::vector<std::string> rules, cases;
};

// A rule file brings the case file beside it, and a case file its rules.
TestPaths test_paths(const std::vector<std::string>& patterns) {
  TestPaths paths;
  const auto add_if_there = [](std::vector<std::string>& to, const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) to.push_back(path);
  };
  for (const std::string& pattern : patterns) {
    const std::vector<std::string> matches = matches_of(pattern);
    if (matches.empty()) paths.rules.push_back(pattern);  // is reported with the rules
    for (const std::string& path : matches) {
      std::error_code ignored;
      const bool folder = std::filesystem::is_directory(path, ignored);
      if (const std::string beside = rule_file_of(path); beside != path) {
        paths.cases.push_back(path);
        add_if_there(paths.rules, beside);
        continue;
      }
      paths.rules.push_back(path);
      if (folder) paths.cases.push_back(path);
      if (!folder) add_if_there(paths.cases, case_file_of(path));
    }
  }
  return paths;
}

void run_test(const TestFlags& flags, Context& context) {
  RuleSelection selection;
  const TestPaths paths = test_paths(flags.paths);
  selection.paths = paths.rules;
  Diagnostics unreadable;
  const LoadOptions options = load_options(selection, context);
  std::vector<RuleSource> rules = builtin_rules();
  if (!flags.paths.empty()) {
    std::vector<RuleSource> named = find_rule_files(paths.rules, unreadable);
    std::erase_if(named, [](const RuleSource& s) { return is_overlay_file(s.name); });  // rules as they are written
    put_in_place(named, rules, options, context);
    rules.insert(rules.end(), named.begin(), named.end());
  }
  const LoadedRules loaded = load_rules(rules, options);
  const std::vector<CaseSource> cases =
      flags.paths.empty() ? builtin_cases() : find_case_files(paths.cases, unreadable);
  for (const Diagnostic& d : unreadable.entries()) context.console.error(printable(d.span.file + ": " + d.message));
  if (unreadable.has_errors() || cases.empty()) {
    return context.fail(kExitUsage, "no case file (*.test.yaml) found there");
  }
  if (loaded.diagnostics.has_errors()) {
    context.console.say(render(loaded.diagnostics, loaded.sources));
    return context.fail(kExitUsage, "the rules do not load");
  }
  const auto program = Program::compile(std::make_shared<const RuleSet>(loaded.rules));
  const CaseReport report = run_cases(program, cases, {!flags.no_coverage, flags.paths.empty()});
  context.console.data(flags.format == "junit" ? to_junit(report) : to_text(report));
  if (!report.ok()) context.exit_code = kExitGate;
}

}  // namespace

void add_rules_check(CLI::App& rules, Context& context) {
  CLI::App* command = rules.add_subcommand("check", "Report every problem of rule files; exit 1 when there are errors");
  command->footer(
      "Examples:\n  kubevigil rules check my-rules/\n  kubevigil rules check my-rules/ -o sarif > rules.sarif\n"
      "  kubevigil rules check --portable");
  auto flags = std::make_shared<CheckFlags>();
  command->add_option("PATH", flags->paths, "Files, directories or globs; none: the built-in pack")->type_name("");
  command->add_option("-o,--output", flags->format, "text, json, sarif or junit")
      ->check(CLI::IsMember({"text", "json", "sarif", "junit"}))
      ->type_name("FORMAT");
  command->add_flag("--strict-rules", flags->strict, "Warnings fail the check, too");
  command->add_flag("--portable", flags->portable, "List which rules convert with other Sigma tools, and their share");
  command->callback([flags, &context] { run_check(*flags, context); });
}

void add_rules_test(CLI::App& rules, Context& context) {
  CLI::App* command = rules.add_subcommand("test", "Run the cases beside rules; exit 1 when one fails");
  command->footer("Examples:\n  kubevigil rules test my-rules/\n  kubevigil rules test detections/ -o junit");
  auto flags = std::make_shared<TestFlags>();
  command->add_option("PATH", flags->paths, "Case files (*.test.yaml) and rules; none: the built-in pack")
      ->type_name("");
  command->add_option("-o,--output", flags->format, "text or junit")
      ->check(CLI::IsMember({"text", "junit"}))
      ->type_name("FORMAT");
  command->add_flag("--no-coverage", flags->no_coverage, "Do not demand a hit and a near miss for each rule");
  command->callback([flags, &context] { run_test(*flags, context); });
}

}  // namespace kubevigil
