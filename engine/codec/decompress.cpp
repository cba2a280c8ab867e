#include "engine/codec/decompress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "engine/codec/decoder.h"

namespace kubevigil {
namespace {

constexpr size_t kInputBytes = 64 << 10;  // thousands of streams may stand open at once
constexpr size_t kOutputBytes = 64 << 10;
constexpr size_t kMagicBytes = 4;

// zstd: 28 B5 2F FD, or a skippable frame 5x 2A 4D 18 (RFC 8878, 3.1).
bool is_skippable_zstd(std::string_view bytes) {
  return bytes.size() >= 4 && (bytes[0] & 0xF0) == 0x50 && bytes.substr(1, 3) == "\x2A\x4D\x18";
}

// Behind the first member more of a header must be right than at the beginning of a file: the method of gzip is 8 and
// its upper flags are 0 (RFC 1952, 2.3).
bool begins_member(std::string_view bytes) {
  if (!is_gzip(bytes)) return is_zstd(bytes);
  return bytes.size() < kMagicBytes || (bytes[2] == 8 && (bytes[3] & 0xE0) == 0);
}

// Where the next member begins, or the last bytes, which may be half of a beginning.
size_t find_member(std::string_view bytes) {
  size_t at = 0;
  while (at + kMagicBytes <= bytes.size() && !begins_member(bytes.substr(at))) ++at;
  return at;
}

// Why a content that begins so is not read; empty: it may be text.
std::string_view foreign(std::string_view head) {
  struct Magic {
    std::string_view bytes, what;
  };
  constexpr std::array<Magic, 6> kMagic = {{{"\xFD"
                                             "7zX",
                                             "compressed with xz; unpack it first (xz -dc)"},
                                            {"BZh", "compressed with bzip2; unpack it first (bzip2 -dc)"},
                                            {"\x04\x22\x4D\x18", "compressed with lz4; unpack it first (lz4 -dc)"},
                                            {"PK\x03\x04", "a zip archive; unpack it first (unzip -p)"},
                                            {"\xFF\xFE", "UTF-16 text; convert it first (iconv -f utf-16 -t utf-8)"},
                                            {"\xFE\xFF", "UTF-16 text; convert it first (iconv -f utf-16 -t utf-8)"}}};
  for (const Magic& magic : kMagic) {
    if (head.starts_with(magic.bytes)) return magic.what;
  }
  if (head.size() < kMagicBytes) return {};
  const auto pair = [&](size_t zero, size_t other) { return head[zero] == 0 && head[other] > 0; };
  if (pair(1, 0) && pair(3, 2)) return "UTF-16 text; convert it first (iconv -f utf-16le -t utf-8)";
  if (pair(0, 1) && pair(2, 3)) return "UTF-16 text; convert it first (iconv -f utf-16be -t utf-8)";
  return {};
}

// Nothing, and why.
class NoStream final : public ByteStream {
 public:
  NoStream(std::unique_ptr<ByteStream> source, std::string_view why)
      : source_(std::move(source)), status_{StreamEnd::Foreign, std::string(why)} {}
  size_t read(std::span<char>) override { return 0; }
  const StreamStatus& status() const override { return status_; }
  uint64_t raw_bytes() const override { return source_->raw_bytes(); }

 private:
  std::unique_ptr<ByteStream> source_;
  StreamStatus status_;
};

// A stream whose first bytes can be looked at before it is read.
class PeekedStream final : public ByteStream {
 public:
  explicit PeekedStream(std::unique_ptr<ByteStream> source) : source_(std::move(source)) {
    while (size_ < kMagicBytes) {
      const size_t n = source_->read({head_ + size_, kMagicBytes - size_});
      if (n == 0) break;
      size_ += n;
    }
  }
  std::string_view head() const { return {head_, size_}; }
  size_t read(std::span<char> out) override {
    if (at_ == size_) return source_->read(out);
    const size_t n = std::min(out.size(), size_ - at_);
    std::memcpy(out.data(), head_ + at_, n);
    at_ += n;
    return n;
  }
  const StreamStatus& status() const override { return source_->status(); }
  uint64_t raw_bytes() const override { return source_->raw_bytes(); }

