// The audit policy against the rules that the configuration loads: which of them can never see what they look for.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/app/doctor.h"
#include "engine/app/rule_selection.h"
#include "engine/app/serve_rules.h"
#include "engine/net/text_file.h"
#include "engine/run/policy_view.h"

namespace kubevigil {
namespace {

constexpr std::string_view kPolicyCheck = "policy";
constexpr size_t kNamesShown = 8, kProblemsShown = 10;

void say_problems(const Diagnostics& problems, const std::string& file, Findings& out) {
  size_t shown = 0;
  for (const Diagnostic& d : problems.entries()) {
    if (++shown > kProblemsShown) break;
    const std::string what = fmt::format("{}:{}: {}", file, d.span.line, d.message);
    const std::string mend = d.hint.empty() ? "kubevigil policy check shows the place" : d.hint;
    d.severity == Severity::Error ? out.fail(kPolicyCheck, what, mend) : out.warn(kPolicyCheck, what, mend);
  }
  if (shown > kProblemsShown) out.warn(kPolicyCheck, "and more problems", "kubevigil policy check " + file);
}

}  // namespace

void examine_policy(const std::string& file, const RulesConfig& config, const Context& context, Findings& out) {
  const Result<std::string> text = read_text_file(file);
  if (!text) return out.fail(kPolicyCheck, text.error().message, "name the file of --audit-policy-file");
  Diagnostics problems;
  const AuditPolicy policy = parse_audit_policy(*text, file, problems);
  say_problems(problems, file, out);
  if (problems.has_errors()) return;
  const LoadedRules loaded = load_quietly(selection_of(config), context);
  std::vector<std::string> blind;
  size_t partly = 0, judged = 0;
  for (const RuleSight& sight : rule_sights(loaded.rules, policy)) {
    ++judged;
    partly += sight.sight == Sight::Part ? 1 : 0;
    if (sight.sight == Sight::Blind) blind.push_back(loaded.rules.rules[sight.rule].meta.name);
  }
  if (blind.empty()) {
    return out.ok(kPolicyCheck, fmt::format("all {} rules can see under it, {} of them in part", judged, partly));
  }
  const size_t all = blind.size();
  if (all > kNamesShown) blind.resize(kNamesShown);
  out.warn(kPolicyCheck,
           fmt::format("{} of {} rules can never fire under it: {}{}", all, judged, fmt::join(blind, ", "),
                       all > kNamesShown ? " ..." : ""),
           fmt::format("kubevigil policy check {} says what each would need; deploy/audit-policy-balanced.yaml has it",
                       file));
}

}  // namespace kubevigil
