#include "engine/rule/check_report.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/rule/check_formats.h"
#include "engine/rule/meaning.h"

namespace kubevigil {
namespace {

std::string counted(size_t n, const std::string& noun) { return std::to_string(n) + " " + noun + (n == 1 ? "" : "s"); }

std::string dead_lines(const LoadedRules& loaded) {
  std::string out;
  for (const Rule& rule : loaded.rules.rules) {
    if (rule.dead.empty() || is_view(rule)) continue;
    out += "dead: " + rule.meta.name + ": " + printable(rule.dead) + "\n";
  }
  return out;
}

std::string portable_lines(const LoadedRules& loaded, const CheckCounts& counts) {
  std::string out;
  for (const Rule& rule : loaded.rules.rules) {
    if (is_view(rule)) continue;
    out += rule.not_portable.empty() ? "portable: " + rule.meta.name + "\n"
                                     : "not portable: " + rule.meta.name + ": " + printable(rule.not_portable) + "\n";
  }
  const size_t share = counts.rules == 0 ? 0 : counts.portable * 100 / counts.rules;
  return out + std::to_string(counts.portable) + " of " + counted(counts.rules, "rule") + " portable (" +
         std::to_string(share) + "%)\n";
}

std::string text_report(const LoadedRules& loaded, const CheckOptions& options) {
  const CheckCounts counts = count(loaded);
  std::string out = render(loaded.diagnostics, loaded.sources);
  for (const std::string& line : loaded.overlays) out += "overlay: " + printable(line) + "\n";
  for (const std::string& line : loaded.skipped) out += "skipped: " + printable(line) + "\n";
  out += dead_lines(loaded);
  if (options.portable) out += portable_lines(loaded, counts);
  out += counted(counts.rules, "rule") + " loaded, " + std::to_string(counts.dead) + " dead, " +
         counted(loaded.skipped.size(), "document") + " skipped: " + counted(counts.errors, "error") + ", " +
         counted(counts.warnings, "warning") + ", " + counted(counts.notes, "note") + "\n";
  return out;
}

}  // namespace

std::optional<CheckFormat> parse_check_format(std::string_view name) {
  if (name == "text") return CheckFormat::Text;
  if (name == "json") return CheckFormat::Json;
  if (name == "sarif") return CheckFormat::Sarif;
  if (name == "junit") return CheckFormat::Junit;
  return std::nullopt;
}

bool is_view(const Rule& rule) { return rule.meta.name.find('@') != std::string::npos; }

CheckCounts count(const LoadedRules& loaded) {
  CheckCounts counts;
  counts.errors = loaded.diagnostics.count(Severity::Error);
  counts.warnings = loaded.diagnostics.count(Severity::Warning);
  counts.notes = loaded.diagnostics.count(Severity::Note);
  for (const Rule& rule : loaded.rules.rules) {
    if (is_view(rule)) continue;
    ++counts.rules;
    counts.dead += rule.dead.empty() ? 0 : 1;
    counts.portable += rule.not_portable.empty() ? 1 : 0;
  }
  return counts;
}

std::string check_report(const LoadedRules& loaded, CheckFormat format, const CheckOptions& options) {
  switch (format) {
    case CheckFormat::Text:
      return text_report(loaded, options);
    case CheckFormat::Json:
      return check_json(loaded);
    case CheckFormat::Sarif:
      return check_sarif(loaded, options.version);
    case CheckFormat::Junit:
      return check_junit(loaded);
  }
  return "";
}

void keep_checked(LoadedRules& loaded, const std::set<std::string>& files) {
  std::vector<Diagnostic>& entries = loaded.diagnostics.entries();
  std::erase_if(entries, [&](const Diagnostic& d) { return !files.contains(d.span.file); });
  std::erase_if(loaded.rules.rules, [&](const Rule& rule) { return !files.contains(rule.meta.span.file); });
  std::erase_if(loaded.sources, [&](const auto& source) { return !files.contains(source.first); });
  std::erase_if(loaded.skipped, [&](const std::string& line) {
    return std::none_of(files.begin(), files.end(),
                        [&](const std::string& file) { return line.starts_with(file + ":"); });
  });
  loaded.rules.hash = rule_set_hash(loaded.rules.rules);
}

bool check_passed(const LoadedRules& loaded) { return !loaded.diagnostics.has_errors(); }

}  // namespace kubevigil
