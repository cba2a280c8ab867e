#include "engine/base/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace kubevigil {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

bool Address::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

std::optional<Address> parse_address(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN + 1] = {};
  if (text.empty() || text.size() >= sizeof buffer || text.find('\0') != text.npos) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  Address address;
  if (text.find(':') != text.npos) {
    if (inet_pton(AF_INET6, buffer, address.bytes.data()) != 1) return std::nullopt;
    return address;
  }
  std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
  if (inet_pton(AF_INET, buffer, address.bytes.data() + kMapped.size()) != 1) return std::nullopt;
  return address;
}

bool Network::contains(const Address& other) const {
  if (prefix < 96 && other.is_v4()) return false;
  const size_t whole = static_cast<size_t>(prefix) / 8;
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + whole, other.bytes.begin())) return false;
  const int rest = prefix % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff << (8 - rest));
  return (address.bytes[whole] & mask) == (other.bytes[whole] & mask);
}

std::optional<Network> parse_network(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  const bool dotted = text.substr(0, slash).find(':') == text.npos;
  const int bits = dotted ? 32 : 128;
  int prefix = bits;
  if (slash != text.npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc() || end != digits.data() + digits.size() || prefix < 0 || prefix > bits) {
      return std::nullopt;
    }
  }
  return Network{*address, dotted ? prefix + 96 : prefix};
}

std::string network_text(const Address& address, int v4_bits, int v6_bits) {
  const bool v4 = address.is_v4();
  const int bits = v4 ? 96 + v4_bits : v6_bits;
  std::array<uint8_t, 16> masked = address.bytes;
  for (int i = 0; i < 16; ++i) {
    const int kept = std::clamp(bits - 8 * i, 0, 8);
    masked[static_cast<size_t>(i)] &= static_cast<uint8_t>(0xff00 >> kept);
  }
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(v4 ? AF_INET : AF_INET6, masked.data() + (v4 ? 12 : 0), text, sizeof text);
  return std::string(text) + "/" + std::to_string(v4 ? v4_bits : v6_bits);
}

}  // namespace kubevigil
