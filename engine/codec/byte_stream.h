// ByteStream: bytes pulled from a file, from memory or out of a decompressor. One thread.
//
// A stream that ends badly (a file cut in the middle of a gzip member, a bad checksum, a read error) first
// gives every byte it could get, then 0; end() tells how it ended.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/hash.h"
#include "engine/base/result.h"

namespace kubevigil {

enum class StreamEnd : uint8_t {
  Complete,   // the end, as it should be
  CutOff,     // the input stopped inside a compressed member
  Corrupt,    // a member that does not decode, or whose checksum is wrong; those behind it were read
  Garbage,    // complete, but with bytes between or behind members that belong to none; they were left out
  Ratio,      // expands beyond limits::kDecompressRatio; given up
  ReadError,  // the operating system refused to read on
  Foreign,    // packed or encoded in a way that is not read; nothing of it was
};
std::string_view to_text(StreamEnd end);

struct StreamStatus {
  StreamEnd end = StreamEnd::Complete;
  std::string message;  // when Complete: a remark, usually none
};

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Fills some of `out` and returns how much; 0 only at the end (or for an empty `out`).
  virtual size_t read(std::span<char> out) = 0;
  // How the stream ended. Meaningful after read() returned 0.
  virtual const StreamStatus& status() const = 0;
  // Bytes taken from the outermost source so far: the compressed size, for progress and for the ratio bound.
  virtual uint64_t raw_bytes() const = 0;
};

// Borrowed bytes.
class MemoryStream final : public ByteStream {
 public:
  explicit MemoryStream(std::string_view bytes) : bytes_(bytes) {}
  size_t read(std::span<char> out) override;
  const StreamStatus& status() const override { return status_; }
  uint64_t raw_bytes() const override { return at_; }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
  StreamStatus status_;
};

// A file or standard input ("-"), optionally hashed on the way (SHA-256 of the raw bytes).
class FileStream final : public ByteStream {
 public:
  // `stop`: not zero ends the stream where it stands, even while it waits for a pipe; outlives it.
  static Result<std::unique_ptr<FileStream>> open(const std::string& path, bool hashed,
                                                  const std::atomic<int>* stop = nullptr);
  ~FileStream() override;
  FileStream(const FileStream&) = delete;
  FileStream& operator=(const FileStream&) = delete;

  size_t read(std::span<char> out) override;
  const StreamStatus& status() const override { return status_; }
  uint64_t raw_bytes() const override { return raw_bytes_; }
  // Reads whatever is left, so that hash and size are those of the whole file, and finishes the hash.
  // Call once. Empty when not hashed, and when the end could not be reached: a hash of less is that of another file.
  std::string drain_and_hash();

 private:
  FileStream(int fd, bool owned, bool hashed, const std::atomic<int>* stop);
  bool wait();  // for bytes or the end; false: stopped

  int fd_;
  bool owned_;
  const std::atomic<int>* stop_;
  uint64_t raw_bytes_ = 0;
  std::unique_ptr<Sha256> hash_;
  StreamStatus status_;
};

}  // namespace kubevigil
