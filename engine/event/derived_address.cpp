// Where from: the address that the client cannot choose, and its network.
#include <algorithm>

#include "engine/event/derived.h"

namespace kubevigil {
namespace {

constexpr int kV4NetworkBits = 24;
constexpr int kV6NetworkBits = 48;

bool is_trusted(const Value& value, const std::vector<Network>& proxies) {
  const auto address = parse_address(value.text);
  return address && std::any_of(proxies.begin(), proxies.end(), [&](const Network& n) { return n.contains(*address); });
}

// The API server lists X-Forwarded-For, X-Real-Ip and then the address of the connection; each hop that the
// configuration trusts vouches for the one before it. When all are trusted, the first is the client.
const Value* peer(const DerivedInput& in) {
  const auto ips = in.event.values(FieldId::SourceIps);
  for (size_t i = ips.size(); i > 0; --i) {
    if (i < ips.size() && in.event.cut(FieldId::SourceIps)) return nullptr;  // what stood before the last was left out
    if (i == 1 || !is_trusted(ips[i - 1], in.trusted_proxies)) return &ips[i - 1];
  }
  return nullptr;
}

Presence missing(const DerivedInput& in) {
  return in.event.cut(FieldId::SourceIps) ? Presence::Unknown : Presence::Absent;
}

}  // namespace

Presence peer_ip(const DerivedInput& in, Values& out) {
  const Value* value = peer(in);
  if (value == nullptr) return missing(in);
  out.push_back(*value);
  return Presence::Present;
}

Presence peer_network(const DerivedInput& in, Values& out) {
  const Value* value = peer(in);
  const auto address = value == nullptr ? std::nullopt : parse_address(value->text);
  if (!address) return value == nullptr ? missing(in) : Presence::Absent;
  out.push_back(Value::string(in.texts.keep(network_text(*address, kV4NetworkBits, kV6NetworkBits))));
  return Presence::Present;
}

}  // namespace kubevigil
