#include "engine/app/alert_printer.h"

#include <algorithm>

#include "engine/app/signals.h"
#include "outputs/registry.h"

namespace kubevigil {

AlertPrinter::AlertPrinter(const OutputFlags& flags, bool revisions, Context& context)
    : console_(context.console),
      revisions_(revisions),
      least_(parse_level(flags.min_level).value_or(Level::Informational)) {
  const bool table = context.console.out_is_terminal();
  const std::string format = !flags.format.empty() ? flags.format : table ? "table" : "jsonl";
  EncodingOptions options;
  options.color = context.color_out();
  options.width = table ? context.console.width() : 0;
  options.version = version_text();
  options.revisions = revisions;
  encoding_ = make_encoding(format, options);
  document_.emplace(*encoding_);
}

void AlertPrinter::print(const Alert& alert) {
  highest_ = std::max(highest_.value_or(alert.level), alert.level);
  if (alert.level < least_ || (revisions_ && !encoding_->wants(alert))) return;
  std::string text;
  document_->alert(alert, text);
  console_.data(text);
  if (console_.output_error() != 0) stop_run(kStopOutput);
}

void AlertPrinter::end() {
  std::string text;
  document_->end(text);
  console_.data(text);
  console_.flush();
}

}  // namespace kubevigil
