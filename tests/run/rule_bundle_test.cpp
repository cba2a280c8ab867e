#include "engine/run/rule_bundle.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/base/limits.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using test::Fault;
using test::SimulatedDisk;

RuleBundle bundle_of(uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto text = [&] {
    std::string out(random() % 3000, '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
  };
  RuleBundle bundle;
  bundle.options.strict = random() % 2 == 0;
  bundle.options.today = "2026-01-31";
  if (random() % 2 == 0) bundle.options.preset = static_cast<Preset>(random() % 3);
  for (size_t i = random() % 3; i > 0; --i) bundle.options.derived.trusted_proxies.push_back(text());
  for (size_t i = random() % 4; i > 0; --i) bundle.options.lists["lists/" + text()] = text();
  for (size_t i = random() % 5; i > 0; --i) bundle.sources.push_back({text(), text(), random() % 2 == 0});
  for (size_t i = random() % 3; i > 0; --i) bundle.settings[text()] = text();
  return bundle;
}

std::unique_ptr<RuleStore> opened_bundles(Disk& disk) {
  auto store = RuleStore::open(disk, "/data/rules");
  EXPECT_TRUE(store) << store.error().message;
  return store ? std::move(*store) : nullptr;
}

TEST(RuleBundle, ComesBackWhole) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const RuleBundle bundle = bundle_of(seed);
    const auto back = decode_bundle(encode_bundle(bundle));
    ASSERT_TRUE(back) << "seed " << seed;
    EXPECT_EQ(back->options.strict, bundle.options.strict);
    EXPECT_EQ(back->options.today, bundle.options.today);
    EXPECT_EQ(back->options.preset, bundle.options.preset);
    EXPECT_EQ(back->options.derived, bundle.options.derived);
    EXPECT_EQ(back->options.lists, bundle.options.lists);
    EXPECT_EQ(back->settings, bundle.settings);
    ASSERT_EQ(back->sources.size(), bundle.sources.size());
    for (size_t i = 0; i < bundle.sources.size(); ++i) {
      EXPECT_EQ(back->sources[i].name, bundle.sources[i].name);
      EXPECT_EQ(back->sources[i].text, bundle.sources[i].text);
      EXPECT_EQ(back->sources[i].builtin, bundle.sources[i].builtin);
    }
    EXPECT_EQ(bundle_hash(*back), bundle_hash(bundle));
  }
}

// Snapshots of months ago name hashes: the bytes may never change.
TEST(RuleBundle, BytesAreTheseForEver) {
  RuleBundle bundle;
  EXPECT_EQ(bundle_hash(bundle), "18c5dc466856afaccb2c08aace22896c6df2b429fefeb025cff6fac9ed998aa5");
  bundle.options = {true, {{"lists/a", "- x\n"}}, {{"10.0.0.0/8"}}, "2026-01-31", std::nullopt};
  bundle.sources = {{"rules/a.yaml", "title: a\n", true}, {"b.yaml", "title: b\n", false}};
  bundle.settings = {{"redact", "on"}};
  EXPECT_EQ(bundle_hash(bundle), "2c01a99a1d85b7670c4a1571a7a566f527648b2cb556a63d9872422e007b5496");
}

TEST(RuleBundle, EveryPartCounts) {
  RuleBundle plain;
  plain.sources = {{"a.yaml", "text", false}};
  const auto hash_with = [&](auto change) {
    RuleBundle other = plain;
    change(other);
    return bundle_hash(other);
  };
  std::set<std::string> hashes = {bundle_hash(plain)};
  hashes.insert(hash_with([](RuleBundle& b) { b.options.strict = true; }));
  for (const Preset preset : {Preset::Core, Preset::Extended, Preset::All}) {
    hashes.insert(hash_with([=](RuleBundle& b) { b.options.preset = preset; }));
  }
  hashes.insert(hash_with([](RuleBundle& b) { b.options.today = "2026-01-31"; }));
  hashes.insert(hash_with([](RuleBundle& b) { b.options.derived.trusted_proxies = {"10.0.0.1"}; }));
  hashes.insert(hash_with([](RuleBundle& b) { b.options.lists["lists/x"] = "- a\n"; }));
  hashes.insert(hash_with([](RuleBundle& b) { b.sources[0].builtin = true; }));
  hashes.insert(hash_with([](RuleBundle& b) { b.sources[0].name = "b.yaml"; }));
  hashes.insert(hash_with([](RuleBundle& b) { b.sources[0].text += ' '; }));
  hashes.insert(hash_with([](RuleBundle& b) { b.settings["redact"] = "off"; }));
  EXPECT_EQ(hashes.size(), 12u);
}

