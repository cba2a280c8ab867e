#include "engine/base/size.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

struct SizeUnit {
  std::string_view name;
  uint64_t bytes;
};
// Largest first, so that the first that divides is the shortest spelling.
constexpr SizeUnit kSizeUnits[] = {
    {"TiB", 1ull << 40},
    {"TB", 1'000'000'000'000},
    {"GiB", 1ull << 30},
    {"GB", 1'000'000'000},
    {"MiB", 1ull << 20},
    {"MB", 1'000'000},
    {"KiB", 1ull << 10},
    {"kB", 1'000},
    {"B", 1},
};

}  // namespace

std::optional<uint64_t> parse_size(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view name = text.substr(static_cast<size_t>(end - text.data()));
  uint64_t unit = name.empty() ? 1 : 0;
  for (const SizeUnit& known : kSizeUnits) {
    if (equals_folded(known.name, name)) unit = known.bytes;
  }
  if (unit == 0 || number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / unit) return std::nullopt;
  return number * unit;
}

std::string format_size(uint64_t bytes) {
  for (const SizeUnit& unit : kSizeUnits) {
    if (unit.bytes > 1 && bytes > 0 && bytes % unit.bytes == 0)
      return fmt::format("{}{}", bytes / unit.bytes, unit.name);
  }
  return std::to_string(bytes);
}

}  // namespace kubevigil
