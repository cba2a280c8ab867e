// The lease file: which of two instances sends. Text, so that people can read it; the last line guards the rest.
//
//   file = "kubevigil-lease 1" NL
//          "holder " NAME NL               instance "/" random number of this life of it
//          "term " N NL                    grows by 1 at each take-over
//          "renewal " N NL                 grows by 1 each time it is written within a term
//          "expires " RFC3339 NL           by the holder's clock; for people and for the holder itself
//          "released " ("yes" | "no") NL   yes: the holder has stopped in order
//          ("behind " MICROS " " SINK NL)*  when this was written, everything that arrived so long before was delivered
//          "crc " 8HEX NL                  CRC-32C of the bytes before this line
//
// Pure. Bounded: kLeaseBytes; names with control characters are not written.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/timestamp.h"

namespace kubevigil {

inline constexpr size_t kLeaseBytes = 64u << 10;

struct LeaseRecord {
  std::string holder;
  uint64_t term = 0;
  uint64_t renewal = 0;
  Timestamp expires;
  bool released = false;
  std::map<std::string, Duration, std::less<>> behind;  // by sink
  bool operator==(const LeaseRecord&) const = default;
};

std::string encode_lease(const LeaseRecord& record);
std::optional<LeaseRecord> decode_lease(std::string_view bytes);  // nullopt: torn, or no lease file

}  // namespace kubevigil
