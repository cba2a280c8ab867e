#include "engine/run/segment_recovery.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/run/segment_scan.h"

namespace kubevigil {
namespace {

// Bytes [begin, end) where records [first, next) should be.
struct BadPlace {
  uint64_t begin = 0, end = 0;
  uint64_t first = 0, next = 0;
};

struct Survey {
  std::vector<BadPlace> bad;
  uint64_t end_byte = kSegmentDataBegin;  // behind the last good record
  uint64_t next = 0;                      // behind the last good record
  uint64_t durable = 0;                   // what the records know to have been durable
};

DiskResult<Survey> survey(SegmentScan scan, uint64_t first) {
  Survey found;
  found.next = first;
  ScannedPart part;
  for (;;) {
    const auto more = scan.next(part);
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    if (!part.good) continue;
    if (part.header.sequence != found.next) {
      found.bad.push_back({found.end_byte, part.begin, found.next, part.header.sequence});
    }
    found.end_byte = part.end;
    found.next = part.header.sequence + 1;
    found.durable = std::max(found.durable, part.header.durable);
  }
  if (scan.at() > found.end_byte) found.bad.push_back({found.end_byte, scan.at(), found.next, found.next});
  return found;
}

}  // namespace

DiskResult<std::optional<SegmentMark>> segment_mark(const DiskFile& file, const std::string& path, uint64_t first) {
  std::string bytes(kSegmentDataBegin + kRecordHeaderBytes, '\0');
  const auto got = file.read_at(0, bytes);
  if (!got) return tl::unexpected(got.error());
  bytes.resize(*got);
  if (const auto decoded = decode_segment_header(bytes)) {
    if (decoded->header.version == kSegmentVersion) return SegmentMark{decoded->header.mark, decoded->damaged};
    return disk_fail(DiskFault::Failed, fmt::format("{} has format version {}, this program reads version {}; run the "
                                                    "version that wrote it, or move the file away",
                                                    printable(path), decoded->header.version, kSegmentVersion));
  }
  if (bytes.size() < kSegmentDataBegin) return std::optional<SegmentMark>();
  const auto record = decode_record_header(std::string_view(bytes).substr(kSegmentDataBegin));
  if (!record || record->sequence != first) return std::optional<SegmentMark>();
  return SegmentMark{record->mark, true};
}

DiskResult<RecoveredSegment> recover_segment(const DiskFile& file, const std::string& path, uint64_t first) {
  RecoveredSegment result;
  const auto mark = segment_mark(file, path, first);
  if (!mark) return tl::unexpected(mark.error());
  const uint64_t size = file.size();
  if (!*mark) {
    result.end = first;
    result.damage.push_back({LogDamage::Kind::TornTail, path, 0, size, first, first});
    return result;
  }
  if ((*mark)->damaged) {
    result.damage.push_back({LogDamage::Kind::Header, path, 0, kSegmentDataBegin, first, first});
  }
  const auto found = survey(SegmentScan(file, (*mark)->mark, kSegmentDataBegin, size), first);
  if (!found) return tl::unexpected(found.error());
  result.bytes = found->end_byte;
  result.end = found->next;
  for (const BadPlace& bad : found->bad) {
    if (bad.first >= found->durable) {
      result.damage.push_back({LogDamage::Kind::TornTail, path, bad.begin, size, bad.first, bad.first});
      result.bytes = bad.begin;
      result.end = bad.first;
      break;
    }
    result.damage.push_back({LogDamage::Kind::Gap, path, bad.begin, bad.end, bad.first, bad.next});
  }
  return result;
}

}  // namespace kubevigil
