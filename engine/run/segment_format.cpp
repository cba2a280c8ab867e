#include "engine/run/segment_format.h"

#include <fmt/format.h>

#include <charconv>

#include "engine/codec/crc32c.h"

namespace kubevigil {
namespace {

constexpr std::string_view kMagic = "KVSEGLOG";
constexpr std::string_view kSuffix = ".log";
constexpr size_t kHexDigits = 16;

std::optional<SegmentHeader> decode_copy(std::string_view copy) {
  if (!copy.starts_with(kMagic)) return std::nullopt;
  if (get_u32(copy, 28) != crc32c(copy.substr(0, 28))) return std::nullopt;
  return SegmentHeader{get_u32(copy, 8), get_u64(copy, 12), get_u64(copy, 20)};
}

template <typename T>
void put(std::string& out, T number) {
  for (size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(number >> (8 * i));
}
template <typename T>
T get(std::string_view bytes, size_t at) {
  T number = 0;
  for (size_t i = 0; i < sizeof(T); ++i) number |= static_cast<T>(static_cast<uint8_t>(bytes[at + i])) << (8 * i);
  return number;
}

}  // namespace

void put_u32(std::string& out, uint32_t number) { put(out, number); }
void put_u64(std::string& out, uint64_t number) { put(out, number); }
uint32_t get_u32(std::string_view bytes, size_t at) { return get<uint32_t>(bytes, at); }
uint64_t get_u64(std::string_view bytes, size_t at) { return get<uint64_t>(bytes, at); }

std::string encode_segment_header(const SegmentHeader& header) {
  std::string copy(kMagic);
  put_u32(copy, header.version);
  put_u64(copy, header.first);
  put_u64(copy, header.mark);
  put_u32(copy, crc32c(copy));
  return copy + copy;
}

std::optional<DecodedHeader> decode_segment_header(std::string_view bytes) {
  if (bytes.size() < kSegmentDataBegin) return std::nullopt;
  const auto first = decode_copy(bytes.substr(0, kSegmentHeaderBytes));
  const auto second = decode_copy(bytes.substr(kSegmentHeaderBytes, kSegmentHeaderBytes));
  if (!first && !second) return std::nullopt;
  return DecodedHeader{first ? *first : *second, !first || !second};
}

std::string encode_record_header(const RecordHeader& header) {
  std::string out;
  out.reserve(kRecordHeaderBytes);
  put_u64(out, header.mark);
  put_u64(out, header.sequence);
  put_u64(out, header.durable);
  put_u32(out, header.kind);
  put_u32(out, header.size);
  put_u32(out, header.payload_crc);
  put_u32(out, crc32c(out));
  return out;
}

std::optional<RecordHeader> decode_record_header(std::string_view bytes) {
  if (bytes.size() < kRecordHeaderBytes) return std::nullopt;
  if (get_u32(bytes, 36) != crc32c(bytes.substr(0, 36))) return std::nullopt;
  return RecordHeader{get_u64(bytes, 0),  get_u64(bytes, 8),  get_u64(bytes, 16),
                      get_u32(bytes, 24), get_u32(bytes, 28), get_u32(bytes, 32)};
}

std::string segment_file_name(std::string_view log, uint64_t first) {
  return fmt::format("{}-{:016x}{}", log, first, kSuffix);
}

std::optional<uint64_t> parse_segment_name(std::string_view log, std::string_view file) {
  if (file.size() != log.size() + 1 + kHexDigits + kSuffix.size()) return std::nullopt;
  uint64_t first = 0;
  const char* begin = file.data() + log.size() + 1;
  const auto [end, problem] = std::from_chars(begin, begin + kHexDigits, first, 16);
  if (problem != std::errc() || end != begin + kHexDigits || first == 0) return std::nullopt;
  if (segment_file_name(log, first) != file) return std::nullopt;
  return first;
}

}  // namespace kubevigil
