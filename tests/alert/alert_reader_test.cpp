#include "engine/alert/alert_reader.h"

#include <gtest/gtest.h>

#include "tests/support/random_alert.h"

namespace kubevigil {
namespace {

// Ill-formed bytes become U+FFFD on the way out; what comes back is written the same.
void expect_same_bytes(const Alert& alert, const std::string& which) {
  const std::string json = to_json(alert);
  const auto back = alert_from_json(json);
  ASSERT_TRUE(back) << which << ": " << back.error().message;
  EXPECT_EQ(to_json(*back), json) << which;
}

TEST(AlertReader, RandomAndHostileAlertsComeBack) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    Alert alert = test::random_alert(seed);
    alert.why = {{"a = b", seed % 2 == 0 ? "field" : "", alert.values}, {"count >= 3", "", {}}};
    alert.approximate = seed % 3 == 0;
    alert.degraded = seed % 5 == 0;
    alert.salvaged = seed % 7 == 0;
    alert.envelope = "native";
    alert.measure = static_cast<double>(seed) / 3;
    if (seed % 4 == 0) alert.duration_seconds = 0.1 * static_cast<double>(seed);
    if (seed % 6 == 0) alert.count = UINT64_MAX;
    if (seed % 5 < 2) alert.state_since = alert.first_seen - Duration::hours(static_cast<int64_t>(seed));
    expect_same_bytes(alert, "seed " + std::to_string(seed));
  }
  for (size_t which = 0; which < test::hostile_texts().size(); ++which) {
    expect_same_bytes(test::hostile_alert(which), "hostile " + std::to_string(which));
  }
  Alert smallest;
  smallest.id = "x";
  expect_same_bytes(smallest, "smallest");
}

TEST(AlertReader, MembersOfLaterVersionsArePassedOver) {
  std::string json = to_json(test::hostile_alert(0));
  json.insert(1, R"("later":{"a":[1]},)");
  EXPECT_TRUE(alert_from_json(json));
}

struct Fault {
  const char *from, *to, *message;
};

TEST(AlertReader, FaultsAreNamed) {
  const std::string good = to_json(test::hostile_alert(0));
  constexpr Fault kFaults[] = {
      {"{\"schema\"", "[{\"schema\"", "not an alert"},
      {"alert/v1", "alert/v2", "\"schema\" is not kubevigil.alert/v1"},
      {"\"revision\":1", "\"revision\":\"1\"", "\"revision\" is not a number"},
      {"\"revision\":1", "\"revision\":-1", "\"revision\" is not a number in range"},
      {"\"status\":\"closed\"", "\"status\":\"shut\"", "\"status\" is not one of"},
      {"\"level\":\"high\"", "\"level\":\"higher\"", "\"level\" is not a level"},
      {"\"time\":\"2026", "\"time\":\"year", "\"time\" is not a time"},
      {"\"count\":", "\"state_since\":\"soon\",\"count\":", "\"state_since\" is not a time"},
      {"\"actor\":{", "\"actor\":[],\"x\":{", "\"actor\" is not an object"},
      {"\"values\":[", "\"values\":[1,", "\"values\" is not an array of strings"},
      {"\"attack\":[", "\"attack\":[1,", "\"attack\" is not an array of objects"},
      {"\"id\":\"0190", "\"no\":\"0190", "\"id\" is not there"},
  };
  for (const Fault& fault : kFaults) {
    std::string bad = good;
    const size_t at = bad.find(fault.from);
    ASSERT_NE(at, std::string::npos) << fault.from;
    bad.replace(at, std::string_view(fault.from).size(), fault.to);
    const auto read = alert_from_json(bad);
    ASSERT_FALSE(read) << fault.to;
    EXPECT_NE(read.error().message.find(fault.message), std::string::npos) << read.error().message;
  }
  for (const char* text : {"", "null", "[]", "{}", "1"}) EXPECT_FALSE(alert_from_json(text)) << text;
}

}  // namespace
}  // namespace kubevigil
