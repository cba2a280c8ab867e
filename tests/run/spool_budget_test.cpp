// What a spool's budget leaves room for once its bodies were read.
#include <gtest/gtest.h>

#include <random>

#include "engine/run/spool_reader.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using test::SimulatedDisk;

// The newest segment is never removed: if it could use the budget up, nothing would be taken any more.
TEST(SpoolBudget, ABudgetBelowTheSizeOfASegmentIsFreedByReading) {
  SimulatedDisk disk;
  SpoolOptions options;
  options.folder = "/spool";
  options.budget = 1 << 20;
  std::mt19937_64 random(1);
  std::string noise(300'000, '\0');  // nothing compresses it
  for (char& c : noise) c = static_cast<char>(random());
  ASSERT_GT(options.segment_bytes, options.budget);
  const auto spool = Spool::open(disk, options);
  ASSERT_TRUE(spool) << spool.error().message;
  SpoolReader reader(**spool, {});
  for (int i = 0; i < 30; ++i) {
    auto body = (*spool)->begin({"prod", "token", "10.0.0.1", Timestamp{1}}, noise.size());
    ASSERT_TRUE(body) << i << ": " << body.error().message;
    ASSERT_TRUE((*body)->write(noise) && (*body)->commit());
    ASSERT_TRUE(*reader.next() == SpoolReader::Step::Body && *reader.next() == SpoolReader::Step::End);
    ASSERT_TRUE((*spool)->trim(reader.position()));
  }
}

}  // namespace
}  // namespace kubevigil
