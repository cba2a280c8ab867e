// A log that tests read, and a clock that they turn.
#pragma once

#include <string>
#include <vector>

#include "engine/base/log.h"

namespace kubevigil {

class SetEnv : public Env {
 public:
  Timestamp now() const override { return {1'767'323'045'000'006 + time.micros}; }  // 2026-01-02T03:04:05.000006Z
  Duration monotonic() const override { return time; }
  size_t peak_memory() const override { return 0; }

  Duration time;
};

// Lines as text, without their line feeds. Read it when no other thread writes.
class MemoryLog {
 public:
  explicit MemoryLog(const Env& env = system_env(), Log::Options options = {LogLevel::Debug, LogFormat::Text})
      : log_(env, options, [this](std::string_view line) { lines_.emplace_back(line.substr(0, line.size() - 1)); }) {}

  Log& log() { return log_; }
  operator Log&() { return log_; }
  const std::vector<std::string>& lines() const { return lines_; }
  size_t count(std::string_view part) const {
    size_t n = 0;
    for (const std::string& line : lines_) n += line.find(part) != std::string::npos ? 1 : 0;
    return n;
  }

 private:
  std::vector<std::string> lines_;
  Log log_;  // behind the lines that its end may still write to
};

}  // namespace kubevigil
