#include "engine/app/hash_key.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <optional>

#include "engine/app/patient_lock.h"

namespace kubevigil {
namespace {

tl::unexpected<Error> failed(const DiskError& error) { return fail(error.message); }

std::optional<HashKey> parse_key(std::string_view text) {
  HashKey key;
  if (text.size() != 33 || text.back() != '\n') return std::nullopt;
  for (uint64_t* half : {&key.k0, &key.k1}) {
    const auto read = std::from_chars(text.data(), text.data() + 16, *half, 16);
    if (read.ec != std::errc() || read.ptr != text.data() + 16) return std::nullopt;
    text.remove_prefix(16);
  }
  return key;
}

// Nothing when there is no such file.
Result<std::optional<HashKey>> read_key(Disk& disk, const std::string& path) {
  const auto file = disk.open(path);
  if (!file && file.error().fault == DiskFault::Missing) return std::optional<HashKey>();
  if (!file) return failed(file.error());
  std::string text(64, '\0');
  const auto read = (*file)->read_at(0, text);
  if (!read) return failed(read.error());
  text.resize(*read);
  if (const auto key = parse_key(text)) return key;
  return fail(fmt::format(
      "{}: expected 32 hexadecimal digits and a line feed, found {} other bytes; put it back from a copy, or remove it "
      "together with snapshots/ to begin with empty state",
      path, text.size()));
}

// Durable, in one step.
Result<void> write_file(Disk& disk, const std::string& path, std::string_view text) {
  const std::string temporary = path + ".tmp";
  if (const auto removed = disk.remove(temporary); !removed && removed.error().fault != DiskFault::Missing) {
    return failed(removed.error());
  }
  auto file = disk.create(temporary);
  if (!file) return failed(file.error());
  if (const auto written = (*file)->append(text); !written) return failed(written.error());
  if (const auto synced = (*file)->sync(); !synced) return failed(synced.error());
  if (const auto renamed = disk.rename(temporary, path); !renamed) return failed(renamed.error());
  if (const auto synced = disk.sync_folder(std::filesystem::path(path).parent_path()); !synced) {
    return failed(synced.error());
  }
  return {};
}

Result<void> write_key(Disk& disk, const std::string& path, HashKey key) {
  return write_file(disk, path, fmt::format("{:016x}{:016x}\n", key.k0, key.k1));
}

// The lease beside which this data folder has found or left its key; "": none.
std::string known_lease(Disk& disk, const std::string& path) {
  const auto file = disk.open(path);
  std::string text(file ? (*file)->size() : 0, '\0');
  if (!file || !(*file)->read_at(0, text)) return {};
  return text;
}

// REQUIRES: the lock of the shared key. `known`: it was beside this lease.
Result<HashKey> agree(Disk& disk, std::optional<HashKey> own, bool known, const std::string& data,
                      const std::string& shared_path, const Env& env) {
  const auto shared = read_key(disk, shared_path);
  if (!shared) return tl::unexpected(shared.error());
  if (!*shared && own && known) return *own;
  if (!*shared) {
    const HashKey key = own ? *own : HashKey{env.random(), env.random()};
    if (const auto written = write_key(disk, shared_path, key); !written) return tl::unexpected(written.error());
    return key;
  }
  const bool same = !own || (own->k0 == (*shared)->k0 && own->k1 == (*shared)->k1);
  if (same) return **shared;
  return fail(fmt::format(
      "{}/hash-key is not {}: the two instances would give the same alert two ids; copy the latter over the former and "
      "remove {}/snapshots to begin with empty state, or use an empty data folder for this instance",
      data, shared_path, data));
}

}  // namespace

Result<HashKey> load_hash_key(Disk& disk, const std::string& data, const std::string& lease_file, const Env& env) {
  const std::string path = data + "/hash-key";
  const auto own = read_key(disk, path);
  if (!own) return tl::unexpected(own.error());
  HashKey key = *own ? **own : HashKey{env.random(), env.random()};
  if (!lease_file.empty()) {
    const auto lock = lock_patiently(disk, lease_file + ".key.lock", env);
    if (!lock) return failed(lock.error());
    const std::string note = path + ".lease";
    const bool known = known_lease(disk, note) == lease_file;
    const auto agreed = agree(disk, *own, known, data, lease_file + ".key", env);
    if (!agreed) return agreed;
    key = *agreed;
    if (!known) (void)write_file(disk, note, lease_file);  // on a full disk the next start does it
  }
  if (!*own) {
    if (const auto written = write_key(disk, path, key); !written) return tl::unexpected(written.error());
  }
  return key;
}

}  // namespace kubevigil
