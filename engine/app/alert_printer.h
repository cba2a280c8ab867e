// AlertPrinter: one alert after the other to standard output as it comes, in the form that -o names. One thread.
#pragma once

#include <memory>
#include <optional>

#include "engine/app/context.h"
#include "engine/app/replay_run.h"
#include "engine/run/framing.h"

namespace kubevigil {

class AlertPrinter {
 public:
  // `revisions`: every revision comes, as to the sinks of serve; else each alert once.
  AlertPrinter(const OutputFlags& flags, bool revisions, Context& context);

  // What cannot be written stops the run (stop_run).
  void print(const Alert& alert);
  void end();
  // Of all alerts, printed or below --min-level.
  std::optional<Level> highest() const { return highest_; }

 private:
  Console& console_;
  const bool revisions_;
  const Level least_;
  std::unique_ptr<Encoding> encoding_;
  std::optional<DocumentWriter> document_;
  std::optional<Level> highest_;
};

}  // namespace kubevigil
