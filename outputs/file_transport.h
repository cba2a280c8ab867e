// FileTransport: messages appended to a file, one record a line, rotated by size.
//
//   PATH                the active file
//   PATH.1, PATH.2 ...  rotated ones; the number only grows, so the highest is the newest. Older ones than `keep` are
//                       removed. Rotation is done here: do not point logrotate at it.
//
// Delivered: the bytes are in the file and, with `sync`, on the disk. After kill -9 (with `sync` after a loss of power,
// too) no record is torn or there twice: position(), given to Outbox::delivered() after open() and after each Delivered
// send, and back to open(), says where the delivered part ends; what stands behind it is cut off, to be sent again.
//
//   position = number ":" size ":" hash   number of the active file once it is rotated; size of its delivered part in
//                                         bytes; hash (16 hexadecimal digits) of the path and the last 4 KiB of that
//                                         part
//
// Cut is only the file that the position was taken of: the hash fits, and behind it lie at most 32 MiB and one
// rotation (a cursor that is durable soon is well within that). All else (another path in the configuration, files
// changed by others, a position out of a backup) is not touched: writing goes on behind it, on a new line, and note()
// says so when there was a position; alerts may then be there twice, known by (id, revision).
// A file that another program removes, renames or replaces while we write is begun anew: nothing is delivered into a
// file without a name. A folder that is gone is not made again: Retry, until it is back. Files are made 0600, folders
// 0700; a symbolic link in their place is refused. One thread; every call ends with the disk's answer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/disk.h"
#include "engine/run/output.h"

namespace kubevigil {

struct FileTransportOptions {
  std::string path;
  uint64_t rotate_bytes = 100u << 20;  // a message that would make the file larger begins a new one
  size_t keep = 10;                    // rotated files, at least 1
  bool sync = true;                    // false: delivered messages survive kill -9, but not a loss of power
};

class FileTransport : public Transport {
 public:
  // `position` of the last delivered message, or "" when there was none. `disk` must outlive it.
  static Result<std::unique_ptr<FileTransport>> open(const FileTransportOptions& options, std::string_view position,
                                                     Disk& disk);

  // Retry when the disk is full or failed; after a failure the file is opened anew in the next send().
  Delivery send(const Message& message) override;
  std::string position() const override { return position_; }
  // Why records may be missing or there twice; "" when all was as it should be.
  const std::string& note() const { return note_; }

 private:
  FileTransport(const FileTransportOptions& options, Disk& disk);
  DiskResult<void> reopen();
  DiskResult<std::vector<uint64_t>> rotated_numbers();
  DiskResult<void> remove_old();
  DiskResult<void> undo_rotation();
  DiskResult<void> open_active();
  DiskResult<void> cut_back();
  DiskResult<bool> fits(const DiskFile& file) const;
  DiskResult<void> take_position();
  DiskResult<std::string> position_at(const DiskFile& file, uint64_t size) const;
  DiskResult<void> rotate();
  void forget_file();
  DiskResult<void> write(std::string_view text);
  std::string rotated(uint64_t number) const;

  FileTransportOptions options_;
  std::string folder_, name_;
  Disk& disk_;
  std::unique_ptr<DiskFile> file_;  // null: to be opened
  uint64_t number_ = 1;             // of the active file
  std::string position_, note_;
};

}  // namespace kubevigil
