#include "inputs/tail_position.h"

#include <fmt/format.h>

#include <charconv>

namespace kubevigil {
namespace {

constexpr std::string_view kVersion = "tail1";

// Words of a position's text, one after the other; `good` turns false at the first that is not as it should be.
struct Words {
  std::string_view rest;
  bool good = true;

  std::string_view word() {
    const size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view out = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    good = good && !out.empty();
    return out;
  }
  template <typename T>
  void number(T& out, std::string_view text, int base = 10) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
    good = good && error == std::errc{} && end == text.data() + text.size();
  }
  template <typename T>
  void number(T& out) {
    number(out, word());
  }
  void print(Fingerprint& out) {
    number(out.bytes);
    const std::string_view hex = word();
    if (hex.size() != 32) {
      good = false;
      return;
    }
    number(out.hash.high, hex.substr(0, 16), 16);
    number(out.hash.low, hex.substr(16), 16);
  }
};

std::string print_text(const Fingerprint& print) {
  return fmt::format("{} {:016x}{:016x}", print.bytes, print.hash.high, print.hash.low);
}

}  // namespace

Fingerprint fingerprint(std::string_view bytes) { return {static_cast<uint32_t>(bytes.size()), siphash(bytes)}; }

bool begins_with(std::string_view head, const Fingerprint& known) {
  return known.bytes > 0 && known.bytes <= head.size() && fingerprint(head.substr(0, known.bytes)) == known;
}

std::string to_text(const TailPosition& p) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {}", kVersion, p.file.device, p.file.inode, print_text(p.file.head),
                     p.number, p.offset, p.line, p.given, print_text(p.tail), print_text(p.before), p.after_us);
}

std::optional<TailPosition> parse_tail_position(std::string_view text) {
  Words words{text};
  TailPosition p;
  if (words.word() != kVersion) return std::nullopt;
  words.number(p.file.device);
  words.number(p.file.inode);
  words.print(p.file.head);
  words.number(p.number);
  words.number(p.offset);
  words.number(p.line);
  words.number(p.given);
  words.print(p.tail);
  words.print(p.before);
  words.number(p.after_us);
  if (!words.good || !words.rest.empty() || text.ends_with(' ')) return std::nullopt;
  return p;
}

}  // namespace kubevigil
