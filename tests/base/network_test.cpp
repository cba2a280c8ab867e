#include "engine/base/network.h"

#include <gtest/gtest.h>

#include <vector>

namespace kubevigil {
namespace {

TEST(Network, HoldsItsAddresses) {
  struct Row {
    std::string_view network, address;
    bool inside;
  };
  const Row rows[] = {
      {"10.0.0.0/8", "10.1.2.3", true},
      {"10.0.0.0/8", "11.0.0.1", false},
      {"10.0.0.0/9", "10.127.0.1", true},
      {"10.0.0.0/9", "10.128.0.1", false},
      {"10.1.2.3", "10.1.2.3", true},
      {"10.1.2.3/32", "10.1.2.4", false},
      {"0.0.0.0/0", "255.1.1.1", true},
      {"0.0.0.0/0", "::1", false},
      {"10.9.9.9/8", "10.1.2.3", true},
      {"10.0.0.0/8", "::ffff:10.0.0.1", true},
      {"::ffff:10.0.0.0/104", "10.0.0.1", true},
      {"::/0", "10.0.0.1", false},
      {"::/0", "fd00::1", true},
      {"fd00::/8", "fd12:3456::1", true},
      {"fd00::/8", "fe80::1", false},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"2001:db8::1/128", "2001:DB8:0::1", true},
  };
  for (const Row& row : rows) {
    const auto network = parse_network(row.network);
    const auto address = parse_address(row.address);
    ASSERT_TRUE(network && address) << row.network << ' ' << row.address;
    EXPECT_EQ(network->contains(*address), row.inside) << row.network << ' ' << row.address;
  }
}

TEST(Network, RefusesWhatIsNone) {
  for (const char* text : {"", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "x/8",
                           "010.0.0.1", "10.0.0.1 ", "[::1]", "fe80::1%eth0", "10.0.0.1:80"}) {
    EXPECT_FALSE(parse_network(text)) << text;
  }
  EXPECT_FALSE(parse_address(std::string_view("10.0.0.1\0", 9)));
}

TEST(Network, TextOfTheNetworkAroundAnAddress) {
  for (const auto& [address, text] :
       std::vector<std::pair<const char*, const char*>>{{"10.1.2.3", "10.1.2.0/24"},
                                                        {"::ffff:10.1.2.3", "10.1.2.0/24"},
                                                        {"2001:db8:1:2::3", "2001:db8:1::/48"},
                                                        {"::1", "::/48"}}) {
    EXPECT_EQ(network_text(*parse_address(address), 24, 48), text) << address;
  }
  EXPECT_EQ(network_text(*parse_address("10.1.2.3"), 32, 128), "10.1.2.3/32");
  EXPECT_EQ(network_text(*parse_address("10.1.2.3"), 0, 0), "0.0.0.0/0");
}

}  // namespace
}  // namespace kubevigil
