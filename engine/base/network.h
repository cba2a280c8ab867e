// Address and Network: IPv4 and IPv6 addresses and ranges in CIDR notation. Values only, no errors to report:
// what is no address is in no network.
//
// All addresses are held as 16 bytes, IPv4 as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2), so that ::ffff:10.0.0.1 is in
// 10.0.0.0/8. An IPv6 network shorter than /96 holds no IPv4 address: ::/0 means "any IPv6 address".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kubevigil {

struct Address {
  std::array<uint8_t, 16> bytes{};
  bool is_v4() const;  // native or IPv4-mapped
};
// Dotted quad without leading zeros, or RFC 4291 text; no zone, no port, no brackets.
std::optional<Address> parse_address(std::string_view text);

struct Network {
  Address address;
  int prefix = 0;  // bits of the 128 that count
  bool contains(const Address& other) const;
};
// "10.0.0.0/8", "fd00::/8"; an address alone is a network of one. Bits behind the prefix are ignored.
std::optional<Network> parse_network(std::string_view text);
// The network of that many bits (of 32 for IPv4, of 128 for IPv6) around an address: "10.1.2.0/24".
std::string network_text(const Address& address, int v4_bits, int v6_bits);

}  // namespace kubevigil
