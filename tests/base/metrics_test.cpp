#include "engine/base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>
#include <thread>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "tests/support/source_file.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Every metric, with hostile texts for labels.
void set_all(MetricWriter& out) {
  for (const MetricRow& row : metric_rows()) {
    const std::string_view a = "x\"\\\n\xff\x1b[31m", b = "y";
    if (row.type == MetricType::Histogram) continue;
    if (row.label_count() == 0) out.set(row.metric, {}, 1.5);
    if (row.label_count() == 1) out.set(row.metric, {a}, 2);
    if (row.label_count() == 2) out.set(row.metric, {a, b}, 3);
    if (row.label_count() == 3) out.set(row.metric, {a, b, b}, 4);
  }
}

std::string value_of(const std::string& page, const std::string& series) {
  const std::string begin = "\n" + series + " ";
  const size_t at = ("\n" + page).find(begin);
  if (at == std::string::npos) return "(missing)";
  const size_t from = at + begin.size() - 1;
  return page.substr(from, page.find('\n', from) - from);
}

TEST(MetricTable, NamesFollowPrometheus) {
  std::set<std::string_view> names;
  for (const MetricRow& row : metric_rows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(row.name.starts_with("kubevigil_") || row.name.starts_with("process_")) << row.name;
    EXPECT_EQ(row.name.ends_with("_total"), row.type == MetricType::Counter) << row.name;
    EXPECT_TRUE(row.help.ends_with(".")) << row.name;
    EXPECT_EQ(row.help.find_first_of("|\n"), std::string_view::npos) << row.name;
    bool ended = false;
    for (std::string_view label : row.labels) {
      EXPECT_FALSE(ended && !label.empty()) << row.name << ": a label behind an empty one";
      ended |= label.empty();
      EXPECT_NE(label, "le") << row.name;
    }
    if (row.type != MetricType::Histogram) continue;
    EXPECT_EQ(row.label_count(), 0u) << row.name;
    EXPECT_TRUE(row.name.ends_with("_seconds")) << row.name;
    const auto buckets = metric_buckets(row.metric);
    EXPECT_GT(buckets.size(), 5u);
    EXPECT_TRUE(std::is_sorted(buckets.begin(), buckets.end()));
  }
}

TEST(MetricTable, ThePageInTheSourcesIsTheTables) {
  EXPECT_EQ(read_file(test::source_file("engine/base/metrics.md")), metrics_page())
      << "kubevigil schema metrics > engine/base/metrics.md";
}

