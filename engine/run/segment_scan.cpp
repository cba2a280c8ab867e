#include "engine/run/segment_scan.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/codec/crc32c.h"

namespace kubevigil {
namespace {

constexpr size_t kWindow = 256u << 10;

}  // namespace

SegmentScan::SegmentScan(const DiskFile& file, uint64_t mark, uint64_t begin, uint64_t end)
    : file_(file), at_(begin), end_(end) {
  put_u64(mark_, mark);
}

DiskResult<std::string_view> SegmentScan::bytes(uint64_t offset, size_t size) {
  if (offset >= end_) return std::string_view();
  size = std::min<uint64_t>(size, end_ - offset);
  const bool inside = offset >= window_begin_ && offset + size <= window_begin_ + window_.size();
  if (!inside) {
    window_.resize(std::min<uint64_t>(std::max(size, kWindow), end_ - offset));
    window_begin_ = offset;
    const auto got = file_.read_at(offset, window_);
    window_.resize(got ? *got : 0);
    if (!got) return tl::unexpected(got.error());
  }
  return std::string_view(window_).substr(offset - window_begin_, size);
}

DiskResult<bool> SegmentScan::record_at(uint64_t offset, ScannedPart& part) {
  const auto head = bytes(offset, kRecordHeaderBytes);
  if (!head) return tl::unexpected(head.error());
  if (!head->starts_with(mark_)) return false;
  const auto header = decode_record_header(*head);
  if (!header || header->sequence <= last_sequence_ || header->size > limits::kLogRecordBytes) return false;
  const auto whole = bytes(offset, kRecordHeaderBytes + header->size);
  if (!whole) return tl::unexpected(whole.error());
  if (whole->size() != kRecordHeaderBytes + header->size) return false;
  const std::string_view payload = whole->substr(kRecordHeaderBytes);
  if (crc32c(payload) != header->payload_crc) return false;
  part = {true, *header, payload, offset, offset + whole->size()};
  return true;
}

DiskResult<bool> SegmentScan::search(uint64_t offset, ScannedPart& part) {
  while (offset + kRecordHeaderBytes <= end_) {
    const auto some = bytes(offset, kWindow);
    if (!some) return tl::unexpected(some.error());
    if (some->size() < kRecordHeaderBytes) return false;
    const size_t found = some->find(mark_);
    if (found == std::string_view::npos) {
      offset += some->size() - mark_.size() + 1;
      continue;
    }
    offset += found;
    const auto good = record_at(offset, part);
    if (!good || *good) return good;
    ++offset;
  }
  return false;
}

DiskResult<bool> SegmentScan::next(ScannedPart& part) {
  const auto here = bytes(at_, 1);
  if (!here) return tl::unexpected(here.error());
  if (here->empty()) return false;
  const auto good = record_at(at_, part);
  if (!good) return good;
  if (!*good) {
    const uint64_t begin = at_;
    ScannedPart later;
    const auto found = search(begin + 1, later);
    if (!found) return found;
    const uint64_t last = std::min(end_, file_.size());
    part = {false, {}, {}, begin, *found ? later.begin : std::max(last, begin + 1)};
    at_ = part.end;
    return true;
  }
  last_sequence_ = part.header.sequence;
  at_ = part.end;
  return true;
}

}  // namespace kubevigil
