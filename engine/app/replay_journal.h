// `kubevigil replay --journal DIR`: the data folder of a `serve` that has ended (or a copy of it), run again from its
// older snapshot on, in the journal's order and under the rules that it was written with. Every revision is printed as
// the sinks got it, and held against the journal byte for byte. Nothing in the folder is changed.
//
// Exit code 1: the alerts differ from the journal's. 3: parts are gone (damage, records that cannot be read again), so
// that the rest could not be compared. 2: no data folder, or a running kubevigil has it.
#pragma once

#include <string>

#include "engine/app/context.h"
#include "engine/app/redact_option.h"
#include "engine/app/replay_run.h"

namespace kubevigil {

struct JournalRequest {
  std::string folder;
  OutputFlags output;
  std::string config;  // of that `serve`: how Kafka clusters are reached; "": what came from them cannot be read again
  RedactFlags redact;  // the key file; whether values are redacted stands in the folder
};

// Leaves the exit code in `context`.
void replay_journal(const JournalRequest& request, Context& context);

}  // namespace kubevigil
