// Overlays on rules and filters: disable, replace, enable, levels.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/rule/overlay.h"

namespace kubevigil {
namespace {

std::string place(const SourceSpan& span) { return span.file + ":" + std::to_string(span.line); }

class RuleEditor {
 public:
  RuleEditor(std::vector<RuleDraft>& drafts, const std::set<std::string, std::less<>>& skipped,
             const std::string& today, Diagnostics& diagnostics, std::vector<std::string>& skipped_lines)
      : drafts_(drafts), skipped_(skipped), today_(today), diagnostics_(diagnostics), skipped_lines_(skipped_lines) {}

  void apply(Overlay& overlay) {
    OverlayTally& tally = overlay.tally;
    const auto count = [&](bool done, size_t& of) { ++(done ? of : tally.idle); };
    for (const SiteEntry& entry : overlay.replace) count(replace(entry), tally.replaced);
    for (const SiteEntry& entry : overlay.disable) {
      count(disable(entry), entry.is_filter ? tally.filters_disabled : tally.disabled);
    }
    for (const NameAt& name : overlay.enable) count(enable(name), tally.enabled);
    for (const LevelChange& change : overlay.levels) count(set_level(change), tally.levels);
  }

 private:
  // Each change: false when it changed nothing, for which there is a reason in the diagnostics, or the rule is for
  // another log source.
  static bool fits(const RuleDraft& draft, const std::string& id_or_name) {
    return !id_or_name.empty() && (draft.meta.id == id_or_name || draft.meta.name == id_or_name);
  }

  // The rule or filter; null after saying so.
  RuleDraft* find(const NameAt& name, bool is_filter) {
    std::vector<std::string_view> known;
    for (RuleDraft& draft : drafts_) {
      if ((draft.kind == DocumentKind::Filter) != is_filter) continue;
      if (fits(draft, name.text)) return &draft;
      known.push_back(draft.meta.name);
    }
    if (skipped_.contains(name.text)) return nullptr;
    const std::string_view close = nearest(name.text, known);
    diagnostics_.error(
        "unknown-rule",
        std::string(is_filter ? "no filter" : "no rule") + " has the id or name \"" + printable(name.text) + "\"",
        name.span, close.empty() ? "" : "did you mean \"" + std::string(close) + "\"?");
    return nullptr;
  }

  bool disable(const SiteEntry& entry) {
    RuleDraft* draft = find(entry.name, entry.is_filter);
    if (draft == nullptr || has_expired(entry)) return false;
    draft->site.disabled = true;
    const std::string until = entry.expires.empty() ? "" : " until " + entry.expires;
    draft->site.notes.push_back("disabled by " + entry.owner + until + ": " + entry.reason + " (" +
                                place(entry.name.span) + ")");
    return true;
  }

  bool has_expired(const SiteEntry& entry) {
    if (entry.expires.empty() || today_.empty() || entry.expires >= today_) return false;
    const std::string text = "disabling \"" + printable(entry.name.text) + "\" expired on " + entry.expires;
    diagnostics_.warning("overlay-expired", text + " and is off", entry.name.span, "renew or remove it");
    skipped_lines_.push_back(place(entry.name.span) + ": " + text + ": off");
    return true;
  }

  // The built-in rule goes before names are resolved: whoever refers to it means the site's own.
  bool replace(const SiteEntry& entry) {
    const auto is_target = [&](const RuleDraft& draft, bool builtin) {
      return draft.kind != DocumentKind::Filter && draft.meta.builtin == builtin && fits(draft, entry.name.text);
    };
    const auto theirs =
        std::find_if(drafts_.begin(), drafts_.end(), [&](const RuleDraft& d) { return is_target(d, true); });
    const auto own =
        std::find_if(drafts_.begin(), drafts_.end(), [&](const RuleDraft& d) { return is_target(d, false); });
    if (own == drafts_.end()) {
      diagnostics_.error("unknown-rule",
                         "no rule of your own has the id or name \"" + printable(entry.name.text) + "\"",
                         entry.name.span, "write the rule that takes its place, under the same name");
      return false;
    }
    if (theirs == drafts_.end()) {
      diagnostics_.warning(
          "overlay-idle",
          "no built-in rule has the id or name \"" + printable(entry.name.text) + "\": nothing is replaced",
          entry.name.span, "remove it here");
      return false;
    }
    if (own->damaged || own->out || own->diagnostics.has_errors()) {
      own->out = true;
      diagnostics_.error("bad-overlay",
                         "your rule \"" + printable(entry.name.text) + "\" has errors: the built-in one stays",
                         entry.name.span, "mend " + place(own->meta.span));
      return false;
    }
    own->site.notes.push_back("replaces the built-in rule: " + entry.owner + ": " + entry.reason + " (" +
                              place(entry.name.span) + ")");
    drafts_.erase(theirs);
    return true;
  }

  bool enable(const NameAt& name) {
    RuleDraft* draft = find(name, false);
    if (draft == nullptr) return false;
    draft->site.enabled = true;
    draft->site.notes.push_back("enabled in every preset (" + place(name.span) + ")");
    return true;
  }

  bool set_level(const LevelChange& change) {
    RuleDraft* draft = find(change.rule, false);
    if (draft == nullptr) return false;
    const std::string before(to_text(draft->meta.level)), after(to_text(change.level));
    if (change.level == draft->meta.level) {
      diagnostics_.warning("overlay-idle", "the level of \"" + draft->meta.name + "\" is " + after + " anyway",
                           change.rule.span, "remove it here");
      return false;
    }
    draft->meta.level = change.level;
    draft->site.notes.push_back("level " + after + " instead of " + before + " (" + place(change.rule.span) + ")");
    return true;
  }

  std::vector<RuleDraft>& drafts_;
  const std::set<std::string, std::less<>>& skipped_;
  const std::string& today_;
  Diagnostics& diagnostics_;
  std::vector<std::string>& skipped_lines_;
};

}  // namespace

void change_rules(std::vector<Overlay>& overlays, std::vector<RuleDraft>& drafts,
                  const std::set<std::string, std::less<>>& skipped, const std::string& today, Diagnostics& diagnostics,
                  std::vector<std::string>& skipped_lines) {
  RuleEditor editor(drafts, skipped, today, diagnostics, skipped_lines);
  for (Overlay& overlay : overlays) editor.apply(overlay);
}

}  // namespace kubevigil
