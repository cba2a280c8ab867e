#include "outputs/syslog_message.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "outputs/severity.h"

namespace kubevigil {
namespace {

constexpr size_t kHostBytes = 255, kMessageIdBytes = 32, kValueBytes = 128;

// Visible ASCII, at least one character.
std::string plain(std::string_view text, size_t bytes) {
  std::string out(text.substr(0, bytes));
  for (char& c : out) {
    if (c <= 32 || c >= 127) c = '_';
  }
  return out.empty() ? "-" : out;
}

std::string parameter(std::string_view name, std::string_view value) {
  std::string out = fmt::format(" {}=\"", name);
  for (const char c : printable(cut_to_bytes(value, kValueBytes))) {
    if (c == '"' || c == '\\' || c == ']') out += '\\';
    out += c;
  }
  return out + '"';
}

// One line, valid UTF-8: encodings see to that, a message of another origin is mended.
std::string one_line(std::string_view record) {
  size_t repaired = 0;
  std::string out = repair_utf8(trim(record), repaired);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\n' || c == '\r' || c == '\0'; }, ' ');
  return out;
}

}  // namespace

std::string syslog_message(const Alert& alert, std::string_view record, const SyslogNames& names) {
  const int facility = std::clamp(names.facility, 0, 23);
  std::string out = fmt::format("<{}>1 {} {} kubevigil - {} [kubevigil@{}", facility * 8 + severity_of(alert).syslog,
                                format_rfc3339(alert.time), plain(names.host, kHostBytes),
                                plain(alert.rule_name, kMessageIdBytes), names.enterprise);
  out += parameter("id", alert.id) + parameter("revision", std::to_string(alert.revision));
  out += parameter("status", to_text(alert.status)) + parameter("level", to_text(alert.level));
  out += parameter("rule", alert.rule_name) + "] ";
  return out + one_line(record);
}

std::string syslog_frame(std::string_view message) { return fmt::format("{} {}", message.size(), message); }

}  // namespace kubevigil
