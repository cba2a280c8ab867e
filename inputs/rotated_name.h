// Names of rotated log files: which file a name belongs to, and where in its row it stands.
//
//   lumberjack   audit-2024-01-01T00-00-00.000.log   of audit.log; the time (UTC) is that of the rotation
//   logrotate    audit.log.1, audit.log.2, ...       of audit.log; the higher the older
//                audit.log-20240101[-1704067200]     dateext; local time of the node but for the seconds since 1970
//   kubelet      0.log.20240101-120000               of 0.log; local time of the node
// Local times are taken as UTC, and are then up to 14 hours wrong.
// Each may end in .gz, .zst or .zstd.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/timestamp.h"

namespace kubevigil {

struct RotatedName {
  std::string live;                     // the name of the file that is written to: "audit.log"
  bool compressed = false;              // by its suffix
  std::optional<Timestamp> rotated_at;  // when it was closed, where the name says so
  std::optional<uint64_t> number;       // logrotate's
  bool local_time = false;              // rotated_at is in a time zone that we do not know

  Duration doubt() const { return local_time ? Duration::hours(14) : Duration{}; }

  // Oldest first: numbers (highest first), then times, then the live file.
  std::strong_ordering operator<=>(const RotatedName& other) const;
  bool operator==(const RotatedName& other) const { return (*this <=> other) == 0; }
};

RotatedName parse_rotated_name(std::string_view file_name);

}  // namespace kubevigil
