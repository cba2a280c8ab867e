// KeyMakers: who makes the new keys of one correlation. Names in requests are the client's to choose, so keys are, too:
// somebody who fills a rule's state on purpose is to be named (streaming.md 4.3). Fed with each new key, and asked by
// whoever tells of state_explosion and state_pressure (run/self_alert.h).
//
// Time is the watermark: it never goes back, and no single clock moves it far. It is cut into parts of 30 s; what is
// counted is the present part and the kParts behind it: all keys of the last kWindow, and of at most one part
// more.
//
// Bounds: limits::kKeyMakers actors, as Space-Saving (Metwally et al. 2005) has it: one that is new takes the place of
// the one with the fewest keys and inherits their number, so that who makes many stays. What was inherited is
// `borrowed`: it keeps a place and is never told of, so nobody is said to have made what others made, and one who came
// late into a full table is told of less than he made. An actor with more than 1 in kKeyMakers of all keys of two
// windows has a place. An actor is the user of the request, not the one he impersonates, in his cluster.
//
// A function of the calls of add(): no clock, no order of a hash table. One owner, one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/limits.h"
#include "engine/base/timestamp.h"
#include "engine/state/archive.h"

namespace kubevigil {

struct KeyMaker {
  std::string cluster, user;  // as attackers wrote it; cut to limits::kKeyMakerBytes each
  uint64_t keys = 0;          // new ones in the window
  Timestamp time;             // the watermark then
};

class KeyMakers {
 public:
  static constexpr Duration kWindow = Duration::minutes(10);
  // Somebody who goes on is told of again so much later.
  static constexpr Duration kAgain = Duration::minutes(5);

  // `actor` (encoded tuple of cluster and user, match/group_key.h) made a new key.
  void add(std::string_view actor, Timestamp watermark);

  // Most keys first; equal ones as they came.
  std::vector<KeyMaker> top(size_t most) const;
  // Who made more than limits::kNewKeys keys in a window since the last call, at most kKeyMakers of them, in order;
  // `keys` is the most that he had. What was not taken is no part of the state: a life that ends before leaves it.
  std::vector<KeyMaker> take_explosions();

  void archive(Archive& archive);

 private:
  static constexpr int64_t kParts = 20;
  static constexpr Duration kPart{kWindow.micros / kParts};
  using Counts = std::array<uint32_t, kParts + 1>;  // by number of the part, modulo their number
  static constexpr size_t kNotToTell = SIZE_MAX;

  struct Maker {
    Hash128 actor;
    std::string cluster, user;
    Counts own{}, borrowed{};
    int64_t told = INT64_MIN;       // the part in which he was last to be told of, whoever asked
    uint64_t keys = 0, weight = 0;  // sums: of own; of both
    size_t to_tell = kNotToTell;    // index in to_tell_
    void archive(Archive& archive);
    KeyMaker now(Timestamp time) const { return {cluster, user, keys, time}; }
  };

  static size_t place_of(int64_t part);
  void move_to(int64_t part);
  Maker& find_or_add(std::string_view actor);
  Maker& room();
  void tell(Maker& maker, Timestamp watermark);

  std::vector<Maker> makers_;
  int64_t part_ = INT64_MIN;
  std::string last_actor_;  // of the last key, mostly that of the next; "": not known
  size_t last_ = 0;         // where he is
  std::vector<KeyMaker> to_tell_;
};

}  // namespace kubevigil
