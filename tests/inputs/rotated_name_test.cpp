#include "inputs/rotated_name.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

TEST(RotatedName, Shapes) {
  const struct {
    const char* name;
    const char* live;
    bool compressed;
    const char* rotated_at;
    int number;
  } cases[] = {
      {"audit.log", "audit.log", false, "", -1},
      {"audit.log.gz", "audit.log", true, "", -1},
      {"audit-2024-01-01T00-00-00.000.log", "audit.log", false, "2024-01-01T00:00:00.000000Z", -1},
      {"audit-2024-02-29T23-59-58.123.log.gz", "audit.log", true, "2024-02-29T23:59:58.123000Z", -1},
      {"kube-apiserver-audit-2024-01-01T00-00-00.000", "kube-apiserver-audit", false, "2024-01-01T00:00:00.000000Z",
       -1},
      {"audit-2024-13-01T00-00-00.000.log", "audit-2024-13-01T00-00-00.000.log", false, "", -1},
      {"audit.log.1", "audit.log", false, "", 1},
      {"audit.log.12.gz", "audit.log", true, "", 12},
      {"audit.log-20240131", "audit.log", false, "2024-01-31T23:59:59.000000Z", -1},
      {"audit.log-20240131.gz", "audit.log", true, "2024-01-31T23:59:59.000000Z", -1},
      {"audit.log-20240101-1704067200.gz", "audit.log", true, "2024-01-01T00:00:00.000000Z", -1},
      {"0.log.20240101-120000.gz", "0.log", true, "2024-01-01T12:00:00.000000Z", -1},
      {"events.json.zst", "events.json", true, "", -1},
      {".gz", ".gz", false, "", -1},
      {".1", ".1", false, "", -1},
      {"-20240101", "-20240101", false, "", -1},
      {"000000.gz", "000000", true, "", -1},
  };
  for (const auto& c : cases) {
    const RotatedName got = parse_rotated_name(c.name);
    EXPECT_EQ(got.live, c.live) << c.name;
    EXPECT_EQ(got.compressed, c.compressed) << c.name;
    EXPECT_EQ(got.rotated_at ? format_rfc3339(*got.rotated_at) : "", c.rotated_at) << c.name;
    EXPECT_EQ(got.number ? static_cast<int>(*got.number) : -1, c.number) << c.name;
  }
}

TEST(RotatedName, OldestFirst) {
  const char* rows[][2] = {
      {"a.log.2", "a.log.1"},
      {"a.log.10.gz", "a.log.9"},
      {"a.log.1", "a.log"},
      {"a-2024-01-01T00-00-00.000.log", "a-2024-01-01T00-00-00.001.log.gz"},
      {"a-2024-01-01T00-00-00.000.log", "a.log"},
  };
  for (const auto& row : rows) EXPECT_LT(parse_rotated_name(row[0]), parse_rotated_name(row[1])) << row[0];
}

}  // namespace
}  // namespace kubevigil
