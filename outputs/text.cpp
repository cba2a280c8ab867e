// One line an alert for people and plain syslog:
//
//   TIME LEVEL rule: message | actor -> target | 3 times until TIME | state since TIME | cluster C | id ID r2 STATUS
//
// Parts that say nothing are left out. Everything is one line: control, bidirectional and ill-formed characters are
// made visible. Later revisions: each is a line; STATUS (update, closed, retracted) is said where revisions come.
#include <fmt/format.h>

#include "engine/base/text.h"
#include "outputs/alert_text.h"
#include "outputs/registry.h"
#include "outputs/severity.h"

namespace kubevigil {
namespace {

constexpr size_t kMessageBytes = 1024, kPartBytes = 400;  // of one part, before it is made visible

std::string shown(std::string_view text, size_t bytes = kPartBytes) { return printable(cut_to_bytes(text, bytes)); }

class Text : public Encoding {
 public:
  explicit Text(const EncodingOptions& options) : options_(options) {}
  Format format() const override { return {Framing::Lines, true, "text/plain; charset=utf-8"}; }

  void record(const Alert& a, std::string& out) const override {
    out += fmt::format("{} {} {}: {}", format_rfc3339(a.time), severity_of(a).word, shown(a.rule_name),
                       shown(a.message, kMessageBytes));
    const std::string target = target_of(a);
    out += fmt::format(" | {}{}{}", shown(actor_of(a)), target.empty() ? "" : " -> ", shown(target));
    if (a.count > 1) out += fmt::format(" | {} times until {}", a.count, format_rfc3339(a.last_seen));
    if (a.state_since) out += " | state since " + format_rfc3339(*a.state_since);
    if (!a.cluster.empty()) out += " | cluster " + shown(a.cluster);
    out += fmt::format(" | id {} r{}", shown(a.id), a.revision);
    if (phase_of(a, options_) != Phase::New) out.append(" ").append(to_text(a.status));
  }

 private:
  EncodingOptions options_;
};

}  // namespace

std::unique_ptr<Encoding> make_text(const EncodingOptions& options) { return std::make_unique<Text>(options); }

}  // namespace kubevigil
