#include "engine/state/key_makers.h"

#include <algorithm>
#include <utility>

#include "engine/base/text.h"
#include "engine/match/group_key.h"

namespace kubevigil {
namespace {

int64_t part_of(Timestamp time, Duration part) {
  return time.micros / part.micros - (time.micros % part.micros < 0 ? 1 : 0);
}

}  // namespace

size_t KeyMakers::place_of(int64_t part) {
  constexpr int64_t kPlaces = kParts + 1;
  return static_cast<size_t>((part % kPlaces + kPlaces) % kPlaces);
}

// Empties the parts that have left the window, and the places of those who have nothing in it any more.
void KeyMakers::move_to(int64_t part) {
  if (part <= part_) return;
  const int64_t first = part_ == INT64_MIN || part - part_ > kParts ? part - kParts : part_ + 1;
  part_ = part;
  for (Maker& maker : makers_) {
    for (int64_t p = first; p <= part; ++p) {
      const size_t place = place_of(p);
      maker.keys -= maker.own[place];
      maker.weight -= maker.own[place] + maker.borrowed[place];
      maker.own[place] = maker.borrowed[place] = 0;
    }
  }
  std::erase_if(makers_, [](const Maker& maker) { return maker.weight == 0; });
  last_actor_.clear();
}

// A place for one who is new: of his own, or that of the one with the fewest keys, the first of them.
KeyMakers::Maker& KeyMakers::room() {
  if (makers_.size() < limits::kKeyMakers) return makers_.emplace_back();
  Maker& fewest = *std::min_element(makers_.begin(), makers_.end(),
                                    [](const Maker& a, const Maker& b) { return a.weight < b.weight; });
  Maker heir;
  for (size_t i = 0; i < heir.borrowed.size(); ++i) heir.borrowed[i] = fewest.own[i] + fewest.borrowed[i];
  heir.weight = fewest.weight;
  fewest = std::move(heir);
  return fewest;
}

KeyMakers::Maker& KeyMakers::find_or_add(std::string_view actor) {
  if (!actor.empty() && actor == last_actor_) return makers_[last_];
  const Hash128 hash = siphash(actor);
  const auto known = std::find_if(makers_.begin(), makers_.end(), [&](const Maker& m) { return m.actor == hash; });
  last_actor_ = actor;
  last_ = static_cast<size_t>(known - makers_.begin());
  if (known != makers_.end()) return *known;
  Maker& maker = room();
  last_ = static_cast<size_t>(&maker - makers_.data());
  maker.actor = hash;
  const std::vector<std::string> names = decode_group_key(actor);
  if (!names.empty()) maker.cluster = cut_to_bytes(names[0], limits::kKeyMakerBytes);
  if (names.size() > 1) maker.user = cut_to_bytes(names[1], limits::kKeyMakerBytes);
  return maker;
}

void KeyMakers::add(std::string_view actor, Timestamp watermark) {
  move_to(part_of(watermark, kPart));
  Maker& maker = find_or_add(actor);
  ++maker.own[place_of(part_)];
  ++maker.keys;
  ++maker.weight;
  if (maker.keys > limits::kNewKeys) tell(maker, watermark);
}

void KeyMakers::tell(Maker& maker, Timestamp watermark) {
  const bool due = maker.told == INT64_MIN || part_ - maker.told >= kAgain.micros / kPart.micros;
  if (due) maker.told = part_;
  if (maker.to_tell != kNotToTell) {
    KeyMaker& known = to_tell_[maker.to_tell];
    if (maker.keys <= known.keys) return;
    known.keys = maker.keys;
    known.time = watermark;
    return;
  }
  if (!due) return;
  const auto known = std::find_if(to_tell_.begin(), to_tell_.end(), [&](const KeyMaker& m) {
    return m.cluster == maker.cluster && m.user == maker.user;
  });
  if (known == to_tell_.end() && to_tell_.size() >= limits::kKeyMakers) return;
  maker.to_tell = static_cast<size_t>(known - to_tell_.begin());
  if (known == to_tell_.end()) to_tell_.push_back(maker.now(watermark));
}

std::vector<KeyMaker> KeyMakers::take_explosions() {
  for (Maker& maker : makers_) maker.to_tell = kNotToTell;
  return std::exchange(to_tell_, {});
}

std::vector<KeyMaker> KeyMakers::top(size_t most) const {
  std::vector<KeyMaker> out;
  for (const Maker& maker : makers_) {
    if (maker.keys > 0) out.push_back(maker.now(Timestamp{part_ * kPart.micros}));
  }
  std::stable_sort(out.begin(), out.end(), [](const KeyMaker& a, const KeyMaker& b) { return a.keys > b.keys; });
  if (out.size() > most) out.resize(most);
  return out;
}

void KeyMakers::Maker::archive(Archive& archive) {
  archive(actor);
  archive(cluster);
  archive(user);
  archive(told);
  for (uint32_t& n : own) archive(n);
  for (uint32_t& n : borrowed) archive(n);
  if (archive.is_saving()) return;
  keys = weight = 0;
  for (const uint32_t n : own) keys += n;
  for (const uint32_t n : borrowed) weight += n;
  weight += keys;
}

void KeyMakers::archive(Archive& archive) {
  archive(part_);
  archive.each(makers_, [&](Maker& maker) { maker.archive(archive); });
  if (!archive.is_saving() && makers_.size() > limits::kKeyMakers) archive.fail();
  if (archive.is_saving()) return;
  to_tell_.clear();
  last_actor_.clear();
}

}  // namespace kubevigil
