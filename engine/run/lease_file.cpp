#include "engine/run/lease_file.h"

#include <fmt/format.h>

#include <charconv>

#include "engine/base/text.h"
#include "engine/codec/crc32c.h"

namespace kubevigil {
namespace {

constexpr std::string_view kHeading = "kubevigil-lease 1";

// Takes lines off the front; the first one that does not fit makes all the rest bad.
struct Lines {
  std::string_view rest;
  bool bad = false;

  std::string_view take(std::string_view name) {
    const size_t end = rest.find('\n');
    bad = bad || end == std::string_view::npos || !rest.starts_with(name);
    if (bad) return {};
    const std::string_view value = rest.substr(name.size(), end - name.size());
    rest.remove_prefix(end + 1);
    return value;
  }
  template <typename T>
  T number(std::string_view text) {
    T value{};
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    bad = bad || read.ec != std::errc() || read.ptr != text.data() + text.size();
    return value;
  }
};

bool fits_in_line(std::string_view text) { return printable(text) == text; }

}  // namespace

std::string encode_lease(const LeaseRecord& record) {
  std::string out =
      fmt::format("{}\nholder {}\nterm {}\nrenewal {}\nexpires {}\nreleased {}\n", kHeading, printable(record.holder),
                  record.term, record.renewal, format_rfc3339(record.expires), record.released ? "yes" : "no");
  for (const auto& [sink, behind] : record.behind) {
    const std::string line = fmt::format("behind {} {}\n", behind.micros, sink);
    if (fits_in_line(sink) && out.size() + line.size() + 13 <= kLeaseBytes) out += line;
  }
  return out + fmt::format("crc {:08x}\n", crc32c(out));
}

std::optional<LeaseRecord> decode_lease(std::string_view bytes) {
  const size_t last =
      bytes.size() < 2 || bytes.size() > kLeaseBytes ? std::string_view::npos : bytes.rfind('\n', bytes.size() - 2);
  if (last == std::string_view::npos) return std::nullopt;
  const std::string_view guarded = bytes.substr(0, last + 1);
  if (bytes.substr(last + 1) != fmt::format("crc {:08x}\n", crc32c(guarded))) return std::nullopt;
  Lines lines{guarded};
  LeaseRecord record;
  lines.bad = !lines.take(kHeading).empty() || lines.bad;
  record.holder = lines.take("holder ");
  record.term = lines.number<uint64_t>(lines.take("term "));
  record.renewal = lines.number<uint64_t>(lines.take("renewal "));
  const auto expires = parse_rfc3339(lines.take("expires "));
  const std::string_view released = lines.take("released ");
  if (lines.bad || !expires || (released != "yes" && released != "no")) return std::nullopt;
  record.expires = *expires;
  record.released = released == "yes";
  while (!lines.rest.empty() && !lines.bad) {
    const std::string_view value = lines.take("behind ");
    const size_t space = std::min(value.find(' '), value.size());
    const Duration behind{lines.number<int64_t>(value.substr(0, space))};
    record.behind.emplace(value.substr(std::min(space + 1, value.size())), behind);
  }
  if (lines.bad) return std::nullopt;
  return record;
}

}  // namespace kubevigil