 private:
  std::unique_ptr<ByteStream> source_;
  char head_[kMagicBytes] = {};
  size_t size_ = 0;
  size_t at_ = 0;
};

class DecompressingStream final : public ByteStream {
 public:
  DecompressingStream(std::unique_ptr<ByteStream> source, DecompressLimits limits)
      : source_(std::move(source)), limits_(limits), input_(kInputBytes), output_buffer_(kOutputBytes) {}

  // Through a buffer of our own: how much a decoder gives of broken data depends on the room that it has.
  size_t read(std::span<char> out) override {
    while (taken_ == made_ && !ended_) {
      if (decoder_ == nullptr && !next_member()) break;
      taken_ = 0;
      made_ = decode(output_buffer_);
    }
    const size_t n = std::min(out.size(), made_ - taken_);
    if (n > 0) std::memcpy(out.data(), output_buffer_.data() + taken_, n);
    taken_ += n;
    return n;
  }
  const StreamStatus& status() const override { return status_; }
  uint64_t raw_bytes() const override { return source_->raw_bytes(); }

 private:
  std::string_view left() const { return {input_.data() + begin_, end_ - begin_}; }

  void finish(StreamEnd end, std::string message) {
    status_ = {end, std::move(message)};
    ended_ = true;
  }

  // Keeps what is left and reads more behind it. False at the end of the source.
  bool refill() {
    std::memmove(input_.data(), input_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (source_ended_) return false;
    const size_t n = source_->read({input_.data() + end_, input_.size() - end_});
    end_ += n;
    source_ended_ = n == 0;
    return n > 0;
  }

  // Finds the decoder for the next member; false when there is none.
  bool next_member() {
    skip_padding();
    if (!left().empty() && members_ > 0 && !begins_member(left())) skip_strangers();
    if (left().empty()) {
      finish_whole();
      return false;
    }
    std::unique_ptr<Decoder>& decoder = is_gzip(left()) ? gzip_ : zstd_;
    if (decoder == nullptr) decoder = is_gzip(left()) ? gzip_decoder() : zstd_decoder();
    decoder->start();
    decoder_ = decoder.get();
    ++members_;
    fresh_ = true;
    return true;
  }

  // Bytes that belong to no member, and the rest of a broken one: up to what looks like the beginning of the next.
  void skip_strangers() {
    if (damage_.end == StreamEnd::Complete) {
      damage_ = {StreamEnd::Garbage,
                 fmt::format("behind compressed member {}, near byte {}, stand bytes that belong to "
                             "no member",
                             members_, raw_bytes() - left().size())};
    }
    for (;;) {
      const size_t at = find_member(left());
      begin_ += at;
      strangers_ += at;
      if (left().size() >= kMagicBytes) return;
      if (refill()) continue;
      strangers_ += left().size();
      begin_ = end_;
      return;
    }
  }

  // Zeros behind a member are padding (tapes, preallocated files). Leaves kMagicBytes to look at, if there are any.
  void skip_padding() {
    for (;;) {
      while (left().size() < kMagicBytes && !source_ended_) refill();
      const size_t zeros = std::min(left().find_first_not_of('\0'), left().size());
      begin_ += zeros;
      padding_ += zeros;
      if (zeros == 0 || left().size() >= kMagicBytes) return;
    }
  }

  size_t decode(std::span<char> out) {
    if (left().empty()) refill();
    size_t used = left().size();
    size_t made = out.size();
    const Decoder::State state = decoder_->step(left().data(), used, out.data(), made);
    begin_ += used;
    output_ += made;
    if (state != Decoder::State::Failed) fresh_ = false;
    if (state == Decoder::State::Finished) decoder_ = nullptr;
    if (state == Decoder::State::Failed) {
      if (fresh_ && used == 0) ++begin_;
      broken_member();
    } else if (state == Decoder::State::More && made == 0 && used == 0 && !refill()) {
      finish_cut();
    }
    if (output_ > limits_.free_output && output_ / limits_.ratio > raw_bytes()) {
      finish(StreamEnd::Ratio, fmt::format("{} bytes expand to more than {}: over {} times as much; given up",
                                           raw_bytes(), output_, limits_.ratio));
    }
    return made;
  }

  // The members behind a broken one are read all the same.
  void broken_member() {
    if (damage_.end != StreamEnd::Corrupt) {
      damage_ = {StreamEnd::Corrupt, fmt::format("{} in compressed member {}, near byte {}", decoder_->problem(),
                                                 members_, raw_bytes() - left().size())};
    }
    decoder_ = nullptr;
  }

  void finish_whole() {
    if (source_->status().end != StreamEnd::Complete) return finish(source_->status().end, source_->status().message);
    std::string message = damage_.message;
    if (strangers_ > 0) message += fmt::format("; {} bytes were left out", strangers_);
    if (message.empty() && padding_ > 0) message = fmt::format("{} zero bytes of padding were left out", padding_);
    finish(damage_.end, std::move(message));
  }

  void finish_cut() {
    if (source_->status().end != StreamEnd::Complete) return finish(source_->status().end, source_->status().message);
    finish(StreamEnd::CutOff, fmt::format("the file ends inside compressed member {}, after {} bytes; "
                                          "everything before the cut was read",
                                          members_, raw_bytes()));
  }

  std::unique_ptr<ByteStream> source_;
  DecompressLimits limits_;
  std::vector<char> input_;
  std::vector<char> output_buffer_;
  size_t taken_ = 0;  // of the output buffer
  size_t made_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool source_ended_ = false;
  bool ended_ = false;
  uint64_t output_ = 0;
  uint64_t members_ = 0;
  uint64_t padding_ = 0;
  uint64_t strangers_ = 0;  // bytes of no member
  bool fresh_ = false;      // nothing of the member was decoded yet
  StreamStatus damage_;     // the first that was found; reading went on
  std::unique_ptr<Decoder> gzip_;
  std::unique_ptr<Decoder> zstd_;
  Decoder* decoder_ = nullptr;  // of the member at hand
  StreamStatus status_;
};

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }
bool is_zstd(std::string_view bytes) { return bytes.starts_with("\x28\xB5\x2F\xFD") || is_skippable_zstd(bytes); }

std::unique_ptr<ByteStream> decompressed(std::unique_ptr<ByteStream> source, DecompressLimits limits,
                                         std::string* compression) {
  for (int layer = 0;; ++layer) {
    auto peeked = std::make_unique<PeekedStream>(std::move(source));
    const bool gzip = is_gzip(peeked->head());
    if (const auto why = foreign(peeked->head()); !why.empty()) {
      return std::make_unique<NoStream>(std::move(peeked), why);
    }
    if (layer == kCompressionLayers || (!gzip && !is_zstd(peeked->head()))) return peeked;
    if (layer == 0 && compression != nullptr) *compression = gzip ? "gzip" : "zstd";
    source = std::make_unique<DecompressingStream>(std::move(peeked), limits);
  }
}

Result<Unpacked> unpack(std::string_view bytes, size_t max_bytes) {
  const auto stream = decompressed(std::make_unique<MemoryStream>(bytes));
  Unpacked out;
  char piece[16 << 10];
  while (const size_t n = stream->read(piece)) {
    out.bytes.append(piece, n);
    if (out.bytes.size() > max_bytes) return fail(fmt::format("payload expands to more than {} bytes", max_bytes));
  }
  out.end = stream->status();
  return out;
}

}  // namespace kubevigil
