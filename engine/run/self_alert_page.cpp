#include <fmt/format.h>

#include "engine/run/self_alert.h"

namespace kubevigil {
namespace {

constexpr std::string_view kHead = R"(# Self-alerts

What `kubevigil serve` says about itself: detection is blind, late or unheard. They come through the outputs as all
alerts do, under these rule names, at most one for each subject in five minutes. One that lasts is open until it is
over, and then closed under the same id; the others are told once. Made by `kubevigil schema self-alerts`; a test holds
this page against the program.

| rule | level | lasts | about | what it says | what to do |
|---|---|---|---|---|---|
)";

}  // namespace

std::string self_alerts_page() {
  std::string out(kHead);
  for (const SelfAlertRow& row : self_alert_rows()) {
    out += fmt::format("| `kubevigil_{}` | {} | {} | {} | {} | {} |\n", row.name, to_text(row.level),
                       row.life == SelfAlertLife::State ? "yes" : "no", row.subject, row.title, row.next_step);
  }
  return out;
}

}  // namespace kubevigil
