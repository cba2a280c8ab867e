// deploy/prometheus-rules.yaml: Prometheus takes it, it fires when it should and on no healthy day, and every metric in
// it is one of ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "engine/base/metric_table.h"
#include "tests/support/certificates.h"
#include "tests/support/source_file.h"

namespace kubevigil {
namespace {

const std::string kRules = test::source_file("deploy/prometheus-rules.yaml");
const std::string kRulesTest = test::source_file("tests/golden/prometheus/rules_test.yaml");

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class PrometheusRules : public ::testing::Test {
 protected:
  // What promtool says when it is not content; "" when it is.
  std::string complaints(const std::string& arguments) {
    const std::string out = folder_.path("out");
    const int status = std::system(("/usr/bin/promtool " + arguments + " > " + out + " 2>&1").c_str());
    return status == 0 ? "" : read_file(out);
  }
  bool missing() const { return !std::filesystem::exists("/usr/bin/promtool"); }
  TestFolder folder_;
};

TEST_F(PrometheusRules, PromtoolTakesThem) {
  if (missing()) GTEST_SKIP() << "needs the package prometheus";
  EXPECT_EQ(complaints("check rules " + kRules), "");
  EXPECT_NE(
      complaints("check rules " + folder_.write("bad.yaml", "groups: [{name: a, rules: [{alert: b, expr: 'c >'}]}]")),
      "");
}

TEST_F(PrometheusRules, FireWhenTheyShould) {
  if (missing()) GTEST_SKIP() << "needs the package prometheus";
  EXPECT_EQ(complaints("test rules " + kRulesTest), "");
}

TEST(PrometheusRulesText, EveryAlertIsInTheTestOfEverythingThatIsWrong) {
  const std::string rules = read_file(kRules), test = read_file(kRulesTest);
  const std::regex alert(R"(- alert: (\w+))");
  size_t count = 0;
  for (std::sregex_iterator at(rules.begin(), rules.end(), alert), end; at != end; ++at, ++count) {
    EXPECT_THAT(test, testing::HasSubstr("alertname=\"" + (*at)[1].str() + "\"")) << (*at)[1];
  }
  EXPECT_GT(count, 20u);
}

TEST(PrometheusRulesText, NamesMetricsAndLabelsOfTheTable) {
  const std::string rules = read_file(kRules);
  const std::regex metric(R"((kubevigil_\w+|process_\w+)(\{([^}]*)\})?)"), label(R"((\w+)\s*(=~|!~|!=|=))");
  std::set<std::string> seen;
  for (std::sregex_iterator at(rules.begin(), rules.end(), metric), end; at != end; ++at) {
    const std::string name = (*at)[1], selector = (*at)[3];
    const auto rows = metric_rows();
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const MetricRow& one) { return one.name == name; });
    ASSERT_NE(row, rows.end()) << name << " is no metric";
    seen.insert(name);
    for (std::sregex_iterator in(selector.begin(), selector.end(), label); in != end; ++in) {
      EXPECT_NE(std::find(row->labels.begin(), row->labels.end(), (*in)[1].str()), row->labels.end())
          << name << " has no label " << (*in)[1];
    }
  }
  EXPECT_GT(seen.size(), 20u);
}

}  // namespace
}  // namespace kubevigil
