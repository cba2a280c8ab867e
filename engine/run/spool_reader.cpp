#include "engine/run/spool_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "engine/codec/crc32c.h"
#include "engine/codec/zstd_block.h"

namespace kubevigil {
namespace {

// The blocks one after the other, then the one in the commit record.
class BodyStream final : public ByteStream {
 public:
  BodyStream(const SegmentLog& log, std::vector<LogPlace> blocks, const SpoolCommit& commit, uint64_t sequence)
      : log_(log),
        blocks_(std::move(blocks)),
        body_(commit.body),
        count_(commit.blocks),
        raw_bytes_left_(commit.raw_bytes),
        raw_crc_(commit.raw_crc),
        last_(commit.frame),
        last_size_(commit.raw_size),
        sequence_(sequence) {}

  size_t read(std::span<char> out) override {
    while (at_ == plain_.size()) {
      if (out.empty() || next_ > count_ || status_.end != StreamEnd::Complete || !load()) return 0;
    }
    const size_t n = std::min(out.size(), plain_.size() - at_);
    std::memcpy(out.data(), plain_.data() + at_, n);
    at_ += n;
    return n;
  }
  const StreamStatus& status() const override { return status_; }
  uint64_t raw_bytes() const override { return taken_; }

 private:
  bool give_up(StreamEnd end, const std::string& what) {
    status_ = {end, fmt::format("spooled body {}: {}", sequence_, what)};
    plain_.clear();
    at_ = 0;
    return false;
  }
  // The next block into plain_.
  bool load() {
    at_ = 0;
    const bool last = next_ == count_;
    if (!(last ? unpack(last_, last_size_) : load_block())) return false;
    raw_crc_seen_ = crc32c(plain_, raw_crc_seen_);
    raw_bytes_left_ -= std::min<uint64_t>(raw_bytes_left_, plain_.size());
    ++next_;
    if (last && (raw_bytes_left_ != 0 || raw_crc_seen_ != raw_crc_))
      return give_up(StreamEnd::Corrupt, "its blocks are not its own");
    return true;
  }
  bool load_block() {
    const auto damaged = [&] {
      return give_up(StreamEnd::Corrupt, fmt::format("block {} of {} is damaged or gone", next_ + 1, count_ + 1));
    };
    if (next_ >= blocks_.size()) return damaged();
    const auto got = read_again(log_, blocks_[next_], payload_);
    if (!got) return give_up(StreamEnd::ReadError, got.error().message);
    const auto block = *got ? decode_block(payload_) : std::nullopt;
    if (!block || block->body != body_ || block->index != next_) return damaged();
    return unpack(block->frame, block->raw_size);
  }
  bool unpack(std::string_view frame, size_t size) {
    taken_ += frame.size();
    const auto unpacked = zstd_decompress_block(frame, size, plain_);
    return unpacked ? true : give_up(StreamEnd::Corrupt, unpacked.error().message);
  }

  const SegmentLog& log_;
  const std::vector<LogPlace> blocks_;
  const uint64_t body_;
  const uint32_t count_;  // blocks before the last one
  uint64_t raw_bytes_left_;
  const uint32_t raw_crc_;
  const std::string last_;
  const uint32_t last_size_;
  const uint64_t sequence_;

  uint32_t next_ = 0;  // block
  std::string payload_, plain_;
  size_t at_ = 0;  // in plain_
  uint32_t raw_crc_seen_ = 0;
  uint64_t taken_ = 0;
  StreamStatus status_;
};

}  // namespace

SpoolReader::SpoolReader(const Spool& spool, SpoolPosition from)
    : log_(spool.log()),
      reader_(log_, from == SpoolPosition() ? log_.first_sequence() : from.scan),
      after_(from.after) {}

SpoolPosition SpoolReader::position() const {
  uint64_t scan = reader_.position();
  for (const auto& [id, body] : unfinished_) scan = std::min(scan, body.first);
  return {after_, scan};
}

void SpoolReader::block(std::string_view payload) {
  const auto block = decode_block(payload);
  if (!block) {
    ++unknown_;
    return;
  }
  Unfinished& body = unfinished_[block->body];
  if (body.first == 0) body.first = reader_.record().sequence;
  // Without one in between the rest is of no use; the commit then tells how much is missing.
  if (block->index == body.blocks.size()) body.blocks.push_back(reader_.record().place);
}

bool SpoolReader::commit(std::string_view payload) {
  const auto commit = decode_commit(payload);
  if (!commit) {
    ++unknown_;
    return false;
  }
  Unfinished body;
  if (const auto found = unfinished_.find(commit->body); found != unfinished_.end()) {
    body = std::move(found->second);
    unfinished_.erase(found);
  }
  const uint64_t sequence = reader_.record().sequence;
  if (sequence <= after_) return false;
  after_ = sequence;
  body_ = {commit->source, sequence, commit->raw_bytes, position(),
           std::make_unique<BodyStream>(log_, std::move(body.blocks), *commit, sequence)};
  return true;
}

DiskResult<SpoolReader::Step> SpoolReader::next() {
  for (;;) {
    const auto step = reader_.next();
    if (!step) return tl::unexpected(step.error());
    if (*step == LogReader::Step::End) return Step::End;
    if (*step == LogReader::Step::Gap) {
      gap_ = reader_.gap();
      if (gap_.end <= after_ + 1) continue;  // said before
      after_ = gap_.end - 1;
      return Step::Gap;
    }
    const std::string_view payload = reader_.record().payload;
    switch (static_cast<SpoolKind>(reader_.record().kind)) {
      case SpoolKind::Start:
        if (const auto first = decode_body_number(payload)) {
          std::erase_if(unfinished_, [&](const auto& body) { return body.first - *first >= kSpoolLifeBodies; });
        }
        break;
      case SpoolKind::Block:
        block(payload);
        break;
      case SpoolKind::Commit:
        if (commit(payload)) return Step::Body;
        break;
      case SpoolKind::Abort:
        if (const auto body = decode_body_number(payload)) unfinished_.erase(*body);
        break;
      default:
        ++unknown_;
    }
  }
}

}  // namespace kubevigil
