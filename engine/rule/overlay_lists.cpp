// Overlays on lists: the texts of LoadOptions::lists with rows added, removed or replaced.
#include <algorithm>

#include "engine/base/json_writer.h"
#include "engine/base/text.h"
#include "engine/rule/overlay.h"
#include "engine/rule/sigma_lists.h"

namespace kubevigil {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string shown(const std::vector<std::string>& row) {
  std::string out;
  for (const std::string& cell : row) out += (out.empty() ? "" : ", ") + printable(cell);
  return row.size() == 1 ? "\"" + out + "\"" : "[" + out + "]";
}

// A list that reads back as these rows, whatever stands in them: JSON is YAML.
std::string text_of(const Rows& rows) {
  JsonWriter json;
  json.begin_array();
  for (const std::vector<std::string>& row : rows) {
    if (row.size() == 1) {
      json.value(row.front());
      continue;
    }
    json.begin_array();
    for (const std::string& cell : row) json.value(cell);
    json.end_array();
  }
  return json.end_array().take() + "\n";
}

std::string hint_for(const std::vector<std::string>& row, const Rows& rows) {
  std::vector<std::string_view> firsts;
  for (const std::vector<std::string>& known : rows) firsts.push_back(known.front());
  const std::string_view close = nearest(row.front(), firsts);
  return close.empty() ? "remove it here" : "did you mean \"" + std::string(close) + "\"?";
}

class ListEditor {
 public:
  ListEditor(std::map<std::string, std::string>& lists, Diagnostics& diagnostics)
      : lists_(lists), diagnostics_(diagnostics) {}

  // False: nothing was changed.
  bool apply(const ListChange& change, ListNotes& notes) {
    const std::string name = list_name(change.list.text, lists_);
    if (name.empty()) return report_unknown(change.list), false;
    std::optional<Rows> rows = rows_of(lists_[name], name);
    if (!rows) return false;  // reported where it is used
    if (!fits(change, *rows, name)) return false;
    const size_t added = change.replaces ? replace(change, *rows) : add(change, *rows);
    const size_t removed = remove(change, *rows);
    lists_[name] = text_of(*rows);
    const std::string what = change.replaces
                                 ? "replaced by " + std::to_string(added) + " values"
                                 : std::to_string(added) + " added, " + std::to_string(removed) + " removed";
    notes[name].push_back("list " + name + ": " + what + " (" + change.list.span.file + ":" +
                          std::to_string(change.list.span.line) + ")");
    return added + removed > 0 || change.replaces;
  }

 private:
  static std::string width_text(size_t width) {
    return width == 1 ? "a plain value" : "a tuple of " + std::to_string(width) + " values";
  }

  // Rules read the rows of a list by their width: one of another width would put each of them out of work. A list
  // that has none takes the width of the first row that comes in; one whose rows differ takes any.
  bool fits(const ListChange& change, const Rows& rows, const std::string& name) {
    if (change.add.empty()) return true;
    const auto width = [](const auto& row) { return row.size(); };
    const size_t expected = rows.empty() ? width(change.add.front().row) : width(rows.front());
    const bool even = std::all_of(rows.begin(), rows.end(), [&](const auto& row) { return width(row) == expected; });
    bool all = true;
    for (const ListRowAt& row : change.add) {
      if (!even || width(row.row) == expected) continue;
      all = false;
      diagnostics_.error("bad-list",
                         shown(row.row) + " is " + width_text(width(row.row)) + ", and an entry of the list \"" +
                             printable(name) + "\" is " + width_text(expected) + ": the list stays as it was",
                         row.span);
    }
    return all;
  }

  void report_unknown(const NameAt& list) {
    std::vector<std::string_view> names;
    for (const auto& [known, unused] : lists_) names.push_back(std::string_view(known).substr(known.find('/') + 1));
    const std::string_view close = nearest(list.text, names);
    diagnostics_.error("unknown-list", "no list is named \"" + printable(list.text) + "\"", list.span,
                       close.empty() ? "a list of your own is a file lists/<name>.yaml beside the rules"
                                     : "did you mean \"" + std::string(close) + "\"?");
  }

  static size_t replace(const ListChange& change, Rows& rows) {
    rows.clear();
    return add(change, rows);
  }

  static size_t add(const ListChange& change, Rows& rows) {
    const size_t before = rows.size();
    for (const ListRowAt& row : change.add) {
      if (std::find(rows.begin(), rows.end(), row.row) == rows.end()) rows.push_back(row.row);
    }
    return rows.size() - before;
  }

  size_t remove(const ListChange& change, Rows& rows) {
    size_t removed = 0;
    for (const ListRowAt& row : change.remove) {
      const size_t here = std::erase(rows, row.row);
      removed += here;
      if (here > 0) continue;
      diagnostics_.warning("overlay-idle", "the list has no entry " + shown(row.row), row.span,
                           hint_for(row.row, rows));
    }
    return removed;
  }

  std::map<std::string, std::string>& lists_;
  Diagnostics& diagnostics_;
};

}  // namespace

ListNotes change_lists(std::vector<Overlay>& overlays, std::map<std::string, std::string>& lists,
                       Diagnostics& diagnostics) {
  ListNotes notes;
  ListEditor editor(lists, diagnostics);
  for (Overlay& overlay : overlays) {
    for (const ListChange& change : overlay.lists) {
      ++(editor.apply(change, notes) ? overlay.tally.lists : overlay.tally.idle);
    }
  }
  return notes;
}

void note_lists(const ListNotes& notes, std::vector<RuleDraft>& drafts) {
  for (RuleDraft& draft : drafts) {
    for (const std::string& list : draft.lists) {
      const auto changed = notes.find(list);
      if (changed == notes.end()) continue;
      draft.site.notes.insert(draft.site.notes.end(), changed->second.begin(), changed->second.end());
    }
  }
}

}  // namespace kubevigil
