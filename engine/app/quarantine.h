// Quarantine: what inputs of `serve` brought and nobody could read as an event, kept for a person to look at: one JSON
// object a line, below the data folder.
//
//   {"time":"...","stream":"webhook/prod/...","reason":"not-json","message":"...","offset":12,"line":3,"text":"..."}
//
// `text` is the beginning of the record with secrets hidden as everywhere. Files: PATH and PATH.1, 0600; the older one
// goes when the newer has kQuarantineBytes. Of a batch at most kQuarantined records are kept; all are counted
// elsewhere. A disk that refuses costs these lines, nothing else: the bytes are in the spool or in the log file, too.
// One thread.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "engine/alert/redaction.h"
#include "engine/base/disk.h"
#include "engine/base/timestamp.h"
#include "engine/event/record.h"

namespace kubevigil {

inline constexpr uint64_t kQuarantineBytes = 16u << 20;
inline constexpr size_t kQuarantined = 20;

class Quarantine {
 public:
  Quarantine(Disk& disk, std::string path, Redactor redactor, uint64_t bytes = kQuarantineBytes)
      : disk_(disk), path_(std::move(path)), redactor_(std::move(redactor)), bytes_(bytes) {}

  void add(const std::string& stream, std::span<const BadRecord> bad, Timestamp time);

 private:
  bool open();

  Disk& disk_;
  const std::string path_;
  const Redactor redactor_;
  const uint64_t bytes_;
  std::unique_ptr<DiskFile> file_;
};

}  // namespace kubevigil
