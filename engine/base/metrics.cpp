#include "engine/base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <mutex>
#include <sstream>
#include <vector>

#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

using LabelValues = std::vector<std::string>;

LabelValues shown(std::initializer_list<std::string_view> labels) {
  LabelValues out;
  for (std::string_view label : labels) out.push_back(cut_to_bytes(printable(label), limits::kMetricLabelBytes));
  return out;
}

prometheus::Labels labels_of(const MetricRow& row, const LabelValues& values) {
  prometheus::Labels out;
  for (size_t i = 0; i < values.size(); ++i) out.emplace(row.labels[i], values[i]);
  return out;
}

// The series of one metric, by the values of its labels.
template <typename T>
struct SeriesMap {
  struct Series {
    T* shown = nullptr;
    double now = 0;   // set in this scrape
    double seen = 0;  // in the last one: for counters that start again
    uint64_t scrape = 0;
  };
  prometheus::Family<T>* family = nullptr;
  std::map<LabelValues, Series> series;

  // The series, or that of "other" when there are too many; `folded` then.
  Series& find(const MetricRow& row, const LabelValues& values, bool& folded) {
    const auto known = series.find(values);
    if (known != series.end()) return known->second;
    folded = series.size() >= limits::kMetricSeries;
    const LabelValues key = folded ? LabelValues(values.size(), "other") : values;
    Series& made = series[key];
    if (made.shown == nullptr) made.shown = &family->Add(labels_of(row, key));
    return made;
  }
};

void sort(std::vector<prometheus::MetricFamily>& families) {
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  const auto by_labels = [](const prometheus::ClientMetric& a, const prometheus::ClientMetric& b) {
    return std::lexicographical_compare(a.label.begin(), a.label.end(), b.label.begin(), b.label.end());
  };
  std::erase_if(families, [](const auto& family) { return family.metric.empty(); });
  std::sort(families.begin(), families.end(), by_name);
  for (prometheus::MetricFamily& family : families) std::sort(family.metric.begin(), family.metric.end(), by_labels);
}

}  // namespace

struct Metrics::Store : MetricWriter {
  Store();
  void set(Metric metric, std::initializer_list<std::string_view> labels, double value) override;
  void show_counters();
  void show_gauges();

  prometheus::Registry registry;
  std::map<Metric, prometheus::Histogram*> histograms;  // lock for themselves
  std::mutex scraping;                                  // of what follows
  uint64_t scrape = 0;
  std::map<Metric, SeriesMap<prometheus::Counter>> counters;
  std::map<Metric, SeriesMap<prometheus::Gauge>> gauges;
};

// The registry throws for names that Prometheus forbids, and for two alike: the table is fixed, a test makes it all.
Metrics::Store::Store() {
  for (const MetricRow& row : metric_rows()) {
    const std::string name(row.name), help(row.help);
    if (row.type == MetricType::Counter) {
      counters[row.metric].family = &prometheus::BuildCounter().Name(name).Help(help).Register(registry);
    } else if (row.type == MetricType::Gauge) {
      gauges[row.metric].family = &prometheus::BuildGauge().Name(name).Help(help).Register(registry);
    } else {
      const auto buckets = metric_buckets(row.metric);
      auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
      histograms[row.metric] = &family.Add({}, std::vector<double>(buckets.begin(), buckets.end()));
    }
  }
}

void Metrics::Store::set(Metric metric, std::initializer_list<std::string_view> labels, double value) {
  const MetricRow& row = metric_row(metric);
  assert(labels.size() == row.label_count() && row.type != MetricType::Histogram);
  if (!std::isfinite(value)) return;
  bool folded = false;
  const auto put = [&](auto& series) {
    series.now = series.scrape == scrape ? series.now + value : value;
    series.scrape = scrape;
  };
  if (row.type == MetricType::Counter) {
    put(counters[metric].find(row, shown(labels), folded));
  } else {
    put(gauges[metric].find(row, shown(labels), folded));
  }
  if (folded) set(Metric::SeriesFolded, {row.name}, 1);
}

void Metrics::Store::show_counters() {
  for (auto& [metric, family] : counters) {
    for (auto& [labels, series] : family.series) {
      if (series.scrape != scrape) continue;
      series.shown->Increment(series.now >= series.seen ? series.now - series.seen : series.now);
      series.seen = series.now;
    }
  }
}

void Metrics::Store::show_gauges() {
  for (auto& [metric, family] : gauges) {
    for (auto at = family.series.begin(); at != family.series.end();) {
      if (at->second.scrape == scrape) {
        at->second.shown->Set(at->second.now);
        ++at;
      } else {
        family.family->Remove(at->second.shown);
        at = family.series.erase(at);
      }
    }
  }
}

Metrics::Metrics() : store_(std::make_unique<Store>()) {}
Metrics::~Metrics() = default;

void Metrics::observe(Metric metric, double value) {
  const auto histogram = store_->histograms.find(metric);
  assert(histogram != store_->histograms.end());
  if (std::isfinite(value)) histogram->second->Observe(value);
}

std::string Metrics::scrape(const std::function<void(MetricWriter&)>& fill) {
  const std::lock_guard lock(store_->scraping);
  ++store_->scrape;
  fill(*store_);
  store_->show_counters();
  store_->show_gauges();
  auto families = store_->registry.Collect();
  sort(families);
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace kubevigil
