#include "engine/state/key_table.h"

namespace kubevigil {
namespace {

void archive_set(Archive& archive, KeySet<uint64_t>& set) {
  std::vector<uint64_t> sorted;
  if (archive.is_saving()) {
    sorted.assign(set.begin(), set.end());
    std::sort(sorted.begin(), sorted.end());
  }
  archive.each(sorted, [&](uint64_t& hash) { archive(hash); });
  if (!archive.is_saving()) set = KeySet<uint64_t>(sorted.begin(), sorted.end());
}

}  // namespace

void GhostSet::add(uint64_t hash) {
  young_.insert(hash);
  if (young_.size() < kGhosts) return;
  old_.swap(young_);
  young_.clear();
}

void GhostSet::archive(Archive& archive) {
  archive_set(archive, young_);
  archive_set(archive, old_);
}

}  // namespace kubevigil
