// The bytes of one segment of a log (engine/run/segment_log.h). All numbers are little-endian.
//
//   segment = header header record*
//
// Header, 32 bytes, written twice so that one flipped bit does not cost the file:
//    0  8  magic "KVSEGLOG"
//    8  4  format version, 1
//   12  8  sequence of the first record; also in the file's name, which wins
//   20  8  mark: a secret random number, another one for each segment
//   28  4  CRC-32C of the 28 bytes before
// Record, 40 bytes and its payload:
//    0  8  mark of the segment: the place to look for after damage. Nobody outside knows it, so no payload, whoever
//          wrote it, can pass for a record
//    8  8  sequence: the number of the record; each is one more than the last, through all segments
//   16  8  durable: every record with a smaller sequence was on the disk when this one was written. It tells damage (a
//          record that was safe once) from a torn tail (one that never was)
//   24  4  kind, the owner's
//   28  4  bytes of payload
//   32  4  CRC-32C of the payload
//   36  4  CRC-32C of the 36 bytes before
//   40     payload
//
// A file is called <name>-<first sequence, 16 hex digits>.log; while it is made, the same with ".new" behind it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kubevigil {

inline constexpr uint32_t kSegmentVersion = 1;
inline constexpr size_t kSegmentHeaderBytes = 32;
inline constexpr size_t kSegmentDataBegin = 2 * kSegmentHeaderBytes;
inline constexpr size_t kRecordHeaderBytes = 40;

struct SegmentHeader {
  uint32_t version = kSegmentVersion;
  uint64_t first = 0;
  uint64_t mark = 0;
};

// Both copies.
std::string encode_segment_header(const SegmentHeader& header);
struct DecodedHeader {
  SegmentHeader header;
  bool damaged = false;  // one copy was bad, the other one is given
};
// From the first kSegmentDataBegin bytes of a file; nullopt: both copies are bad, or there are fewer bytes.
std::optional<DecodedHeader> decode_segment_header(std::string_view bytes);

struct RecordHeader {
  uint64_t mark = 0;
  uint64_t sequence = 0;
  uint64_t durable = 0;
  uint32_t kind = 0;
  uint32_t size = 0;
  uint32_t payload_crc = 0;
};

std::string encode_record_header(const RecordHeader& header);
std::optional<RecordHeader> decode_record_header(std::string_view bytes);  // the first 40 bytes; nullopt: bad CRC

std::string segment_file_name(std::string_view log, uint64_t first);
// The first sequence, when `file` is the name of a segment of this log.
std::optional<uint64_t> parse_segment_name(std::string_view log, std::string_view file);

// Little-endian numbers at the end of a text, and at a place in it.
void put_u32(std::string& out, uint32_t number);
void put_u64(std::string& out, uint64_t number);
uint32_t get_u32(std::string_view bytes, size_t at);
uint64_t get_u64(std::string_view bytes, size_t at);

}  // namespace kubevigil
