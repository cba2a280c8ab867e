// Reading overlays; overlay_lists.cpp and overlay_rules.cpp apply them.
#include "engine/rule/overlay.h"

#include "engine/base/text.h"
#include "engine/rule/map_reader.h"
#include "engine/rule/sigma_lists.h"

namespace kubevigil {
namespace {

class Reader {
 public:
  Reader(Overlay& overlay, Diagnostics& diagnostics) : overlay_(overlay), diagnostics_(diagnostics) {}

  void read(const YamlNode& root) {
    MapReader map(root, "an overlay", diagnostics_);
    read_entries(map.get("disable"), true, overlay_.disable);
    read_entries(map.get("replace"), false, overlay_.replace);
    overlay_.enable = map.names("enable");
    read_levels(map.get("levels"));
    read_lists(map.get("lists"));
    map.finish();
  }

 private:
  void refuse() { ++overlay_.tally.idle; }

  // True when there is a node of that kind; another kind is reported.
  bool is_there(const YamlNode* node, YamlNode::Kind kind, const std::string& what) {
    if (node == nullptr || node->is_null()) return false;
    if (node->kind == kind) return true;
    diagnostics_.error("bad-value", what, node->span);
    return false;
  }

  void read_entries(const YamlNode* node, bool is_disable, std::vector<SiteEntry>& entries) {
    const std::string name = is_disable ? "disable" : "replace";
    if (!is_there(node, YamlNode::Kind::Sequence, "\"" + name + "\" is a list of {rule, owner, reason}")) return;
    for (const YamlNode& item : node->items) read_entry(item, is_disable, entries);
  }

  void read_entry(const YamlNode& item, bool is_disable, std::vector<SiteEntry>& entries) {
    const size_t before = diagnostics_.count(Severity::Error);
    MapReader map(item, is_disable ? "an entry of disable" : "an entry of replace", diagnostics_);
    SiteEntry entry;
    const YamlNode* rule = map.get("rule");
    const YamlNode* filter = is_disable ? map.get("filter") : nullptr;
    entry.owner = map.text("owner");
    entry.reason = map.text("reason");
    if (is_disable) read_expires(map.get("expires"), entry);
    map.finish();
    const YamlNode* named = rule != nullptr ? rule : filter;
    const bool one = named != nullptr && named->is_scalar() && (rule == nullptr || filter == nullptr);
    if (item.is_map() && (!one || entry.owner.empty() || entry.reason.empty())) {
      diagnostics_.error("bad-overlay",
                         one ? "nobody answers for this: it has no owner or no reason"
                             : std::string("expected one rule") + (is_disable ? " or filter" : ""),
                         item.span, "write {rule: NAME, owner: who, reason: why}");
    }
    if (!one || diagnostics_.count(Severity::Error) > before) return refuse();
    entry.name = {named->text, named->span};
    entry.is_filter = named == filter;
    entries.push_back(std::move(entry));
  }

  void read_expires(const YamlNode* node, SiteEntry& entry) {
    if (node == nullptr) return;
    entry.expires = node->text;
    if (node->text.size() == 10 && parse_date_or_time(node->text)) return;
    diagnostics_.error("bad-value", "\"" + printable(node->text) + "\" is no date", node->span, "write 2026-12-31");
  }

  void read_levels(const YamlNode* node) {
    if (!is_there(node, YamlNode::Kind::Map, "\"levels\" is a mapping of rules to levels")) return;
    for (const YamlEntry& entry : node->entries) {
      const std::optional<Level> level = parse_level(entry.value.text);
      if (level) {
        overlay_.levels.push_back({{entry.key.text, entry.key.span}, *level});
        continue;
      }
      refuse();
      const std::string_view close = nearest(entry.value.text, kLevelNames);
      diagnostics_.error("bad-value", "\"" + printable(entry.value.text) + "\" is no level", entry.value.span,
                         close.empty() ? "one of informational, low, medium, high, critical"
                                       : "did you mean \"" + std::string(close) + "\"?");
    }
  }

  void read_lists(const YamlNode* node) {
    if (!is_there(node, YamlNode::Kind::Map, "\"lists\" is a mapping of lists to what changes in them")) return;
    for (const YamlEntry& entry : node->entries) {
      ListChange change;
      change.list = {entry.key.text, entry.key.span};
      MapReader map(entry.value, "a list in an overlay", diagnostics_);
      const size_t before = diagnostics_.count(Severity::Error);
      read_rows(map.get("add"), change.add);
      read_rows(map.get("remove"), change.remove);
      if (const YamlNode* whole = map.get("replace")) {
        if (!change.add.empty() || !change.remove.empty()) {
          diagnostics_.error("bad-overlay", "a list is replaced as a whole, or added to and removed from", whole->span);
        }
        change.replaces = true;
        read_rows(whole, change.add);
      }
      map.finish();
      if (entry.value.is_map() && diagnostics_.count(Severity::Error) == before) {
        overlay_.lists.push_back(std::move(change));
      } else {
        refuse();
      }
    }
  }

  void read_rows(const YamlNode* node, std::vector<ListRowAt>& rows) {
    if (!is_there(node, YamlNode::Kind::Sequence, "expected a list of values")) return;
    for (const YamlNode& item : node->items) {
      if (std::vector<std::string> row = list_row(item); !row.empty()) {
        rows.push_back({std::move(row), item.span});
      } else {
        diagnostics_.error("bad-list", "entries of lists are plain values, or tuples of these", item.span);
      }
    }
  }

  Overlay& overlay_;
  Diagnostics& diagnostics_;
};

}  // namespace

bool is_overlay_file(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name == "overlay.yaml" || name == "overlay.yml" || name.ends_with(".overlay.yaml") ||
         name.ends_with(".overlay.yml");
}

Overlay parse_overlay(const RuleSource& source, Diagnostics& diagnostics) {
  Overlay overlay;
  overlay.file = source.name;
  const std::vector<YamlDocument> documents = parse_yaml(source.text, source.name, diagnostics);
  if (documents.size() > 1) {
    diagnostics.error("bad-overlay", "an overlay is one document, and here is another", documents[1].root.span);
  }
  if (!documents.empty() && !documents.front().damaged && !documents.front().root.is_null()) {
    Reader(overlay, diagnostics).read(documents.front().root);
  }
  return overlay;
}

std::string overlay_line(const Overlay& overlay) {
  const OverlayTally& tally = overlay.tally;
  std::string out;
  const auto add = [&](size_t count, const std::string& noun) {
    if (count > 0) out += (out.empty() ? "" : ", ") + std::to_string(count) + " " + noun;
  };
  add(tally.disabled, "disabled");
  add(tally.filters_disabled, "exceptions disabled");
  add(tally.replaced, "replaced");
  add(tally.enabled, "enabled");
  add(tally.levels, "of another level");
  add(tally.lists, tally.lists == 1 ? "list changed" : "lists changed");
  if (out.empty()) out = "changes nothing";
  add(tally.idle, "without effect");
  return overlay.file + ": " + out;
}

}  // namespace kubevigil
