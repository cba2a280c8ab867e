// Metrics: what Prometheus reads at /metrics. THE TABLE of all of them is metric_table.cpp; pages and rules for
// Prometheus are held against it by tests. To add one: a name here, a row there, and who sets it.
//
// Components count for themselves, in plain structs; nothing is pushed here while events flow. At a scrape the composer
// copies the structs over:
//
//   const std::string page = metrics.scrape([&](MetricWriter& out) {
//     out.set(Metric::SpoolBytes, {}, spool.bytes());                      // a gauge: as it is now
//     out.set(Metric::SpoolRefused, {"budget"}, counts.refused_budget);    // a counter: the total since the start
//   });
//
// What a scrape does not set is not on the page if it is a gauge, and stays as it was if it is a counter (a counter
// never goes down: a smaller total than before is taken as a restart of that component, and added on). Histograms are
// observed when the thing happens: observe() costs one short lock.
//
// Bounds: limits::kMetricSeries combinations of labels for each metric; what is beyond is summed under "other" in every
// label, and kubevigil_metric_series_folded says how many. Values of labels are made printable and cut to
// kMetricLabelBytes.
//
// Threads: all. One scrape at a time; it never holds up observe().
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/metric_table.h"

namespace kubevigil {

class MetricWriter {
 public:
  virtual ~MetricWriter() = default;
  // REQUIRES: a counter or gauge; as many labels as its row names. Setting one twice in a scrape adds up: several
  // components may share a metric.
  virtual void set(Metric metric, std::initializer_list<std::string_view> labels, double value) = 0;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();

  // REQUIRES: a histogram (they have no labels). A value that is not finite is left out.
  void observe(Metric metric, double value);
  // The page, in Prometheus' text format 0.0.4: sorted by name and labels.
  std::string scrape(const std::function<void(MetricWriter&)>& fill);

 private:
  struct Store;
  std::unique_ptr<Store> store_;
};

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace kubevigil
