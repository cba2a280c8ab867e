// --evidence DIR: the raw records of each alert, unredacted, for the case file. The logs are read a second time,
// because which events an alert lists is known only when it ends.
//
//   DIR/                         0700   new, or empty: evidence of two runs is never mixed
//   DIR/manifest.json            0600   one entry an alert: its id, rule, and each event's file, offset, line, sha256
//   DIR/<number>-<rule>.ndjson   0600   the records, one a line as they stand in the log (line feeds inside become
//                                       blanks), in the order of the sources
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
    std::string sha256;  // of the record; empty until it was found
  };
  std::vector<Place> places;
};

EvidenceItem evidence_of(const Alert& alert);

// Makes the folder, or takes an empty one.
Result<void> make_evidence_folder(const std::string& folder);

// Reads `inputs` (fresh ones over the same files) as far as records are wanted, and writes the folder's files. Returns
// how many records were not found: the logs have changed since.
Result<size_t> write_evidence(const std::string& folder, std::vector<EvidenceItem>& items,
                              std::vector<std::unique_ptr<Input>>& inputs);

}  // namespace kubevigil
