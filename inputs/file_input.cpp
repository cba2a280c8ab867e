#include "inputs/file_input.h"

#include <sys/stat.h>

#include <algorithm>

#include "engine/base/lines.h"
#include "engine/codec/byte_stream.h"
#include "engine/codec/decompress.h"
#include "engine/event/batch_builder.h"
#include "engine/event/part_joiner.h"
#include "engine/event/splitter.h"
#include "inputs/last_events.h"

namespace kubevigil {
namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kPeekBytes = 32 << 10;
constexpr size_t kFewRecords = 3;        // that a batch waits for, even behind many bad lines ...
constexpr size_t kMostBytes = 1u << 20;  // ... but not for ever
constexpr Duration kRangeSlack = Duration::hours(1);

// One file while it is read.
struct OpenFile {
  FileStream* raw = nullptr;  // below `plain`
  std::unique_ptr<ByteStream> plain;
  std::unique_ptr<Splitter> splitter;
  uint64_t taken = 0;  // of raw->raw_bytes(), told to the batches so far
  char last = '\n';
};

class FileInput final : public Input {
 public:
  FileInput(FileSource source, uint32_t first_file, InputOptions options)
      : source_(std::move(source)), first_file_(first_file), options_(options), builder_(none_), joiner_(builder_) {
    for (const SourceFile& file : source_.files) {
      InputFile& info = files_.emplace_back();
      info.path = file.path;
    }
    find_sizes_and_range();
  }

  const std::string& name() const override { return source_.name; }
  uint32_t first_file() const override { return first_file_; }
  std::span<const InputFile> files() const override { return files_; }

  bool peek(Batch& batch) override {
    if (source_.once) {
      if (!peeked_) has_peeked_ = fill(peeked_batch_, kPeekBytes);
      peeked_ = true;
      batch = peeked_batch_;
      return !batch.records.empty();
    }
    InputOptions options = options_;
    options.batch_bytes = kPeekBytes;
    options.sha256 = false;
    FileInput other(source_, first_file_, options);
    other.fill(batch, kPeekBytes);
    return !batch.records.empty();
  }

  bool next(Batch& batch) override {
    if (peeked_ && has_peeked_) {
      has_peeked_ = false;
      batch = std::move(peeked_batch_);
      return true;
    }
    return fill(batch, options_.batch_bytes);
  }

 private:
  // `size`: enough bytes of records for one batch. The last batch of a source may be empty but for input_bytes.
  bool fill(Batch& batch, size_t size) {
    builder_.fill(batch);
    while (builder_.held_bytes() < size || (batch.records.size() < kFewRecords && builder_.held_bytes() < kMostBytes)) {
      if (!open_.plain && !open_next()) break;
      read_some(batch, std::clamp<size_t>(size, 4096, kReadBytes));
    }
    builder_.finish();
    builder_.fill(none_);
    return !batch.records.empty() || !batch.bad.empty() || batch.input_bytes > 0;
  }

  bool open_next() {
    for (; at_ < files_.size(); ++at_) {
      InputFile& info = files_[at_];
      if (info.skipped) continue;
      auto raw = FileStream::open(info.path, options_.sha256, options_.stop);
      if (!raw) {
        info.problem = raw.error().message;
        continue;
      }
      open_.raw = raw->get();
      open_.plain = decompressed(std::move(*raw), {}, &info.compression);
      SplitterOptions options;
      options.file = first_file_ + static_cast<uint32_t>(at_);
      open_.splitter = std::make_unique<Splitter>(joiner_, options);
      return true;
    }
    if (!joined_) joiner_.finish();
    joined_ = true;
    decltype(buffer_)().swap(buffer_);  // thousands of sources may have ended before the run does
    return false;
  }

  void read_some(Batch& batch, size_t size) {
    buffer_.resize(std::max(buffer_.size(), size));
    const size_t n = open_.plain->read({buffer_.data(), size});
    InputFile& info = files_[at_];
    info.plain_bytes += n;
    info.lines += count_lines({buffer_.data(), n});
    if (n > 0) {
      open_.last = buffer_[n - 1];
      open_.splitter->feed({buffer_.data(), n});
    } else {
      finish_file(info);
    }
    const uint64_t raw = open_.raw->raw_bytes();
    batch.input_bytes += raw - open_.taken;
    open_.taken = raw;
    if (n == 0) {
      open_ = {};
      ++at_;
    }
  }

  void finish_file(InputFile& info) {
    const StreamStatus& status = open_.plain->status();
    const bool whole = status.end == StreamEnd::Complete || status.end == StreamEnd::Garbage;
    (status.end == StreamEnd::Complete ? info.note : info.problem) = status.message;
    if (open_.last != '\n') ++info.lines;
    open_.splitter->finish(!whole);
    if (options_.sha256) info.sha256 = open_.raw->drain_and_hash();
    const uint64_t raw = open_.raw->raw_bytes();
    info.size = info.sha256.empty() ? std::max(info.size, raw) : raw;  // the hash is that of so many bytes
    info.read = true;
  }

  void find_sizes_and_range() {
    const SourceFile* before = nullptr;  // the file that was closed when this one began
    for (size_t i = 0; i < files_.size(); ++i) {
      const SourceFile& file = source_.files[i];
      struct stat status {};
      const bool known = !source_.once && ::stat(file.path.c_str(), &status) == 0;
      if (known) files_[i].size = static_cast<uint64_t>(status.st_size);
      const bool too_new =
          before != nullptr && before->closed_at && *before->closed_at - kRangeSlack - before->doubt > options_.to;
      bool too_old = false;
      if (file.closed_at) {
        too_old = *file.closed_at + kRangeSlack + file.doubt < options_.from;
      } else if (known) {
        const Timestamp limit = options_.from == Timestamp::min() ? options_.from : options_.from - kRangeSlack;
        too_old = Timestamp{int64_t{status.st_mtim.tv_sec} * 1'000'000} < limit && ends_before(file.path, limit);
      }
      files_[i].skipped = too_old || too_new;
      before = &file;
    }
  }

  FileSource source_;
  uint32_t first_file_;
  InputOptions options_;
  std::vector<InputFile> files_;
  size_t at_ = 0;
  OpenFile open_;
  Batch none_;  // what the builder fills between two batches: nothing
  BatchBuilder builder_;
  PartJoiner joiner_;
  bool joined_ = false;
  std::vector<char> buffer_;
  bool peeked_ = false;
  bool has_peeked_ = false;
  Batch peeked_batch_;
};

}  // namespace

std::unique_ptr<Input> make_file_input(FileSource source, uint32_t first_file, InputOptions options) {
  return std::make_unique<FileInput>(std::move(source), first_file, options);
}

}  // namespace kubevigil
