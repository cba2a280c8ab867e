// The records of the spool (a SegmentLog named "spool"). Numbers are little-endian; a text is a u32 length and its
// bytes; "body" is a number that is unique among the unfinished bodies; a frame is a zstd frame up to the record's end.
//
//   kind 1 start    u64 first body of this life of the program; others (those that are not one of the 2^40 numbers from
//                   there on) will never be finished. It may come late: the disk may be full at the first attempt
//   kind 2 block    u64 body, u32 index from 0, u32 raw size, frame
//   kind 3 commit   u64 body, u32 blocks before this one, u64 raw bytes in all, u32 CRC-32C of all raw bytes,
//                   i64 arrival (microseconds since 1970), text cluster, text credential, text peer,
//                   u32 raw size, frame: the last block (the only one of most bodies)
//   kind 4 abort    u64 body
//
// A body is there when its commit is. Blocks of several bodies come mixed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/timestamp.h"

namespace kubevigil {

enum class SpoolKind : uint32_t { Start = 1, Block = 2, Commit = 3, Abort = 4 };

inline constexpr size_t kSpoolBlockBytes = 256u << 10;  // raw bytes of a block at most
inline constexpr uint64_t kSpoolLifeBodies = 1ull << 40;

// Who sent a body, as the receiver knows it. Texts are cut at limits::kSpoolSourceBytes.
struct SpoolSource {
  std::string cluster;
  std::string credential;  // the name of the credential, never the secret
  std::string peer;        // address
  Timestamp arrival;
  bool operator==(const SpoolSource&) const = default;
};

struct SpoolBlock {
  uint64_t body = 0;
  uint32_t index = 0;
  uint32_t raw_size = 0;
  std::string_view frame;
};

struct SpoolCommit {
  uint64_t body = 0;
  uint32_t blocks = 0;
  uint64_t raw_bytes = 0;
  uint32_t raw_crc = 0;
  SpoolSource source;
  uint32_t raw_size = 0;
  std::string_view frame;
};

std::string encode_block(const SpoolBlock& block);
std::string encode_commit(const SpoolCommit& commit);
std::string encode_body_number(uint64_t body);  // start, abort

// nullopt: not such a record (damage is found before, by the log's checksums; this is another program's file).
std::optional<SpoolBlock> decode_block(std::string_view payload);
std::optional<SpoolCommit> decode_commit(std::string_view payload);
std::optional<uint64_t> decode_body_number(std::string_view payload);

}  // namespace kubevigil