TEST(RuleBundle, CutOrLengthenedIsRefused) {
  const std::string bytes = encode_bundle(bundle_of(5));
  for (size_t n = 0; n < bytes.size(); ++n) ASSERT_FALSE(decode_bundle(bytes.substr(0, n))) << n;
  EXPECT_FALSE(decode_bundle(bytes + '\0'));
}

// Numbers that the rest cannot hold ask for no memory.
TEST(RuleBundle, AnyBytesAreRead) {
  std::mt19937_64 random(1);
  const std::string bytes = encode_bundle(bundle_of(7));
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = bytes;
    for (size_t n = 1 + random() % 4; n > 0; --n) changed[random() % 64] = static_cast<char>(random());
    const auto read = decode_bundle(changed);
    if (read) {
      EXPECT_EQ(encode_bundle(*read), changed);
    }
  }
}

TEST(RuleStore, KeepsAndRemoves) {
  SimulatedDisk disk;
  auto store = opened_bundles(disk);
  std::vector<std::string> hashes;
  for (uint64_t seed = 1; seed <= 4; ++seed) hashes.push_back(*store->keep(bundle_of(seed)));
  EXPECT_EQ(hashes[0], bundle_hash(bundle_of(1)));
  EXPECT_EQ(*store->keep(bundle_of(1)), hashes[0]);
  EXPECT_EQ(*store->hashes(), std::set<std::string>(hashes.begin(), hashes.end()));
  disk.lose_power(1);
  store = opened_bundles(disk);
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const auto loaded = store->load(hashes[seed - 1]);
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(encode_bundle(*loaded), encode_bundle(bundle_of(seed)));
  }
  ASSERT_TRUE(store->remove_unused({hashes[1], hashes[3]}));  // of an earlier life: at once
  EXPECT_EQ(*store->hashes(), (std::set<std::string>{hashes[1], hashes[3]}));
  EXPECT_EQ(store->load(hashes[0]).error().fault, DiskFault::Missing);
  EXPECT_EQ(*store->keep(bundle_of(1)), hashes[0]);
  EXPECT_TRUE(store->load(hashes[0])) << "removed and kept again";
}

// A snapshot that was begun before new rules came says what is needed when they are in the journal already.
TEST(RuleStore, WhatIsOnItsWayIntoTheJournalIsSpared) {
  SimulatedDisk disk;
  auto store = opened_bundles(disk);
  const std::string first = *store->keep(bundle_of(1)), second = *store->keep(bundle_of(2));
  const std::string third = *store->keep(bundle_of(3));
  const auto left_after_call = [&] {
    EXPECT_TRUE(store->remove_unused({first}));
    return *store->hashes();
  };
  EXPECT_EQ(left_after_call(), (std::set<std::string>{first, second, third}));
  EXPECT_EQ(left_after_call(), (std::set<std::string>{first, second, third}));
  EXPECT_EQ(left_after_call(), (std::set<std::string>{first, third})) << "the last one may be in use without an entry";
}

TEST(RuleStore, NamesThatAreNoHashAreNoFiles) {
  SimulatedDisk disk;
  auto store = opened_bundles(disk);
  disk.set_content("/data/secret", "KVRULES1");
  EXPECT_EQ(store->load("../secret").error().fault, DiskFault::Missing);
  EXPECT_EQ(store->load("").error().fault, DiskFault::Missing);
}

TEST(RuleStore, OtherFilesOfTheFolderStay) {
  SimulatedDisk disk;
  ASSERT_TRUE(opened_bundles(disk)->keep(bundle_of(1)));
  disk.set_content("/data/rules/notes.txt", "mine");
  ASSERT_TRUE(opened_bundles(disk)->remove_unused({}));
  EXPECT_EQ(disk.paths(), std::vector<std::string>{"/data/rules/notes.txt"});
}

