// A segment of a log made of any bytes: recovery and scan end, stay within the file, agree, and give only records whose
// checksums are right. The first byte says how many headers and records get right checksums first, so that the fuzzer
// comes behind them.
#include <cstdint>
#include <cstdlib>

#include "engine/codec/crc32c.h"
#include "engine/run/segment_recovery.h"
#include "engine/run/segment_scan.h"
#include "engine/run/spool_format.h"
#include "tests/support/memory_file.h"

namespace {

using namespace kubevigil;

constexpr uint64_t kMark = 0x6d61726b;

void require(bool holds) {
  if (!holds) std::abort();
}

void place(std::string& bytes, size_t at, const std::string& what) {
  if (at + what.size() <= bytes.size()) bytes.replace(at, what.size(), what);
}

// Records keep their sequence, durable, kind and length as the fuzzer chose them.
std::string mended(std::string bytes, size_t parts) {
  if (parts > 0) place(bytes, 0, encode_segment_header({kSegmentVersion, 1, kMark}));
  for (size_t at = kSegmentDataBegin; parts > 1 && at + kRecordHeaderBytes <= bytes.size(); --parts) {
    const size_t room = bytes.size() - at - kRecordHeaderBytes;
    const uint32_t size = static_cast<uint32_t>(std::min<size_t>(get_u32(bytes, at + 28), room));
    const std::string_view payload = std::string_view(bytes).substr(at + kRecordHeaderBytes, size);
    const RecordHeader header{
        kMark,          get_u64(bytes, at + 8) & 0xff, get_u64(bytes, at + 16) & 0xff, get_u32(bytes, at + 24), size,
        crc32c(payload)};
    place(bytes, at, encode_record_header(header));
    at += kRecordHeaderBytes + size;
  }
  return bytes;
}

void decode(std::string_view payload) {
  if (const auto block = decode_block(payload)) require(encode_block(*block) == payload);
  if (const auto commit = decode_commit(payload)) require(encode_commit(*commit) == payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  decode(input.substr(1));
  const test::MemoryFile file(mended(std::string(input.substr(1)), data[0] % 8));
  const auto recovered = recover_segment(file, "f", 1);
  if (!recovered) return 0;  // another version
  require(recovered->bytes <= file.size());
  for (const LogDamage& damage : recovered->damage) {
    require(damage.begin_byte <= damage.end_byte && damage.end_byte <= std::max<uint64_t>(file.size(), 64));
    require(damage.first <= damage.end && damage.end <= recovered->end);
  }
  const auto mark = segment_mark(file, "f", 1);
  if (!mark || !*mark) return 0;
  SegmentScan scan(file, (*mark)->mark, kSegmentDataBegin, recovered->bytes);
  ScannedPart part;
  uint64_t at = kSegmentDataBegin, last = 0;
  for (;;) {
    const auto more = scan.next(part);
    require(more.has_value());
    if (!*more) break;
    require(part.begin == at && part.end > part.begin);
    at = part.end;
    if (!part.good) continue;
    require(part.header.sequence > last && crc32c(part.payload) == part.header.payload_crc);
    require(part.payload.size() == part.header.size);
    last = part.header.sequence;
    decode(part.payload);
  }
  require(last < recovered->end || recovered->end == 0);
  return 0;
}
