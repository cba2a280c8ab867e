#include "engine/app/progress.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "engine/base/json_writer.h"
#include "engine/base/terminal.h"

namespace kubevigil {
namespace {

constexpr Duration kLineEvery = Duration::seconds(10);
constexpr Duration kJsonEvery = Duration::seconds(1);

std::string alerts_text(const std::array<uint64_t, kLevelNames.size()>& alerts) {
  std::string out;
  for (size_t i = alerts.size(); i-- > 0;) {
    if (alerts[i] > 0) out += fmt::format("{}{} {}", out.empty() ? "" : " ", alerts[i], kLevelNames[i]);
  }
  return out.empty() ? "no alerts" : out;
}

}  // namespace

void RateMeter::add(uint64_t bytes, Duration elapsed) {
  const double seconds = static_cast<double>((elapsed - elapsed_).micros) / 1e6;
  if (seconds <= 0) return;
  const double now = static_cast<double>(bytes - bytes_) / seconds;
  const double weight = elapsed_.micros == 0 ? 1.0 : 1.0 - std::exp(-seconds / 20.0);
  rate_ += (now - rate_) * weight;
  bytes_ = bytes;
  elapsed_ = elapsed;
}

std::optional<double> RateMeter::eta(uint64_t bytes, uint64_t total) const {
  if (elapsed_ < Duration::seconds(3) || total == 0 || rate_ <= 0) return std::nullopt;
  return total > bytes ? static_cast<double>(total - bytes) / rate_ : 0.0;
}

std::string human_number(double n, std::string_view unit) {
  constexpr std::array<std::string_view, 5> kPrefixes = {"", "k", "M", "G", "T"};
  size_t prefix = 0;
  while (n >= 999.5 && prefix + 1 < kPrefixes.size()) {
    n /= 1000;
    ++prefix;
  }
  const int decimals = prefix == 0 || n >= 99.95 ? 0 : n >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}{}", n, decimals, kPrefixes[prefix], unit);
}

std::string human_duration(double seconds) {
  const auto s = static_cast<uint64_t>(std::llround(std::max(0.0, seconds)));
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{:02}:{:02}", s / 60, s % 60);
}

std::string progress_line(const ReplayProgress& p, const RateMeter& rate) {
  const double seconds = std::max(1e-3, static_cast<double>(p.elapsed.micros) / 1e6);
  std::string out;
  if (p.total_bytes > 0) {
    const double share = std::min(1.0, static_cast<double>(p.bytes) / static_cast<double>(p.total_bytes));
    const auto blocks = static_cast<size_t>(share * 10);
    for (size_t i = 0; i < 10; ++i) out += i < blocks ? "\xE2\x96\x88" : "\xC2\xB7";
    out += fmt::format(" {:3.0f} %  {}/", share * 100, human_number(static_cast<double>(p.bytes), "B"));
    out += human_number(static_cast<double>(p.total_bytes), "B");
  } else {
    out += human_number(static_cast<double>(p.bytes), "B");
  }
  constexpr double kSlow = 1e7;  // less than 0.01 GB/s
  const std::string speed =
      rate.rate() < kSlow ? human_number(rate.rate(), "B/s") : fmt::format("{:.2f} GB/s", rate.rate() / 1e9);
  out += fmt::format("  {}  {}", speed, human_number(static_cast<double>(p.events) / seconds, "ev/s"));
  if (const auto eta = rate.eta(p.bytes, p.total_bytes)) out += "  ETA " + human_duration(*eta);
  return out + "  " + alerts_text(p.alerts);
}

std::string progress_json(const ReplayProgress& p, const RateMeter& rate) {
  JsonWriter json;
  json.begin_object().member("bytes", p.bytes).member("total", p.total_bytes).member("events", p.events);
  json.member("elapsed_s", static_cast<double>(p.elapsed.micros) / 1e6).key("eta_s");
  const auto eta = rate.eta(p.bytes, p.total_bytes);
  eta ? json.value(std::round(*eta)) : json.raw("null");
  json.key("alerts").begin_object();
  for (size_t i = 0; i < p.alerts.size(); ++i) json.member(kLevelNames[i], p.alerts[i]);
  return json.end_object().end_object().take();
}

ProgressDisplay::ProgressDisplay(const Console& console, std::string mode)
    : console_(console), mode_(std::move(mode)), terminal_(console.err_is_terminal()) {}

void ProgressDisplay::show(const ReplayProgress& progress) {
  if (mode_ == "none") return;
  rate_.add(progress.bytes, progress.elapsed);
  const bool over = terminal_ && mode_ != "json";
  const Duration every = mode_ == "json" ? kJsonEvery : kLineEvery;
  if (!over) {
    if (progress.elapsed - said_ < every) return;
    said_ = progress.elapsed;
    console_.say(mode_ == "json" ? progress_json(progress, rate_) : progress_line(progress, rate_));
    return;
  }
  const size_t width = console_.width();
  const std::string line = progress_line(progress, rate_);
  std::fputs(("\r\x1b[K" + (width == 0 ? line : cut_to_width(line, width - 1))).c_str(), console_.err());
  std::fflush(console_.err());
  drawn_ = true;
}

void ProgressDisplay::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", console_.err());
  std::fflush(console_.err());
  drawn_ = false;
}

}  // namespace kubevigil