TEST(RuleStore, DamageIsFoundSaidAndMended) {
  SimulatedDisk disk;
  const std::string hash = *opened_bundles(disk)->keep(bundle_of(5));
  const std::string path = "/data/rules/" + hash, bytes = disk.content(path);
  for (size_t at = 0; at < bytes.size(); at += 7) {
    for (const bool cut : {false, true}) {
      std::string changed = bytes;
      if (cut) {
        changed.resize(at);
      } else {
        changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
      }
      disk.set_content(path, changed);
      const auto store = opened_bundles(disk);
      const auto loaded = store->load(hash);
      ASSERT_FALSE(loaded);
      ASSERT_NE(loaded.error().message.find(path), std::string::npos);
      ASSERT_NE(loaded.error().message.find("damaged"), std::string::npos);
      ASSERT_TRUE(store->keep(bundle_of(5)));
      ASSERT_EQ(disk.content(path), bytes);
    }
  }
}

// On a full disk only who brings the reserve may keep rules; an attempt that failed leaves nothing.
TEST(RuleStore, AFullDisk) {
  SimulatedDisk disk;
  auto store = opened_bundles(disk);
  disk.set_capacity(100'000);
  auto reserve = std::move(*DiskReserve::open(disk, "/data", 30'000));
  ASSERT_TRUE(reserve->held());
  disk.set_capacity(disk.used_bytes() + 100);
  const auto refused = store->keep(bundle_of(5));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, DiskFault::Full);
  EXPECT_EQ(disk.paths(), std::vector<std::string>{"/data/reserve"});
  EXPECT_TRUE(reserve->held());
  const auto kept = store->keep(bundle_of(5), reserve.get());
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_FALSE(reserve->held());
  EXPECT_TRUE(opened_bundles(disk)->load(*kept));
}

TEST(RuleStore, TooLargeIsRefused) {
  SimulatedDisk disk;
  RuleBundle bundle;
  bundle.sources = {{"a.yaml", std::string(limits::kRuleBundleBytes, ' '), false}};
  const auto kept = opened_bundles(disk)->keep(bundle);
  ASSERT_FALSE(kept);
  EXPECT_NE(kept.error().message.find("load fewer"), std::string::npos) << kept.error().message;
  EXPECT_TRUE(disk.paths().empty());
}

// Lives that keep and remove bundles and end anywhere. "": what was kept is there and nothing else passes for it.
std::string run_lives(uint64_t seed, const std::string& ignored, std::set<std::string>& places) {
  std::mt19937_64 random(seed);
  SimulatedDisk disk;
  if (!ignored.empty()) disk.ignore_sync(ignored);
  std::set<std::string> needed;
  for (int life = 0; life < 5; ++life) {
    disk.fault_at(1 + random() % 20, random() % 4 == 0 ? Fault::Full : Fault::PowerOff);
    if (auto store = RuleStore::open(disk, "/data/rules")) {
      for (int step = 0; step < 6; ++step) {
        const auto kept = (*store)->keep(bundle_of(random() % 8));
        if (kept) needed.insert(*kept);
        if (random() % 3 != 0) continue;
        if (!needed.empty()) needed.erase(needed.begin());
        (void)(*store)->remove_unused(needed);
      }
    }
    random() % 3 == 0 ? disk.kill_process() : disk.lose_power(random());
    const auto store = RuleStore::open(disk, "/data/rules");
    if (!store) return store.error().message;
    for (const std::string& hash : needed) {
      const auto loaded = (*store)->load(hash);
      if (!loaded) return loaded.error().message;
    }
  }
  places.merge(disk.sync_places());
  return {};
}

TEST(RuleStore, SurvivesPowerLossAndEverySyncIsMissed) {
  std::set<std::string> places, ignore;
  for (uint64_t seed = 1; seed <= 300; ++seed) ASSERT_EQ(run_lives(seed, "", places), "") << "seed " << seed;
  std::erase_if(places, [](const std::string& place) { return place.find("rule_bundle") == std::string::npos; });
  EXPECT_EQ(places.size(), 2u) << "the file's and the folder's";
  for (const std::string& place : places) {
    std::string broken;
    for (uint64_t seed = 1; broken.empty() && seed <= 2000; ++seed) broken = run_lives(seed, place, ignore);
    EXPECT_NE(broken, "") << "nothing is lost when the sync at " << place << " is left out";
  }
}

}  // namespace
}  // namespace kubevigil
