// Quarantine: what inputs of `serve` brought and nobody could read as an event, kept for a person to look at: one JSON
// object a line, below the data folder.
//
//   {"time":"...","stream":"webhook/prod/...","reason":"not-json","message":"...","offset":12,"line":3,"text":"..."}
//   {"time":"...","stream":"kafka/main/audit/7","topic":"audit","partition":7,"reason":...
//
// Each record has its line. `text` is its beginning with secrets hidden as everywhere; of a batch the first
// kQuarantinedTexts have it. Files: PATH and PATH.1, 0600; the older one goes when the newer has kQuarantineBytes.
// A disk that refuses costs these lines, nothing else. A line may stand there twice behind a crash.
// One thread; counts by all.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>

#include "engine/alert/redaction.h"
#include "engine/base/disk.h"
#include "engine/base/timestamp.h"
#include "engine/event/record.h"

namespace kubevigil {

inline constexpr uint64_t kQuarantineBytes = 16u << 20;
inline constexpr size_t kQuarantinedTexts = 20;

struct QuarantineCounts {
  uint64_t texts_left_out = 0;
  uint64_t rotated = 0;    // lines that made room for newer ones
  uint64_t unwritten = 0;  // lines that the disk did not take
};

class Quarantine {
 public:
  Quarantine(Disk& disk, std::string path, Redactor redactor, uint64_t bytes = kQuarantineBytes)
      : disk_(disk), path_(std::move(path)), redactor_(std::move(redactor)), bytes_(bytes) {}

  void add(const std::string& stream, std::span<const BadRecord> bad, Timestamp time);
  QuarantineCounts counts() const { return {texts_left_out_, rotated_, unwritten_}; }

 private:
  bool open();
  bool open_file();
  bool write(const std::string& lines);

  Disk& disk_;
  const std::string path_;
  const Redactor redactor_;
  const uint64_t bytes_;
  std::unique_ptr<DiskFile> file_;
  std::atomic<uint64_t> texts_left_out_ = 0, rotated_ = 0, unwritten_ = 0;
};

}  // namespace kubevigil
