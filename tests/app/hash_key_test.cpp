#include "engine/app/hash_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using test::SimulatedDisk;
using test::SimulatedEnv;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kLease = "/shared/lease";

class HashKeys : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* folder : {"/a", "/b", "/shared"}) ASSERT_TRUE(disk_.make_folder(folder));
  }
  std::string key(const std::string& data, const std::string& lease = "") {
    const auto loaded = load_hash_key(disk_, data, lease, env_);
    return loaded ? to_hex(siphash("x", *loaded)) : loaded.error().message;
  }

  SimulatedDisk disk_;
  SimulatedEnv env_;
};

TEST_F(HashKeys, IsMadeOnceAndSurvivesALossOfPower) {
  const std::string first = key("/a");
  EXPECT_NE(first, key("/b"));
  disk_.lose_power(3);
  EXPECT_EQ(key("/a"), first);
}

TEST_F(HashKeys, TwoInstancesOfAPairHaveOne) {
  const std::string first = key("/a", kLease);
  EXPECT_EQ(key("/b", kLease), first);
  disk_.lose_power(3);
  EXPECT_EQ(key("/a", kLease), first);
  EXPECT_EQ(key("/b"), first) << "also when the standby is turned off again";
}

TEST_F(HashKeys, AnInstanceThatRanAloneBringsItsOwn) {
  const std::string before = key("/a");
  EXPECT_EQ(key("/a", kLease), before);
  EXPECT_EQ(key("/b", kLease), before);
}

TEST_F(HashKeys, TwoThatRanAloneAreNoPair) {
  key("/b");
  const std::string before = key("/a", kLease);
  EXPECT_THAT(key("/b", kLease), HasSubstr("/b/hash-key is not /shared/lease.key"));
  EXPECT_EQ(key("/a", kLease), before);
}

// The lease's folder is not mounted: what lies below has no key, and gets none, so that the lease is not taken there.
TEST_F(HashKeys, AFolderThatLostTheSharedKeyIsNotTheSharedOne) {
  const std::string first = key("/a", kLease);
  ASSERT_TRUE(disk_.remove("/shared/lease.key"));
  ASSERT_TRUE(disk_.sync_folder("/shared"));
  disk_.lose_power(3);
  EXPECT_EQ(key("/a", kLease), first);
  EXPECT_THAT(disk_.paths(), Not(Contains("/shared/lease.key")));
  ASSERT_TRUE(disk_.make_folder("/elsewhere"));
  EXPECT_EQ(key("/a", "/elsewhere/lease"), first);
  EXPECT_THAT(disk_.paths(), Contains("/elsewhere/lease.key")) << "another lease of its own";
  ASSERT_TRUE(disk_.remove("/elsewhere/lease.key"));
  EXPECT_EQ(key("/a", "/elsewhere/lease"), first);
  EXPECT_THAT(disk_.paths(), Not(Contains("/elsewhere/lease.key")));
}

TEST_F(HashKeys, DamageIsSaid) {
  key("/a", kLease);
  disk_.set_content("/shared/lease.key", "12\n");
  EXPECT_THAT(key("/a", kLease), HasSubstr("/shared/lease.key: expected 32 hexadecimal digits"));
}

}  // namespace
}  // namespace kubevigil
