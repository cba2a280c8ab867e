// DeadLetters: the file of the alerts that a sink will not deliver, so that nothing is lost without a trace. JSON
// lines, each
//
//   {"time":RFC3339,"sink":NAME,"reason":TEXT,"alert":{..}}     the alert as kubevigil.alert/v1
//   {"time":RFC3339,"sink":NAME,"reason":TEXT,"raw":TEXT}       what the journal held, when it was no such alert
//
// on the disk when append() returns; after a crash a line may be there twice (same alert id and revision), an
// unfinished last line is cut off at the next start. At `most_bytes` the file becomes PATH.1 in the place of the one
// before, so that both together are bounded; what is lost with the old one is counted. 0600, folder 0700. Errors: the
// disk's; nothing was appended, try again later. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/disk.h"
#include "engine/base/timestamp.h"

namespace kubevigil {

struct DeadLetterOptions {
  std::string path;
  std::string sink;
  uint64_t most_bytes = 50u << 20;  // of each of the two files
};

class DeadLetters {
 public:
  DeadLetters(Disk& disk, DeadLetterOptions options);

  // Lines made by line(), each with its newline, in one write and one sync.
  DiskResult<void> append(std::string_view lines);
  std::string line(Timestamp now, std::string_view reason, std::string_view alert_json) const;
  std::string raw_line(Timestamp now, std::string_view reason, std::string_view body) const;

  uint64_t forgotten_bytes() const { return forgotten_; }  // removed to stay within the bound, since the start

 private:
  DiskResult<void> open();
  DiskResult<void> rotate();
  DiskResult<void> write(std::string_view lines);

  Disk& disk_;
  const DeadLetterOptions options_;
  std::string folder_;
  std::unique_ptr<DiskFile> file_;  // null: to be opened
  uint64_t forgotten_ = 0;
};

}  // namespace kubevigil
