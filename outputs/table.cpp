// The table for people: one row an alert, with a second line for its message. Attacker-written text is escaped first
// and cut after, between characters. Levels are words, colour only adds to them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/terminal.h"
#include "engine/base/text.h"
#include "outputs/alert_text.h"
#include "outputs/registry.h"

namespace kubevigil {
namespace {

constexpr std::array<std::string_view, 5> kTitles = {"LEVEL", "TIME (UTC)", "RULE", "ACTOR", "TARGET"};
constexpr size_t kSmallest = 60;      // smaller terminals are treated as this wide
constexpr size_t kFiveColumns = 100;  // smaller ones have actor and target on a line of their own
constexpr size_t kMessageLines = 4;   // of a terminal; the rest is cut

// Columns with the space behind them; 0: to the end of the line. Level and time are never cut.
struct Layout {
  std::array<size_t, 5> widths;
  bool narrow = false;  // actor and target stand on the second line
};

Layout layout_for(size_t width) {
  constexpr size_t kLevel = 9, kTime = 20, kRule = 40, kActor = 60;
  if (width == 0) return {{kLevel, kTime, kRule, kActor, 0}, false};
  if (width < kFiveColumns) return {{kLevel, kTime, 0, 0, 0}, true};
  const size_t rest = width - kLevel - kTime;
  return {{kLevel, kTime, std::min(kRule, rest * 32 / 100), std::min(kActor, rest * 36 / 100), 0}, false};
}

std::string_view short_level(Level level) { return level == Level::Informational ? "info" : to_text(level); }

// `text` in lines of at most `width` columns, broken at blanks where there are some.
std::vector<std::string> wrapped(std::string text, size_t width) {
  std::vector<std::string> lines;
  while (display_width(text) > width && lines.size() + 1 < kMessageLines) {
    const std::string fits = cut_to_width(text, width + 1);  // ends in an ellipsis
    size_t end = fits.size() - std::string_view("\xE2\x80\xA6").size();
    const size_t blank = text.rfind(' ', end);
    if (blank != std::string::npos && blank > end / 2) end = blank;
    lines.push_back(text.substr(0, end));
    text.erase(0, text.find_first_not_of(' ', end));
  }
  lines.push_back(cut_to_width(text, width));
  return lines;
}

class Table : public Encoding {
 public:
  explicit Table(const EncodingOptions& options)
      : color_(options.color),
        width_(options.width == 0 ? 0 : std::max(options.width, kSmallest)),
        layout_(layout_for(width_)) {}

  Format format() const override { return {Framing::Document, true, "text/plain; charset=utf-8"}; }
  void heading(std::string& out) const override { row({kTitles.begin(), kTitles.end()}, "", out); }
  void nothing(std::string& out) const override { out += "No alerts.\n"; }

  void record(const Alert& a, std::string& out) const override {
    std::string time = format_rfc3339(a.time).substr(0, 19);
    time[10] = ' ';
    row({std::string(short_level(a.level)), time, printable(a.rule_name), printable(actor_of(a)),
         printable(target_of(a))},
        level_color(a.level), out);
    std::string message = printable(a.message);
    if (a.count > 1) message += fmt::format(" ({} times)", a.count);
    if (!a.missing.empty() && a.audit_level == "Metadata") message += " [level Metadata]";
    indented(message, out);
    for (const std::string& step : chain_of(a)) indented("  " + printable(step), out);
    out.pop_back();  // the last newline is the framing's
  }

 private:
  void row(const std::vector<std::string>& cells, std::string_view color, std::string& out) const {
    std::string line;
    for (size_t i = 0; i < (layout_.narrow ? 3 : cells.size()); ++i) {
      append_cell(line, cells[i], layout_.widths[i], i == 0 ? color : "");
    }
    finish_line(line, out);
    if (layout_.narrow) indented(cells[3] + "  ->  " + cells[4], out);
  }

  // Not cut where the output has no width: a file keeps everything.
  void append_cell(std::string& line, const std::string& text, size_t width, std::string_view color) const {
    const std::string shown = width == 0 || width_ == 0 ? text : cut_to_width(text, width - 1);
    if (color_ && !color.empty()) {
      line.append(color).append(shown).append(kColorReset);
    } else {
      line += shown;
    }
    if (width == 0) return;
    line.append(std::max(width, display_width(shown) + 1) - display_width(shown), ' ');
  }

  void indented(const std::string& text, std::string& out) const {
    if (width_ == 0) return finish_line("  " + text, out);
    for (const std::string& line : wrapped(text, width_ - 2)) finish_line("  " + line, out);
  }

  void finish_line(const std::string& line, std::string& out) const {
    std::string shown = width_ == 0 ? line : cut_to_width(line, width_);
    while (!shown.empty() && shown.back() == ' ') shown.pop_back();
    (out += shown) += '\n';
  }

  bool color_;
  size_t width_;
  Layout layout_;
};

}  // namespace

std::unique_ptr<Encoding> make_table(const EncodingOptions& options) { return std::make_unique<Table>(options); }

}  // namespace kubevigil
