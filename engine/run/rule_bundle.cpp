#include "engine/run/rule_bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/hash.h"
#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/run/record_bytes.h"

namespace kubevigil {
namespace {

constexpr std::string_view kWithoutPreset = "KVRULES1", kWithPreset = "KVRULES2";
constexpr std::string_view kTemporary = ".tmp";
constexpr size_t kHashDigits = 64;
constexpr uint32_t kEmptyText = 4;  // bytes that the shortest element takes

bool is_hash(std::string_view name) {
  return name.size() == kHashDigits &&
         std::all_of(name.begin(), name.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

void put_texts(std::string& out, const std::map<std::string, std::string>& texts) {
  put_u32(out, static_cast<uint32_t>(texts.size()));
  for (const auto& [name, text] : texts) {
    put_text(out, name);
    put_text(out, text);
  }
}

// How many elements follow; more than the rest can hold is damage, and not a reason to ask for memory.
uint32_t take_number(RecordBytes& bytes) {
  const uint32_t number = bytes.u32();
  bytes.bad = bytes.bad || number > bytes.rest.size() / kEmptyText;
  return bytes.bad ? 0 : number;
}

bool take_flag(RecordBytes& bytes) {
  const uint32_t flag = bytes.u32();
  bytes.bad = bytes.bad || flag > 1;
  return flag == 1;
}

std::optional<Preset> take_preset(RecordBytes& bytes) {
  const uint32_t number = bytes.u32();
  bytes.bad = bytes.bad || number >= kPresetNames.size();
  if (bytes.bad) return std::nullopt;
  return static_cast<Preset>(number);
}

std::map<std::string, std::string> take_texts(RecordBytes& bytes) {
  std::map<std::string, std::string> texts;
  for (uint32_t i = take_number(bytes); i > 0 && !bytes.bad; --i) {
    std::string name = bytes.text();
    const bool in_order = texts.empty() || texts.rbegin()->first < name;
    bytes.bad = bytes.bad || !in_order;
    texts.emplace_hint(texts.end(), std::move(name), bytes.text());
  }
  return texts;
}

DiskResult<std::string> read_all(const DiskFile& file) {
  std::string bytes(std::min<uint64_t>(file.size(), limits::kRuleBundleBytes + 1), '\0');
  const auto got = file.read_at(0, bytes);
  if (!got) return tl::unexpected(got.error());
  bytes.resize(*got);
  return bytes;
}

}  // namespace

// The structured bindings name every member, so that a new one does not compile until it is written here and read
// below.
std::string encode_bundle(const RuleBundle& bundle) {
  const auto& [sources, options, settings] = bundle;
  const auto& [strict, lists, derived, today, preset] = options;
  const auto& [trusted_proxies] = derived;
  std::string out(preset ? kWithPreset : kWithoutPreset);
  if (preset) put_u32(out, static_cast<uint32_t>(*preset));
  put_u32(out, strict ? 1 : 0);
  put_text(out, today);
  put_u32(out, static_cast<uint32_t>(trusted_proxies.size()));
  for (const std::string& proxy : trusted_proxies) put_text(out, proxy);
  put_texts(out, lists);
  put_u32(out, static_cast<uint32_t>(sources.size()));
  for (const auto& [name, text, builtin] : sources) {
    put_u32(out, builtin ? 1 : 0);
    put_text(out, name);
    put_text(out, text);
  }
  put_texts(out, settings);
  return out;
}

Result<RuleBundle> decode_bundle(std::string_view bytes) {
  RecordBytes in{bytes};
  const std::string_view magic = in.take(kWithPreset.size());
  if (magic != kWithPreset && magic != kWithoutPreset) {
    return fail("no rule bundle, or of another format than KVRULES1 and KVRULES2");
  }
  RuleBundle bundle;
  if (magic == kWithPreset) bundle.options.preset = take_preset(in);
  bundle.options.strict = take_flag(in);
  bundle.options.today = in.text();
  for (uint32_t i = take_number(in); i > 0 && !in.bad; --i) {
    bundle.options.derived.trusted_proxies.push_back(in.text());
  }
  bundle.options.lists = take_texts(in);
  for (uint32_t i = take_number(in); i > 0 && !in.bad; --i) {
    RuleSource source;
    source.builtin = take_flag(in);
    source.name = in.text();
    source.text = in.text();
    bundle.sources.push_back(std::move(source));
  }
  bundle.settings = take_texts(in);
  if (in.bad || !in.rest.empty()) return fail("a rule bundle that is cut off or damaged");
  return bundle;
}

std::string bundle_hash(const RuleBundle& bundle) { return sha256_hex(encode_bundle(bundle)); }

DiskResult<std::unique_ptr<RuleStore>> RuleStore::open(Disk& disk, std::string folder) {
  std::unique_ptr<RuleStore> store(new RuleStore(disk, std::move(folder)));
  if (auto ok = disk.make_folder(store->folder_); !ok) return tl::unexpected(ok.error());
  const auto names = disk.list(store->folder_);
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    if (!name.ends_with(kTemporary) || !is_hash(name.substr(0, name.size() - kTemporary.size()))) continue;
    if (auto ok = disk.remove(store->path_of(name)); !ok) return tl::unexpected(ok.error());
  }
  return store;
}

DiskResult<std::string> RuleStore::keep(const RuleBundle& bundle, DiskReserve* reserve) {
  const std::string bytes = encode_bundle(bundle);
  if (bytes.size() > limits::kRuleBundleBytes) {
    return disk_fail(DiskFault::Failed, fmt::format("rules and lists of {} bytes; at most {} are taken: load fewer",
                                                    bytes.size(), limits::kRuleBundleBytes));
  }
  std::string hash = sha256_hex(bytes);
  const std::lock_guard hold(mutex_);
  if (!durable_.contains(hash)) {
    auto kept = make_durable(hash, bytes);
    const bool full = !kept && kept.error().fault == DiskFault::Full;
    if (full && reserve != nullptr && reserve->release()) kept = make_durable(hash, bytes);
    if (!kept) return tl::unexpected(kept.error());
  }
  fresh_.insert(hash);
  last_ = hash;
  return hash;
}

DiskResult<void> RuleStore::make_durable(const std::string& hash, std::string_view bytes) {
  const auto whole = is_whole(hash);
  if (!whole) return tl::unexpected(whole.error());
  if (!*whole) {
    if (auto ok = write(hash, bytes); !ok) return ok;
  }
  if (auto ok = disk_.sync_folder(folder_); !ok) return ok;
  durable_.insert(hash);
  return {};
}

// Whether an earlier life left it there, with all of its bytes on the disk.
DiskResult<bool> RuleStore::is_whole(const std::string& hash) const {
  const auto file = disk_.open(path_of(hash));
  if (!file && file.error().fault == DiskFault::Missing) return false;
  if (!file) return tl::unexpected(file.error());
  (*file)->reread();
  const auto bytes = read_all(**file);
  if (!bytes) return tl::unexpected(bytes.error());
  return sha256_hex(*bytes) == hash;
}

DiskResult<void> RuleStore::write(const std::string& hash, std::string_view bytes) {
  const std::string temporary = path_of(hash) + std::string(kTemporary);
  auto file = disk_.create(temporary);
  if (!file && file.error().fault == DiskFault::Exists) {
    if (auto ok = disk_.remove(temporary); !ok) return ok;
    file = disk_.create(temporary);
  }
  if (!file) return tl::unexpected(file.error());
  auto written = (*file)->append(bytes);
  if (written) written = (*file)->sync();
  file->reset();
  if (written) written = disk_.rename(temporary, path_of(hash));
  if (!written) (void)disk_.remove(temporary);  // on a full disk its room is needed
  return written;
}

DiskResult<RuleBundle> RuleStore::load(const std::string& hash) const {
  if (!is_hash(hash)) return disk_fail(DiskFault::Missing, fmt::format("no rules are called \"{}\"", printable(hash)));
  const std::string path = path_of(hash);
  const auto file = disk_.open(path);
  if (!file) return tl::unexpected(file.error());
  const auto bytes = read_all(**file);
  if (!bytes) return tl::unexpected(bytes.error());
  const std::string found = sha256_hex(*bytes);
  if (found != hash) {
    return disk_fail(DiskFault::Failed, fmt::format("{}: damaged: its {} bytes have SHA-256 {}, not the one of its "
                                                    "name; check the disk",
                                                    printable(path), bytes->size(), found));
  }
  auto bundle = decode_bundle(*bytes);
  if (!bundle) return disk_fail(DiskFault::Failed, printable(path) + ": " + bundle.error().message);
  return std::move(*bundle);
}

DiskResult<std::set<std::string>> RuleStore::hashes() const {
  const auto names = disk_.list(folder_);
  if (!names) return tl::unexpected(names.error());
  std::set<std::string> hashes;
  std::copy_if(names->begin(), names->end(), std::inserter(hashes, hashes.end()), is_hash);
  return hashes;
}

DiskResult<void> RuleStore::remove_unused(const std::set<std::string>& needed) {
  const std::lock_guard hold(mutex_);
  const auto there = hashes();
  if (!there) return tl::unexpected(there.error());
  const std::set<std::string> younger = std::exchange(younger_, std::exchange(fresh_, {}));
  for (const std::string& hash : *there) {
    if (needed.contains(hash) || younger_.contains(hash) || younger.contains(hash) || hash == last_) continue;
    durable_.erase(hash);
    if (auto ok = disk_.remove(path_of(hash)); !ok && ok.error().fault != DiskFault::Missing) return ok;
  }
  return {};
}

}  // namespace kubevigil
