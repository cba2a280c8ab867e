#include "engine/base/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr size_t kRoomForCount = 64;                                // "left_out" and the end of the line
constexpr std::string_view kOtherLines = "(lines of other kinds)";  // share one period when there are too many keys

std::string quoted_where_needed(std::string_view text) {
  const bool plain = !text.empty() && text.find_first_of(" \"=\\") == std::string_view::npos;
  if (plain) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

std::string field_text(LogFormat format, std::string_view key, const LogValue& value) {
  std::string text = value.bare() ? value.text() : printable(cut_to_bytes(value.text(), limits::kLogValueBytes));
  if (format == LogFormat::Text) return fmt::format(" {}={}", key, value.bare() ? text : quoted_where_needed(text));
  return value.bare() ? fmt::format(",\"{}\":{}", key, text) : fmt::format(",\"{}\":\"{}\"", key, json_escaped(text));
}

std::string line_text(LogFormat format, Timestamp time, LogLevel level, std::string_view component,
                      std::string_view message, LogFields fields) {
  const std::string shown = printable(cut_to_bytes(message, limits::kLogValueBytes));
  const std::string when = format_rfc3339(time);
  std::string line = format == LogFormat::Text
                         ? fmt::format("{} {} {}: {}", when, to_text(level), component, shown)
                         : fmt::format(R"({{"time":"{}","level":"{}","component":"{}","message":"{}")", when,
                                       to_text(level), json_escaped(component), json_escaped(shown));
  size_t left_out = 0;
  for (const LogField& field : fields) {
    const std::string text = field_text(format, field.key, field.value);
    if (line.size() + text.size() + kRoomForCount > limits::kLogLineBytes) {
      ++left_out;
    } else {
      line += text;
    }
  }
  if (left_out > 0) line += field_text(format, "left_out", left_out);
  if (format == LogFormat::Json) line += '}';
  return line += '\n';
}

void write_to(std::FILE* stream, std::string_view line) {
  // A log that cannot be written has nobody to tell.
  (void)std::fwrite(line.data(), 1, line.size(), stream);
  (void)std::fflush(stream);
}

}  // namespace

std::string_view to_text(LogLevel level) {
  constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};
  return kNames[static_cast<size_t>(level)];
}

LogValue::LogValue(double value) : text_(std::isfinite(value) ? fmt::format("{}", value) : "null"), bare_(true) {}

Log::Log(const Env& env, Options options, std::FILE* stream)
    : Log(env, options, [stream](std::string_view line) { write_to(stream, line); }) {}

Log::Log(const Env& env, Options options, Write write) : env_(env), options_(options), write_(std::move(write)) {}

Log::~Log() {
  const std::scoped_lock lock(mutex_);
  end_periods(Duration{std::numeric_limits<int64_t>::max()});
}

void Log::debug(std::string_view component, std::string_view message, LogFields fields) {
  line(LogLevel::Debug, component, message, fields);
}
void Log::info(std::string_view component, std::string_view message, LogFields fields) {
  line(LogLevel::Info, component, message, fields);
}
void Log::warn(std::string_view component, std::string_view message, LogFields fields) {
  line(LogLevel::Warn, component, message, fields);
}
void Log::error(std::string_view component, std::string_view message, LogFields fields) {
  line(LogLevel::Error, component, message, fields);
}

void Log::line(LogLevel level, std::string_view component, std::string_view message, LogFields fields) {
  if (!shows(level)) return;
  const std::scoped_lock lock(mutex_);
  const Duration now = env_.monotonic();
  end_periods(now - kLogPeriod);
  if (admitted(level, component, message, now)) write(level, component, message, fields);
}

bool Log::admitted(LogLevel level, std::string_view component, std::string_view message, Duration now) {
  Key key{component, message};
  if (periods_.size() >= limits::kLogKeys && !periods_.contains(key)) key = Key{"log", kOtherLines};
  Period& period = periods_.try_emplace(std::move(key), Period{.began = now}).first->second;
  if (period.written < kLogBurst) {
    ++period.written;
    return true;
  }
  ++period.suppressed;
  ++counts_.suppressed;
  period.highest = std::max(period.highest, level);
  return false;
}

void Log::end_periods(Duration until) {
  std::erase_if(periods_, [&](const auto& entry) {
    const auto& [key, period] = entry;
    if (period.began > until) return false;
    if (period.suppressed > 0) write(period.highest, key.first, key.second, {{"suppressed", period.suppressed}});
    return true;
  });
}

Log::Counts Log::counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

void Log::write(LogLevel level, std::string_view component, std::string_view message, LogFields fields) {
  ++counts_.lines[static_cast<size_t>(level)];
  write_(line_text(options_.format, env_.now(), level, component, message, fields));
}

}  // namespace kubevigil
