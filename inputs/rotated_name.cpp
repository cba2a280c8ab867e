#include "inputs/rotated_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

namespace kubevigil {
namespace {

constexpr std::array<std::string_view, 3> kCompressed = {".gz", ".zst", ".zstd"};

// Does `text` look like `shape`, where 0 stands for any digit?
bool looks_like(std::string_view text, std::string_view shape) {
  return text.size() == shape.size() && std::equal(text.begin(), text.end(), shape.begin(), [](char c, char s) {
           return s == '0' ? c >= '0' && c <= '9' : c == s;
         });
}

bool digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "20240101" and perhaps "120000".
std::optional<Timestamp> compact_time(std::string_view day, std::string_view clock) {
  const std::string time =
      clock.empty() ? "23:59:59" : fmt::format("{}:{}:{}", clock.substr(0, 2), clock.substr(2, 2), clock.substr(4, 2));
  return parse_rfc3339(fmt::format("{}-{}-{}T{}Z", day.substr(0, 4), day.substr(4, 2), day.substr(6, 2), time));
}

bool lumberjack(std::string_view name, RotatedName& out) {
  constexpr std::string_view kShape = "-0000-00-00T00-00-00.000";
  for (size_t at = name.find('-'); at != std::string_view::npos; at = name.find('-', at + 1)) {
    if (!looks_like(name.substr(at, kShape.size()), kShape)) continue;
    std::string time(name.substr(at + 1, kShape.size() - 1));
    time[13] = time[16] = ':';
    const auto rotated = parse_rfc3339(time + "Z");
    if (!rotated) continue;
    out.rotated_at = rotated;
    out.live = std::string(name.substr(0, at)) + std::string(name.substr(at + kShape.size()));
    return true;
  }
  return false;
}

bool logrotate(std::string_view name, RotatedName& out) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view suffix = name.substr(dot + 1);
  if (digits(suffix) && suffix.size() <= 4) {
    uint64_t number = 0;
    std::from_chars(suffix.data(), suffix.data() + suffix.size(), number);
    out.number = number;
  } else if (looks_like(suffix, "00000000-000000")) {
    out.rotated_at = compact_time(suffix.substr(0, 8), suffix.substr(9));
    out.local_time = true;
  }
  if (!out.number && !out.rotated_at) return false;
  out.live = name.substr(0, dot);
  return true;
}

bool dated(std::string_view name, RotatedName& out) {
  std::string_view seconds;
  std::string_view rest = name;
  if (const size_t dash = rest.rfind('-');
      dash != std::string_view::npos && looks_like(rest.substr(dash), "-0000000000")) {
    seconds = rest.substr(dash + 1);
    rest = rest.substr(0, dash);
  }
  const size_t dash = rest.rfind('-');
  if (dash == std::string_view::npos || dash == 0 || !looks_like(rest.substr(dash), "-00000000")) return false;
  const auto day = compact_time(rest.substr(dash + 1), {});
  if (!day) return false;
  out.rotated_at = day;
  out.local_time = seconds.empty();
  int64_t value = 0;
  if (!seconds.empty() && std::from_chars(seconds.data(), seconds.data() + seconds.size(), value).ec == std::errc{}) {
    out.rotated_at = Timestamp{value * 1'000'000};
  }
  out.live = rest.substr(0, dash);
  return true;
}

}  // namespace

std::strong_ordering RotatedName::operator<=>(const RotatedName& other) const {
  const auto key = [](const RotatedName& n) {
    const int rank = n.number ? 0 : n.rotated_at ? 1 : 2;
    return std::tuple(rank, n.number ? UINT64_MAX - *n.number : 0, n.rotated_at.value_or(Timestamp{}).micros);
  };
  return key(*this) <=> key(other);
}

RotatedName parse_rotated_name(std::string_view name) {
  RotatedName out;
  for (const std::string_view suffix : kCompressed) {
    if (!name.ends_with(suffix) || name.size() == suffix.size()) continue;
    out.compressed = true;
    name.remove_suffix(suffix.size());
    break;
  }
  if (!lumberjack(name, out) && !logrotate(name, out) && !dated(name, out)) out.live = name;
  return out;
}

}  // namespace kubevigil
