#include "engine/run/log_reader.h"

#include "engine/codec/crc32c.h"
#include "engine/run/segment_recovery.h"

namespace kubevigil {

DiskResult<bool> LogReader::open() {
  if (segment_.scan && segment_.first == view_->first) {
    segment_.scan->set_end(view_->bytes);
    return true;
  }
  segment_ = {};
  auto file = log_.disk().open(view_->path);
  if (!file && file.error().fault == DiskFault::Missing) return false;
  if (!file) return tl::unexpected(file.error());
  const auto mark = segment_mark(**file, view_->path, view_->first);
  if (!mark) return tl::unexpected(mark.error());
  if (!*mark) return false;
  segment_ = {view_->first, std::move(*file), nullptr};
  segment_.scan = std::make_unique<SegmentScan>(*segment_.file, (*mark)->mark, kSegmentDataBegin, view_->bytes);
  return true;
}

LogReader::Step LogReader::lost(uint64_t begin, uint64_t end, uint64_t next) {
  gap_ = {LogDamage::Kind::Gap, view_->path, begin, end, next_, next};
  next_ = next;
  return Step::Gap;
}

LogReader::Step LogReader::take(const ScannedPart& part, uint64_t good_end) {
  record_ = {part.header.sequence, part.header.kind, part.payload, {view_->first, part.begin, part.header.size}};
  if (part.header.sequence == next_) {
    ++next_;
    return Step::Record;
  }
  held_ = true;
  return lost(good_end, part.begin, part.header.sequence);
}

DiskResult<LogReader::Step> LogReader::next() {
  if (held_) {
    held_ = false;
    next_ = record_.sequence + 1;
    return Step::Record;
  }
  if (!view_ || next_ >= view_->end) view_ = log_.segment_for(next_);
  if (!view_) return Step::End;
  if (view_->first > next_) return lost(0, 0, view_->first);
  const auto opened = open();
  if (!opened) return tl::unexpected(opened.error());
  if (!*opened) return lost(0, view_->bytes, view_->end);
  uint64_t good_end = segment_.scan->at();
  ScannedPart part;
  for (;;) {
    const auto more = segment_.scan->next(part);
    if (!more) return tl::unexpected(more.error());
    const bool over = !*more || (part.good && part.header.sequence >= view_->end);
    if (over) return lost(good_end, view_->bytes, view_->end);
    if (!part.good) continue;
    if (part.header.sequence >= next_) return take(part, good_end);
    good_end = part.end;
  }
}

DiskResult<bool> read_again(const SegmentLog& log, const LogPlace& place, std::string& payload) {
  const auto view = log.segment_for(place.segment);
  if (!view || view->first != place.segment) return false;
  const auto opened = log.disk().open(view->path);
  if (!opened && opened.error().fault == DiskFault::Missing) return false;
  if (!opened) return tl::unexpected(opened.error());
  std::string bytes(kRecordHeaderBytes + place.size, '\0');
  const auto got = (*opened)->read_at(place.offset, bytes);
  if (!got) return tl::unexpected(got.error());
  const auto header = decode_record_header(std::string_view(bytes).substr(0, *got));
  payload = bytes.substr(kRecordHeaderBytes);
  return *got == bytes.size() && header && header->size == place.size && header->payload_crc == crc32c(payload);
}

}  // namespace kubevigil
