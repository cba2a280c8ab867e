// The table for people: one row an alert, with a second line for its message. Attacker-written text is escaped first
// and cut after, between characters. Levels are words, colour only adds to them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/terminal.h"
#include "engine/base/text.h"
#include "outputs/registry.h"

namespace kubevigil {
namespace {

struct Column {
  std::string_view title;
  size_t width;
};
constexpr std::array<Column, 5> kColumns = {
    {{"LEVEL", 13}, {"TIME (UTC)", 20}, {"RULE", 32}, {"ACTOR", 38}, {"TARGET", 0}}};
constexpr size_t kNarrow = 60;  // smaller terminals are treated as this wide

// "create pods/exec kube-system/web-0"
std::string target_of(const Alert& a) {
  std::string out = a.request.verb;
  std::string resource = a.target.resource;
  if (!a.target.subresource.empty()) resource += "/" + a.target.subresource;
  if (!resource.empty()) out += (out.empty() ? "" : " ") + resource;
  std::string name = a.target.ns;
  if (!a.target.name.empty()) name += (name.empty() ? "" : "/") + a.target.name;
  if (!name.empty()) out += (out.empty() ? "" : " ") + name;
  if (resource.empty() && name.empty() && !a.request.uri.empty()) out += (out.empty() ? "" : " ") + a.request.uri;
  return out;
}

std::string actor_of(const Alert& a) {
  std::string out = a.actor.username.empty() ? std::string("-") : a.actor.username;
  if (!a.actor.impersonated_by.empty()) out = a.actor.impersonated_by + " as " + out;
  if (!a.source.peer_ip.empty()) out += " " + a.source.peer_ip;
  return out;
}

class Table : public Encoding {
 public:
  explicit Table(const EncodingOptions& options) : color_(options.color), width_(options.width) {
    if (width_ != 0) width_ = std::max(width_, kNarrow);
  }

  void begin(std::string&) override {}

  void alert(const Alert& a, std::string& out) override {
    if (!headed_) header(out);
    headed_ = true;
    std::string time = format_rfc3339(a.time).substr(0, 19);
    time[10] = ' ';
    const std::array<std::string, 5> cells = {std::string(to_text(a.level)), time, a.rule_name, actor_of(a),
                                              target_of(a)};
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i)
      append_cell(line, printable(cells[i]), i, i == 0 ? level_color(a.level) : "");
    finish_line(line, out);
    std::string message = "  " + printable(a.message);
    if (a.count > 1) message += fmt::format(" ({} times)", a.count);
    if (!a.missing.empty() && a.audit_level == "Metadata") message += " [level Metadata]";
    finish_line(message, out);
  }

  void end(std::string& out) override {
    if (!headed_) out += "No alerts.\n";
  }

 private:
  void header(std::string& out) {
    std::string line;
    for (size_t i = 0; i < kColumns.size(); ++i) append_cell(line, std::string(kColumns[i].title), i, "");
    finish_line(line, out);
  }

  void append_cell(std::string& line, const std::string& text, size_t column, std::string_view color) const {
    const size_t width = kColumns[column].width;
    const std::string shown = width == 0 ? text : cut_to_width(text, width - 1);
    if (color_ && !color.empty()) {
      line.append(color).append(shown).append(kColorReset);
    } else {
      line += shown;
    }
    if (width != 0) line.append(width - display_width(shown), ' ');
  }

  void finish_line(const std::string& line, std::string& out) const {
    std::string shown = width_ == 0 ? line : cut_to_width(line, width_);
    while (!shown.empty() && shown.back() == ' ') shown.pop_back();
    if (color_ && shown.find('\x1b') != std::string::npos) shown += kColorReset;
    (out += shown) += '\n';
  }

  bool color_;
  size_t width_;
  bool headed_ = false;
};

}  // namespace

std::unique_ptr<Encoding> make_table(const EncodingOptions& options) { return std::make_unique<Table>(options); }

}  // namespace kubevigil
