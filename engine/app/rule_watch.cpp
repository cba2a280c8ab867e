#include "engine/app/rule_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/hash.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

RuleBundle bundle_of(SelectedRules read, std::map<std::string, std::string> settings) {
  return {std::move(read.sources), std::move(read.options), std::move(settings)};
}

std::string hash_without_date(RuleBundle bundle) {
  bundle.options.today.clear();
  return bundle_hash(bundle);
}

bool is_error(const Diagnostic& d) { return d.severity == Severity::Error; }

std::string place_of(const Diagnostic& d) {
  return d.span.line == 0 ? d.span.file : fmt::format("{}:{}:{}", d.span.file, d.span.line, d.span.column);
}

// The worst first, and of these the first.
std::string summary_of(const Diagnostics& problems) {
  const auto& all = problems.entries();
  if (all.empty()) return "no rule is left to run: name rules, or turn the built-in ones on";
  const auto worst = std::find_if(all.begin(), all.end(), is_error);
  const Diagnostic& first = worst != all.end() ? *worst : all.front();
  const std::string more = all.size() > 1 ? fmt::format(" (and {} more)", all.size() - 1) : std::string();
  return fmt::format("{}: {}{}", printable(place_of(first)), printable(first.message), more);
}

// What may not be, of what the loader says.
Diagnostics refusals(const LoadedRules& loaded, bool strict, Severity least) {
  Diagnostics found;
  for (const Diagnostic& d : loaded.diagnostics.entries()) {
    if (d.severity >= (strict ? Severity::Warning : least)) found.add(d);
  }
  return found;
}

ReadyRules compiled(RuleBundle bundle, LoadedRules loaded) {
  ReadyRules ready;
  ready.hash = bundle_hash(bundle);
  ready.bundle = std::move(bundle);
  ready.program = Program::compile(std::make_shared<const RuleSet>(std::move(loaded.rules)));
  ready.loaded = std::move(loaded);
  return ready;
}

}  // namespace

Result<ReadyRules> ready_rules(RuleBundle bundle) {
  LoadedRules loaded = load_rules(bundle.sources, bundle.options);
  const bool strict = bundle.options.strict;
  const Diagnostics refused = strict ? refusals(loaded, strict, Severity::Error) : Diagnostics();
  if (!refused.empty() || loaded.rules.rules.empty()) return fail(summary_of(refused));
  return compiled(std::move(bundle), std::move(loaded));
}

Result<ReadyRules> ready_rules(const RuleSelection& selection, std::map<std::string, std::string> settings,
                               Timestamp now) {
  SelectedRules read = read_selection(selection, now);
  if (read.unreadable.has_errors()) return fail(summary_of(read.unreadable));
  return ready_rules(bundle_of(std::move(read), std::move(settings)));
}

RuleWatch::RuleWatch(Options options, const ReadyRules& in_use, Log& log)
    : options_(std::move(options)),
      log_(log),
      in_use_(in_use.hash),
      in_use_texts_(hash_without_date(in_use.bundle)),
      in_use_rules_(in_use.program->rules().hash),
      seen_(in_use.hash),
      settled_(in_use.hash) {}

void RuleWatch::poll(Timestamp now, bool asked) {
  SelectedRules read = read_selection(options_.selection, now);
  const Diagnostics unreadable = std::move(read.unreadable);
  RuleBundle bundle = bundle_of(std::move(read), options_.settings);
  std::string state = bundle_hash(bundle);
  if (!unreadable.empty()) state = sha256_hex(state + render(unreadable, {}));
  const bool stable = state == seen_;
  seen_ = state;
  if (!asked && (!stable || state == settled_)) return;
  if (state == in_use_) {
    if (asked) log_.info("rules", "rules are as they were");
    settled_ = state;
    set_mended();
  } else if (!unreadable.empty()) {
    settled_ = state;
    reject(unreadable, {});
  } else {
    try_bundle(std::move(bundle), state, asked);
  }
}

void RuleWatch::try_bundle(RuleBundle bundle, const std::string& state, bool asked) {
  LoadedRules loaded = load_rules(bundle.sources, bundle.options);
  const Diagnostics refused = refusals(loaded, bundle.options.strict, Severity::Error);
  if (!refused.empty() || loaded.rules.rules.empty()) {
    settled_ = state;
    return reject(refused, loaded.sources);
  }
  std::string texts = hash_without_date(bundle);
  std::string rules = loaded.rules.hash;
  const size_t number = loaded.rules.rules.size();
  if (texts == in_use_texts_ && rules == in_use_rules_) {  // another day, and no exception has expired
    settled_ = state;
    set_mended();
    return;
  }
  if (const auto taken = options_.take(compiled(std::move(bundle), std::move(loaded))); !taken) {
    return hold_back(taken.error().message, state, asked);
  }
  held_back_.clear();
  log_.info("rules", "new rules in use", {{"rules", number}, {"hash", state}});
  ++counters_.taken;
  set_mended();
  in_use_ = settled_ = state;
  in_use_texts_ = std::move(texts);
  in_use_rules_ = std::move(rules);
}

void RuleWatch::hold_back(const std::string& why, const std::string& state, bool asked) {
  if (std::exchange(held_back_, state) == state && !asked) return;
  log_.error("rules", "new rules are ready, but not in use; the old ones go on, and it is tried again", {{"why", why}});
  ++counters_.rejected;
  counters_.behind = true;
  if (options_.rejected) options_.rejected("new rules cannot be kept: " + why);
}

void RuleWatch::set_mended() {
  if (std::exchange(counters_.behind, false) && options_.mended) options_.mended();
}

void RuleWatch::reject(const Diagnostics& problems, const SourceTexts& texts) {
  for (const Diagnostic& d : problems.entries()) {
    const std::string shown = render(d, texts);  // its first line says what the fields say; then the line and a caret
    const std::vector<std::string_view> lines = split(shown, '\n');
    const bool caret = d.span.line > 0 && lines.size() > 2;
    log_.error("rules", "new rules have an error",
               {{"at", place_of(d)},
                {"problem", d.message},
                {"help", d.hint},
                {"line", caret ? lines[1] : std::string_view()},
                {"here", caret ? lines[2] : std::string_view()}});
  }
  const std::string summary = summary_of(problems);
  log_.error("rules", "new rules are rejected, the old ones stay in use", {{"why", summary}});
  ++counters_.rejected;
  counters_.behind = true;
  if (options_.rejected) options_.rejected(summary);
}

}  // namespace kubevigil