TEST(Metrics, EveryRowCanBeShown) {
  Metrics metrics;
  const std::string page = metrics.scrape(set_all);
  for (const MetricRow& row : metric_rows()) {
    EXPECT_THAT(page, HasSubstr("# TYPE " + std::string(row.name) + " "));
    EXPECT_THAT(page, HasSubstr("# HELP " + std::string(row.name) + " " + std::string(row.help) + "\n"));
  }
  EXPECT_TRUE(is_utf8(page));
  for (char c : page) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

TEST(Metrics, PromtoolFindsNoFault) {
  const std::string promtool = "/usr/bin/promtool";
  if (!std::filesystem::exists(promtool)) GTEST_SKIP() << "needs the package prometheus";
  const std::string folder = testing::TempDir() + "metrics_" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  const auto complaints = [&](const std::string& page) {
    std::ofstream(folder + "/page") << page;
    const std::string command = promtool + " check metrics < " + folder + "/page > " + folder + "/out 2>&1";
    const int status = std::system(command.c_str());
    return std::to_string(status) + read_file(folder + "/out");
  };
  Metrics metrics;
  metrics.observe(Metric::WebhookAck, 0.004);
  EXPECT_EQ(complaints(metrics.scrape(set_all)), "0");
  EXPECT_NE(complaints("# TYPE bad_total gauge\nbad_total 1\n"), "0") << "it does look";
}

TEST(Metrics, CountersNeverGoDownAndGaugesGo) {
  Metrics metrics;
  const auto scrape = [&](double total, double level, bool set = true) {
    return metrics.scrape([&](MetricWriter& out) {
      if (!set) return;
      out.set(Metric::SinkSent, {"soc"}, total);
      out.set(Metric::SinkPending, {"soc"}, level);
    });
  };
  const std::string sent = "kubevigil_sink_alerts_sent_total{sink=\"soc\"}";
  const std::string pending = "kubevigil_sink_pending_entries{sink=\"soc\"}";
  std::string page = scrape(10, 5);
  EXPECT_EQ(value_of(page, sent), "10");
  EXPECT_EQ(value_of(page, pending), "5");
  page = scrape(12, 3);
  EXPECT_EQ(value_of(page, sent), "12");
  EXPECT_EQ(value_of(page, pending), "3");
  page = scrape(4, 0);
  EXPECT_EQ(value_of(page, sent), "16") << "the component began again";
  page = scrape(0, 0, false);
  EXPECT_EQ(value_of(page, sent), "16");
  EXPECT_EQ(value_of(page, pending), "(missing)");
  page = scrape(5, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(value_of(page, sent), "17");
  EXPECT_EQ(value_of(page, pending), "(missing)");
}

TEST(Metrics, SettingTwiceAddsUp) {
  Metrics metrics;
  for (double expected : {3.0, 3.0, 3.0}) {
    const std::string page = metrics.scrape([](MetricWriter& out) {
      out.set(Metric::QueueBytes, {}, 1);
      out.set(Metric::QueueBytes, {}, 2);
      out.set(Metric::Events, {}, 1);
      out.set(Metric::Events, {}, 2);
    });
    EXPECT_EQ(value_of(page, "kubevigil_queue_bytes"), std::to_string(static_cast<int>(expected)));
    EXPECT_EQ(value_of(page, "kubevigil_events_total"), "3");
  }
}

TEST(Metrics, LabelsAreBounded) {
  Metrics metrics;
  const std::string page = metrics.scrape([](MetricWriter& out) {
    for (size_t i = 0; i < 3 * limits::kMetricSeries; ++i) {
      out.set(Metric::Alerts, {"rule " + std::to_string(i), "high"}, 2);
    }
    out.set(Metric::TailLag, {std::string(10'000, 'p')}, 1);
  });
  size_t series = 0;
  for (size_t at = 0; (at = page.find("\nkubevigil_alerts_total{", at)) != std::string::npos; ++at) ++series;
  EXPECT_EQ(series, limits::kMetricSeries + 1);
  EXPECT_EQ(value_of(page, "kubevigil_alerts_total{level=\"other\",rule=\"other\"}"),
            std::to_string(4 * limits::kMetricSeries));
  EXPECT_EQ(value_of(page, "kubevigil_metric_series_folded{metric=\"kubevigil_alerts_total\"}"),
            std::to_string(2 * limits::kMetricSeries));
  EXPECT_THAT(page, Not(HasSubstr(std::string(limits::kMetricLabelBytes + 1, 'p'))));
}

TEST(Metrics, HistogramsCountIntoTheirBuckets) {
  Metrics metrics;
  for (double seconds : {0.0002, 0.003, 0.003, 7.0, 1e9}) metrics.observe(Metric::WebhookAck, seconds);
  metrics.observe(Metric::WebhookAck, std::numeric_limits<double>::infinity());
  const std::string page = metrics.scrape([](MetricWriter&) {});
  const std::string name = "kubevigil_webhook_ack_seconds";
  EXPECT_EQ(value_of(page, name + "_bucket{le=\"0.0005\"}"), "1");
  EXPECT_EQ(value_of(page, name + "_bucket{le=\"0.005\"}"), "3");
  EXPECT_EQ(value_of(page, name + "_bucket{le=\"30\"}"), "4");
  EXPECT_EQ(value_of(page, name + "_bucket{le=\"+Inf\"}"), "5");
  EXPECT_EQ(value_of(page, name + "_count"), "5");
}

TEST(Metrics, ManyThreadsObserveWhileOthersScrape) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) metrics.observe(Metric::EventToAlert, 0.1);
    });
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) metrics.scrape(set_all);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(value_of(metrics.scrape(set_all), "kubevigil_event_to_alert_seconds_count"), "20000");
}

TEST(Metrics, TheSameValuesGiveTheSamePage) {
  Metrics one, two;
  one.scrape(set_all);
  EXPECT_EQ(one.scrape(set_all), two.scrape(set_all));
}

}  // namespace
}  // namespace kubevigil
