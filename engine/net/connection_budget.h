// ConnectionBudget: how many connections there may be, in all and from one peer, so that one peer cannot take them all.
// A peer is an IPv4 address or an IPv6 /64 (a site has that many addresses to itself). Thread-safe; memory follows the
// number of connections.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "engine/base/hash.h"
#include "engine/base/network.h"

namespace kubevigil {

class ConnectionBudget : public std::enable_shared_from_this<ConnectionBudget> {
 public:
  enum class Verdict : uint8_t { Admitted, TooManyInAll, TooManyOfPeer };

  // A place in the budget; given back when it is destroyed.
  class Place {
   public:
    Place(std::shared_ptr<ConnectionBudget> budget, Hash128 peer) : budget_(std::move(budget)), peer_(peer) {}
    Place(Place&&) = default;
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (budget_) budget_->leave(peer_);
    }

   private:
    std::shared_ptr<ConnectionBudget> budget_;
    Hash128 peer_;
  };

  static std::shared_ptr<ConnectionBudget> make(size_t in_all, size_t of_one_peer) {
    return std::shared_ptr<ConnectionBudget>(new ConnectionBudget(in_all, of_one_peer));
  }
  // A place, or nothing with the reason in `verdict`.
  std::unique_ptr<Place> enter(const Address& peer, Verdict& verdict);
  size_t used() const;

 private:
  ConnectionBudget(size_t in_all, size_t of_one_peer) : in_all_(in_all), of_one_peer_(of_one_peer) {}
  void leave(Hash128 peer);

  const size_t in_all_, of_one_peer_;
  mutable std::mutex mutex_;
  size_t used_ = 0;
  std::unordered_map<Hash128, size_t> by_peer_;
};

}  // namespace kubevigil
