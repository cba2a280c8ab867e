// The closing panel of a replay, for people, and the same facts as JSON for --stats-json. Both say what was read, what
// was found, and above all what could not be seen: never just "no findings".
#pragma once

#include <string>

#include "engine/app/context.h"
#include "engine/run/replay.h"

namespace kubevigil {

struct RunFacts {
  const ReplayReport& report;
  const RuleSet& rules;
  std::vector<std::string> command_line;
  std::string name;                     // "replay", "demo"
  std::vector<std::string> unreadable;  // paths that gave no input, each with the reason
  Timestamp started, finished;          // wall clock
  Duration elapsed{};
  size_t peak_memory = 0;
  int exit_code = 0;
  Level least = Level::Informational;  // of the alerts that were printed
};

// Lines for standard error; escaped.
std::string summary_text(const RunFacts& facts);
std::string stats_json(const RunFacts& facts);

// Kinds of source that were seen, with what they never carry and which rules that blinds.
struct SourceKindFacts {
  std::string envelope;
  uint64_t events = 0;
  std::vector<std::string> never_carries;
  std::vector<std::string> blind_rules;
  std::string note;  // what else that kind of source does
};
std::vector<SourceKindFacts> source_kinds(const ReplayReport& report, const RuleSet& rules);

// "file:line:byte reason: message", escaped.
std::string bad_line_text(const BadRecord& bad, std::span<const InputFile> files);

// True when the input could not be read as a whole: exit code 3.
bool input_incomplete(const ReplayReport& report);

}  // namespace kubevigil
