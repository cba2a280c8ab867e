#include "tests/soak/samples.h"

#include <fmt/format.h>

#include <algorithm>

namespace kubevigil::test {
namespace {

double mebibytes(double bytes) { return bytes / (1 << 20); }

std::vector<double> values_in(const std::vector<Sample>& samples, Window window, const Measure& measure) {
  std::vector<double> values;
  for (const Sample& sample : samples) {
    if (sample.at >= window.from && sample.at < window.to) values.push_back(measure(sample));
  }
  return values;
}

}  // namespace

std::string heading() {
  return fmt::format("{:>6} {:<22} {:>8} {:>5} {:>8} {:>8} {:>8} {:>10} {:>8} {:>8} {:>8} {:>8} {:>8}", "s", "phase",
                     "rss MiB", "fds", "data MiB", "journal", "spool", "events", "alerts", "far lag", "nowhere",
                     "tail KiB", "state KB");
}

std::string row(const Sample& sample) {
  return fmt::format(
      "{:>6} {:<22} {:>8.1f} {:>5} {:>8.1f} {:>8.1f} {:>8.1f} {:>10.0f} {:>8.0f} {:>8.0f} {:>8.0f} "
      "{:>8.0f} {:>8.0f}",
      sample.at.micros / 1'000'000, sample.phase, mebibytes(static_cast<double>(sample.memory)), sample.descriptors,
      mebibytes(static_cast<double>(sample.data)), mebibytes(static_cast<double>(sample.journal)),
      mebibytes(static_cast<double>(sample.spool)), sample.events, sample.alerts, sample.far_pending,
      sample.nowhere_pending, sample.tail_lag / 1024, sample.state_bytes / 1000);
}

size_t samples_in(const std::vector<Sample>& samples, Window window) {
  return values_in(samples, window, [](const Sample&) { return 0.0; }).size();
}

double median(const std::vector<Sample>& samples, Window window, const Measure& measure) {
  std::vector<double> values = values_in(samples, window, measure);
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

Flatness flatness(const std::vector<Sample>& samples, Window early, Window late, const Measure& measure, double factor,
                  double extra) {
  Flatness out;
  if (samples_in(samples, early) < 3 || samples_in(samples, late) < 3) return out;
  out.early = median(samples, early, measure);
  out.late = median(samples, late, measure);
  out.allowed = out.early * factor + extra;
  out.flat = out.late <= out.allowed;
  return out;
}

}  // namespace kubevigil::test
