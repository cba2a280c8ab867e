// One life after the other of a program that keeps webhook bodies in a spool and states in a snapshot store, on a disk
// that stops at a random operation and then loses power, or only the process. Everything follows the seed; one thread.
//
// After each life the promises of engine/run/spool.h and snapshot_store.h are checked:
//   * every body whose commit was answered is there, byte for byte, at its sequence;
//   * nothing is there that was not committed, and what a reader was given once stays as it was;
//   * no gap, no damaged body;
//   * the newest snapshot is as new as the last one that was answered, its state is one that was written under that
//     number, and none is damaged.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace kubevigil::test {

struct PowerLossRun {
  std::string broken;  // the first promise that did not hold; "" when all did
  std::set<std::string> sync_places;
  size_t answered = 0;   // commits
  size_t lives_cut = 0;  // ended in the middle of an operation
};

// `ignored`: calls of sync from this place do nothing; "" for none.
PowerLossRun run_power_loss(uint64_t seed, const std::string& ignored);

}  // namespace kubevigil::test
