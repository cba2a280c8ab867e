#include "engine/base/timestamp.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace kubevigil {
namespace {

// Reads exactly `digits` decimal digits from the front of `text`.
std::optional<int> take_number(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char c = text[i];
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// Days since 1970-01-01 of a proleptic Gregorian date (the civil-from-days algorithm, public domain).
int64_t days_from_civil(int64_t y, int m, int d) {
  y -= m <= 2;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t yoe = y - era * 400;
  const int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

int days_in_month(int year, int month) {
  static constexpr std::array<int, 13> kDays = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[static_cast<size_t>(month)];
}

std::optional<int64_t> take_date(std::string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || *year < 1 || *month < 1 || *month > 12 || *day < 1 || *day > days_in_month(*year, *month)) {
    return std::nullopt;
  }
  return days_from_civil(*year, *month, *day);
}

// The fraction after the dot in microseconds; digits beyond the sixth are cut.
std::optional<int64_t> take_fraction(std::string_view& text) {
  int64_t micros = 0;
  size_t n = 0;
  for (; n < text.size() && text[n] >= '0' && text[n] <= '9'; ++n) {
    if (n < 6) micros = micros * 10 + (text[n] - '0');
  }
  if (n == 0) return std::nullopt;
  for (size_t i = n; i < 6; ++i) micros *= 10;
  text.remove_prefix(n);
  return micros;
}

// "Z", "+hh:mm", "-hh:mm", "+hhmm" or nothing; seconds east of UTC.
std::optional<int64_t> take_zone(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return 0;
  const bool west = text.front() == '-';
  if (!west && text.front() != '+') return std::nullopt;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2);
  take(text, ':');
  const auto minutes = take_number(text, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59 || !text.empty()) return std::nullopt;
  const int64_t seconds = (*hours * 60 + *minutes) * 60;
  return west ? -seconds : seconds;
}

std::optional<Timestamp> parse_time(std::string_view text, bool seconds_required) {
  const auto days = take_date(text);
  if (!days) return std::nullopt;
  if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
  int64_t second = 0;
  int64_t fraction = 0;
  if (take(text, ':')) {
    const auto s = take_number(text, 2);
    if (!s || *s > 60) return std::nullopt;  // 60: a leap second is the next second
    second = *s;
    if (take(text, '.') || take(text, ',')) {
      const auto f = take_fraction(text);
      if (!f) return std::nullopt;
      fraction = *f;
    }
  } else if (seconds_required) {
    return std::nullopt;
  }
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const auto zone = take_zone(text);
  if (!zone) return std::nullopt;
  return Timestamp{(*days * 86400 + *hour * 3600 + *minute * 60 + second - *zone) * 1'000'000 + fraction};
}

struct DurationUnit {
  std::string_view name;
  int64_t micros;
};
constexpr std::array<DurationUnit, 7> kDurationUnits = {{{"us", 1},
                                                         {"ms", 1'000},
                                                         {"s", 1'000'000},
                                                         {"m", 60'000'000},
                                                         {"h", 3'600'000'000},
                                                         {"d", 86'400'000'000},
                                                         {"w", 604'800'000'000}}};
constexpr int64_t kMaxDurationMicros = 3650LL * 86'400'000'000;  // ten years: longer is a typing error

}  // namespace

std::optional<Timestamp> parse_rfc3339(std::string_view text) { return parse_time(text, true); }

std::optional<Timestamp> parse_date_or_time(std::string_view text) {
  if (text.size() == 10) {
    const auto days = take_date(text);
    if (!days) return std::nullopt;
    return Timestamp{*days * 86'400'000'000};
  }
  return parse_time(text, false);
}

std::string format_rfc3339(Timestamp t) {
  int64_t days = t.micros / 86'400'000'000;
  int64_t rest = t.micros % 86'400'000'000;
  if (rest < 0) {
    rest += 86'400'000'000;
    --days;
  }
  const int64_t z = days + 719468;
  const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const int64_t doe = z - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  const int64_t day = doy - (153 * mp + 2) / 5 + 1;
  const int64_t month = mp < 10 ? mp + 3 : mp - 9;
  const int64_t year = yoe + era * 400 + (month <= 2);
  const int64_t s = rest / 1'000'000;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", year, month, day, s / 3600, s / 60 % 60, s % 60,
                     rest % 1'000'000);
}

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration{};
  int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || n < 0) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  for (const DurationUnit& u : kDurationUnits) {
    if (u.name != unit) continue;
    if (n > kMaxDurationMicros / u.micros) return std::nullopt;
    return Duration{n * u.micros};
  }
  return std::nullopt;
}

std::string format_duration(Duration d) {
  if (d.micros == 0) return "0s";
  for (size_t i = kDurationUnits.size() - 1; i-- > 0;) {  // weeks are read, never written
    if (d.micros % kDurationUnits[i].micros == 0)
      return fmt::format("{}{}", d.micros / kDurationUnits[i].micros, kDurationUnits[i].name);
  }
  return fmt::format("{}us", d.micros);
}

}  // namespace kubevigil
