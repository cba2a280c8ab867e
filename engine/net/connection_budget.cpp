#include "engine/net/connection_budget.h"

namespace kubevigil {
namespace {

Hash128 peer_key(const Address& address) {
  const size_t bytes = address.is_v4() ? 16 : 8;
  return siphash({reinterpret_cast<const char*>(address.bytes.data()), bytes});
}

}  // namespace

std::unique_ptr<ConnectionBudget::Place> ConnectionBudget::enter(const Address& peer, Verdict& verdict) {
  const Hash128 key = peer_key(peer);
  const std::lock_guard lock(mutex_);
  verdict = Verdict::TooManyInAll;
  if (used_ >= in_all_) return nullptr;
  const auto found = by_peer_.find(key);
  verdict = Verdict::TooManyOfPeer;
  if ((found == by_peer_.end() ? 0 : found->second) >= of_one_peer_) return nullptr;
  verdict = Verdict::Admitted;
  ++used_;
  ++by_peer_[key];
  return std::make_unique<Place>(shared_from_this(), key);
}

void ConnectionBudget::leave(Hash128 peer) {
  const std::lock_guard lock(mutex_);
  --used_;
  const auto found = by_peer_.find(peer);
  if (--found->second == 0) by_peer_.erase(found);
}

size_t ConnectionBudget::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

}  // namespace kubevigil
