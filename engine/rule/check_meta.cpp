#include "engine/rule/check_meta.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::array<std::string_view, 5> kStatus = {"stable", "test", "experimental", "deprecated", "unsupported"};

// Tactics of ATT&CK v19 and the names of earlier versions, as Sigma spells them (with - or _).
constexpr std::array<std::string_view, 17> kTactics = {
    "reconnaissance",     "resource-development", "initial-access",  "execution",
    "persistence",        "privilege-escalation", "defense-evasion", "stealth",
    "defense-impairment", "credential-access",    "discovery",       "lateral-movement",
    "collection",         "command-and-control",  "exfiltration",    "impact",
    "containers"};

bool all_of_set(std::string_view text, std::string_view set) {
  return text.find_first_not_of(set) == std::string_view::npos;
}

bool is_uuid(std::string_view id) {
  if (id.size() != 36) return false;
  for (size_t i = 0; i < id.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? id[i] != '-' : !all_of_set(id.substr(i, 1), "0123456789abcdefABCDEF")) return false;
  }
  return true;
}

// T1078 or T1078.004 (also G0001, S0001: groups and software).
bool is_attack_id(std::string_view name) {
  if (name.size() < 5 || std::string_view("tgsc").find(name[0]) == std::string_view::npos) return false;
  const std::string_view digits = name.substr(1);
  const size_t dot = digits.find('.');
  if (!all_of_set(digits.substr(0, dot), "0123456789") || digits.substr(0, dot).size() != 4) return false;
  return dot == std::string_view::npos ||
         (digits.size() - dot == 4 && all_of_set(digits.substr(dot + 1), "0123456789"));
}

void check_tag(const std::string& tag, const SourceSpan& span, RuleContext& context) {
  const size_t dot = tag.find('.');
  constexpr std::string_view kName = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  if (dot == std::string::npos || dot == 0 || dot + 1 == tag.size() || !all_of_set(tag, kName)) {
    context.diagnostics().warning("bad-tag", "\"" + printable(tag) + "\" is no tag", span,
                                  "tags are namespace.name in lower case: attack.t1078.004");
    return;
  }
  if (tag.substr(0, dot) != "attack") return;
  std::string name = tag.substr(dot + 1);
  std::replace(name.begin(), name.end(), '_', '-');
  if (is_attack_id(name) || std::find(kTactics.begin(), kTactics.end(), name) != kTactics.end()) return;
  const std::string_view close = nearest(name, kTactics);
  context.diagnostics().warning("bad-tag", "\"" + printable(tag) + "\" names no tactic or technique of ATT&CK", span,
                                close.empty() ? "attack.t1078.004, or a tactic such as attack.persistence"
                                              : "did you mean \"attack." + std::string(close) + "\"?");
}

void check_ids(RuleContext& context) {
  const RuleMeta& meta = context.draft.meta;
  if (meta.id.empty()) {
    context.diagnostics().note("missing-id", "the rule has no id; one is derived from its title", meta.span,
                               "add `id:` with a UUID, so that alerts keep their identity when the title changes");
  } else if (!is_uuid(meta.id)) {
    context.diagnostics().warning("bad-id", "\"" + printable(meta.id) + "\" is no UUID", context.draft.id_span);
  }
  const bool good = all_of_set(meta.name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
  if (!good || meta.name.size() > 128) {
    context.diagnostics().error("bad-name", "\"" + printable(meta.name) + "\" is no name", context.draft.name_span,
                                "letters, digits, _ - and ., at most 128");
  }
}

}  // namespace

void check_meta(const YamlNode& root, RuleContext& context) {
  const RuleMeta& meta = context.draft.meta;
  if (meta.title.empty()) context.diagnostics().error("missing-title", "the rule has no title", root.span);
  check_ids(context);
  if (root.find("correlation") == nullptr && root.find("logsource") == nullptr) {
    context.diagnostics().error("missing-logsource", "the rule has no logsource", root.span,
                                "add `logsource: {product: kubernetes, service: audit}`");
  }
  if (!meta.status.empty() && std::find(kStatus.begin(), kStatus.end(), meta.status) == kStatus.end()) {
    const std::string_view close = nearest(meta.status, kStatus);
    context.diagnostics().warning("bad-status", "\"" + printable(meta.status) + "\" is no status",
                                  root.find("status")->span,
                                  close.empty() ? "stable, test, experimental, deprecated or unsupported"
                                                : "did you mean \"" + std::string(close) + "\"?");
  }
  const YamlNode* tags = root.find("tags");
  if (tags == nullptr) return;
  for (const YamlNode& tag : tags->items) {
    if (tag.is_scalar()) check_tag(tag.text, tag.span, context);
  }
}

}  // namespace kubevigil
