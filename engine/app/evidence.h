// --evidence DIR: the raw records of each alert, unredacted, for the case file. The logs are read a second time,
// because which events an alert lists is known only when it ends.
//
//   DIR/                         0700
//   DIR/manifest.json            0600   one entry an alert: its id, rule, and each event's file, offset, line, sha256
//   DIR/<number>-<rule>.ndjson   0600   the records, one a line as they stand in the log (line feeds inside become
//   blanks)
#pragma once

#include <string>
#include <vector>

#include "engine/alert/alert.h"
#include "engine/base/result.h"
#include "engine/run/input.h"

namespace kubevigil {

// What an alert wants copied.
struct EvidenceItem {
  std::string id, rule;
  struct Place {
    std::string file;
    uint64_t offset = 0, line = 0;
    std::string record;  // filled by collect
  };
  std::vector<Place> places;
};

EvidenceItem evidence_of(const Alert& alert);

// Reads `inputs` (fresh ones over the same files) to their end and fills in the records.
void collect_evidence(std::vector<std::unique_ptr<Input>>& inputs, std::vector<EvidenceItem>& items);
Result<void> write_evidence(const std::string& folder, const std::vector<EvidenceItem>& items);

}  // namespace kubevigil
