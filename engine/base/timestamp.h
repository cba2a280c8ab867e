// Timestamp and Duration: event time in microseconds. Kubernetes writes MicroTime (RFC 3339 with six
// digits); older dialects and envelopes write whole seconds or nanoseconds (cut to microseconds).
// Nothing here reads a clock.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace kubevigil {

struct Duration {
  int64_t micros = 0;
  auto operator<=>(const Duration&) const = default;
  static constexpr Duration seconds(int64_t n) { return {n * 1'000'000}; }
  static constexpr Duration minutes(int64_t n) { return seconds(n * 60); }
  static constexpr Duration hours(int64_t n) { return minutes(n * 60); }
  static constexpr Duration days(int64_t n) { return hours(n * 24); }
};

// Microseconds since 1970-01-01T00:00:00Z.
struct Timestamp {
  int64_t micros = 0;
  auto operator<=>(const Timestamp&) const = default;
  static constexpr Timestamp min() { return {std::numeric_limits<int64_t>::min() / 4}; }
  static constexpr Timestamp max() { return {std::numeric_limits<int64_t>::max() / 4}; }
};

constexpr Timestamp operator+(Timestamp t, Duration d) { return {t.micros + d.micros}; }
constexpr Timestamp operator-(Timestamp t, Duration d) { return {t.micros - d.micros}; }
constexpr Duration operator-(Timestamp a, Timestamp b) { return {a.micros - b.micros}; }
constexpr Duration operator+(Duration a, Duration b) { return {a.micros + b.micros}; }
constexpr Duration operator-(Duration a, Duration b) { return {a.micros - b.micros}; }

// RFC 3339 date-time with any number of fraction digits and 'Z' or an offset. Years 1 to 9999. A space
// instead of 'T' and a missing zone (taken as UTC) are accepted: some exporters write them.
std::optional<Timestamp> parse_rfc3339(std::string_view text);

// "2026-01-02" (midnight UTC) or anything parse_rfc3339 accepts, also without seconds.
std::optional<Timestamp> parse_date_or_time(std::string_view text);

// "2026-01-02T03:04:05.000006Z": always six digits, always UTC.
std::string format_rfc3339(Timestamp t);

// Sigma timespans and flags: an integer and one of us, ms, s, m, h, d, w. "0" alone is allowed.
std::optional<Duration> parse_duration(std::string_view text);

// The shortest exact spelling: "10m", "36h", "1500ms".
std::string format_duration(Duration d);

}  // namespace kubevigil
