// TailedFile: one open log file, read forward in plain bytes, compressed or not (by content). Holds its descriptor, so
// renaming and deleting do not disturb it. Notices when what was read already is no longer there. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/base/result.h"
#include "engine/codec/byte_stream.h"
#include "inputs/tail_position.h"

namespace kubevigil {

class TailedFile {
 public:
  // At offset 0. Regular files only; never waits.
  static Result<std::unique_ptr<TailedFile>> open(const std::string& path);
  ~TailedFile();
  TailedFile(const TailedFile&) = delete;
  TailedFile& operator=(const TailedFile&) = delete;

  // 0: nothing (more) at present, or truncated(), or a read error, which problem() tells.
  size_t read(std::span<char> out);
  // Goes there; false when the file is shorter. Compressed files only forward.
  bool seek(uint64_t offset);
  // What was read is not what stands there now: the file was cut, and perhaps written again (a hole of NULs included).
  bool truncated();

  // From its beginning again, behind a cut.
  void restart();

  const std::string& path() const { return path_; }  // under which it was opened
  bool compressed() const { return plain_ != nullptr; }
  uint64_t offset() const { return at_; }
  // Without a head until a line is whole: half an event begins as all of them do.
  FileIdentity identity() const;
  const std::string& head() const { return head_; }        // its first bytes, as far as known
  const std::string& last_bytes() const { return last_; }  // in front of offset()
  uint64_t size() const;                                   // on disk
  uint64_t unread() const;                                 // bytes on disk that were not taken yet
  std::string problem() const;                             // of a compressed file that is damaged; of a failed read

 private:
  TailedFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  void passed(std::string_view bytes);
  std::string read_at(uint64_t offset, size_t size) const;

  int fd_;
  std::string path_;
  uint64_t device_ = 0;
  uint64_t inode_ = 0;
  uint64_t at_ = 0;
  std::string head_;
  std::string last_;
  std::unique_ptr<ByteStream> plain_;  // decompresses; null: the file is plain
  std::string problem_;
};

}  // namespace kubevigil
