#include "engine/app/time_option.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/text.h"

namespace kubevigil {

Result<Timestamp> parse_time_option(std::string_view text, Timestamp now) {
  if (text.starts_with('-')) {
    if (const auto ago = parse_duration(text.substr(1))) return now - *ago;
  }
  if (const auto time = parse_date_or_time(text)) return *time;
  const bool digits = text.size() >= 9 && text.size() <= 11 &&
                      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits) {
    int64_t seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return Timestamp{seconds * 1'000'000};
  }
  return fail(fmt::format("\"{}\" is no time: write 2026-01-02, 2026-01-02T03:04:05Z, seconds since 1970, or -2h",
                          printable(text)));
}

}  // namespace kubevigil
