// RuleBundle: the rules of a run as texts, whole: sources (the built-in pack, too, so that a later version of the
// program can run what this one ran), lists, how derived fields are configured, the date that decides which filters
// have expired, and whatever else of the configuration the alerts follow from. RuleStore keeps bundles by their hash
// below the data folder: a snapshot or a journal names the hash, and `load_rules(bundle.sources, bundle.options)` gives
// the rules that it was written with.
//
// Bytes of a bundle (numbers are u32 little-endian; a text is a u32 length and its bytes):
//   magic "KVRULES1"; with a preset "KVRULES2" and the preset: 0 core, 1 extended, 2 all
//   strict      0 or 1
//   today       text
//   proxies     number, for each: text
//   lists       number, for each: text name, text YAML; in the order of names
//   sources     number, for each: 0 or 1 (built in), text name, text YAML; in the order of loading
//   settings    number, for each: text name, text value; in the order of names
//   nothing behind it; limits::kRuleBundleBytes at most
// The hash is SHA-256 of these bytes, 64 lower-case hexadecimal digits: equal bundles have equal hashes, everywhere.
//
// A store is files <hash> of these bytes in one folder. One is written under <hash>.tmp, synced, renamed, and the
// folder synced, before keep() returns: nothing that names a hash is on the disk before its bundle is.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/disk.h"
#include "engine/base/result.h"
#include "engine/rule/rule_loader.h"
#include "engine/run/disk_reserve.h"

namespace kubevigil {

struct RuleBundle {
  std::vector<RuleSource> sources;
  LoadOptions options;
  std::map<std::string, std::string> settings;  // names and values are the composer's
};

std::string encode_bundle(const RuleBundle& bundle);
Result<RuleBundle> decode_bundle(std::string_view bytes);
std::string bundle_hash(const RuleBundle& bundle);

// All threads. Disk outlives the store.
class RuleStore {
 public:
  static DiskResult<std::unique_ptr<RuleStore>> open(Disk& disk, std::string folder);

  // Durable when it returns without error; the hash. A full disk: the reserve is given back, when there is one, and it
  // is tried once more. Full: nothing is left of it; try again when there is space.
  DiskResult<std::string> keep(const RuleBundle& bundle, DiskReserve* reserve = nullptr);
  // Missing: never kept, or removed. Failed: not the bytes that the hash names; it says so.
  DiskResult<RuleBundle> load(const std::string& hash) const;
  // Removes all bundles but these: what the snapshots that are kept and the journal behind the older of them name.
  // Spared are also those of the last keep(), and of all since the last call but one: they may be on their way into the
  // journal, and `needed` may have been told before they were there.
  DiskResult<void> remove_unused(const std::set<std::string>& needed);
  DiskResult<std::set<std::string>> hashes() const;

 private:
  RuleStore(Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}
  std::string path_of(const std::string& hash) const { return folder_ + "/" + hash; }
  DiskResult<bool> is_whole(const std::string& hash) const;
  DiskResult<void> make_durable(const std::string& hash, std::string_view bytes);
  DiskResult<void> write(const std::string& hash, std::string_view bytes);

  Disk& disk_;
  const std::string folder_;
  std::mutex mutex_;               // of what follows, and of all changes
  std::set<std::string> durable_;  // kept in this life of the program
  std::string last_;               // that was kept
  std::set<std::string> fresh_,
      younger_;  // kept since the last call of remove_unused, and between it and the one before
};

}  // namespace kubevigil
