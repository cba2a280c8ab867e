// Log: what the program says about itself while it runs, one line an event of its own life, on one stream.
//
//   log.warn("spool", "segment is damaged", {{"file", path}, {"records", 3}});
//
//   json  {"time":"2026-01-02T03:04:05.000006Z","level":"warn","component":"spool","message":"segment is damaged",
//          "file":"a.seg","records":3}
//   text  2026-01-02T03:04:05.000006Z warn spool: segment is damaged file=a.seg records=3
//
// Component and message are constants of the program, what varies stands in fields: lines are limited in number by
// (component, message). Texts in fields may be written by attackers: they are shown as text.h printable shows them, cut
// to limits::kLogValueBytes; fields that do not fit into limits::kLogLineBytes are left out and counted in the line
// ("left_out"). Of one (component, message) the first kLogBurst lines of a period of kLogPeriod are written, the
// others are counted; the next line written after the period, of any kind, is preceded by one with that message,
// "suppressed": N, and the highest level among them.
// A Secret is shown as "redacted". Thread-safe; a line is written whole, and blocks as the stream does.
#pragma once

#include <array>
#include <concepts>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/base/env.h"
#include "engine/base/secret.h"

namespace kubevigil {

enum class LogLevel : uint8_t { Debug, Info, Warn, Error };
std::string_view to_text(LogLevel level);
enum class LogFormat : uint8_t { Json, Text };

inline constexpr size_t kLogBurst = 10;
inline constexpr Duration kLogPeriod = Duration::seconds(10);

// A value as it goes into a line: a text to be escaped, or a number or boolean that needs none.
class LogValue {
 public:
  LogValue(std::string_view text) : text_(text) {}
  LogValue(const std::string& text) : text_(text) {}
  LogValue(const char* text) : text_(text) {}
  LogValue(const Secret&) : text_(Secret::kShown) {}
  LogValue(Timestamp time) : text_(format_rfc3339(time)) {}
  LogValue(Duration duration) : text_(format_duration(duration)) {}
  LogValue(bool value) : text_(value ? "true" : "false"), bare_(true) {}
  LogValue(double value);
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>)
  LogValue(T value) : text_(std::to_string(value)), bare_(true) {}

  const std::string& text() const { return text_; }
  bool bare() const { return bare_; }  // JSON as it stands

 private:
  std::string text_;
  bool bare_ = false;
};

struct LogField {
  std::string_view key;  // a constant: lower case letters, digits and _
  LogValue value;
};
using LogFields = std::initializer_list<LogField>;

class Log {
 public:
  using Write = std::function<void(std::string_view line)>;  // with its line feed; called by one thread at a time

  struct Options {
    LogLevel level = LogLevel::Info;  // lines below it are not written
    LogFormat format = LogFormat::Json;
  };

  Log(const Env& env, Options options, std::FILE* stream);  // the stream outlives the log
  Log(const Env& env, Options options, Write write);
  ~Log();  // says what was suppressed last
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void debug(std::string_view component, std::string_view message, LogFields fields = {});
  void info(std::string_view component, std::string_view message, LogFields fields = {});
  void warn(std::string_view component, std::string_view message, LogFields fields = {});
  void error(std::string_view component, std::string_view message, LogFields fields = {});
  void line(LogLevel level, std::string_view component, std::string_view message, LogFields fields);

  struct Counts {
    std::array<uint64_t, 4> lines{};  // by level
    uint64_t suppressed = 0;
  };
  Counts counts() const;
  bool shows(LogLevel level) const { return level >= options_.level; }

 private:
  struct Period {  // of one (component, message)
    Duration began;
    size_t written = 0;
    size_t suppressed = 0;
    LogLevel highest = LogLevel::Debug;  // of those suppressed
  };
  using Key = std::pair<std::string, std::string>;

  bool admitted(LogLevel level, std::string_view component, std::string_view message, Duration now);
  void end_periods(Duration until);  // says and forgets those that began by then
  void write(LogLevel level, std::string_view component, std::string_view message, LogFields fields);

  const Env& env_;
  const Options options_;
  const Write write_;
  mutable std::mutex mutex_;  // of what follows
  Counts counts_;
  std::map<Key, Period, std::less<>> periods_;  // at most limits::kLogKeys
};

}  // namespace kubevigil
