#include "inputs/tail_order.h"

#include <string>

namespace kubevigil {
namespace {

bool same_inode(const LogFile& a, const FileIdentity& b) { return a.device == b.device && a.inode == b.inode; }

bool has_head(const std::string& path, const Fingerprint& head) {
  const auto file = TailedFile::open(path);
  return file && begins_with((*file)->head(), head);
}

std::unique_ptr<TailedFile> open_at(const LogFile& candidate, const Fingerprint& head, uint64_t offset,
                                    const Fingerprint& tail) {
  auto file = TailedFile::open(candidate.path);
  if (!file || !begins_with((*file)->head(), head) || !(*file)->seek(offset)) return nullptr;
  if (tail.bytes > 0 && fingerprint((*file)->last_bytes()) != tail) return nullptr;
  return std::move(*file);
}

}  // namespace

std::unique_ptr<TailedFile> reopen(const LogFolder& folder, const FileIdentity& file, uint64_t offset,
                                   const Fingerprint& tail, std::optional<uint64_t> not_inode) {
  for (const bool inode : {true, false}) {
    for (size_t i = folder.files.size(); i-- > 0;) {
      const LogFile& candidate = folder.files[i];
      if (same_inode(candidate, file) != inode || candidate.inode == not_inode) continue;
      if (auto found = open_at(candidate, file.head, offset, tail)) return found;
    }
  }
  return nullptr;
}

std::optional<size_t> index_of(const LogFolder& folder, const FileIdentity& file) {
  for (size_t i = 0; i < folder.files.size(); ++i) {
    if (same_inode(folder.files[i], file)) return i;
  }
  if (file.head.bytes == 0) return std::nullopt;
  for (size_t i = folder.files.size(); i-- > 0;) {
    if (has_head(folder.files[i].path, file.head)) return i;
  }
  return std::nullopt;
}

size_t first_behind(const LogFolder& folder, const Predecessor& before, bool* known) {
  if (known != nullptr) *known = true;
  if (before.head.bytes > 0) {
    for (size_t i = folder.files.size(); i-- > 0;) {
      if (has_head(folder.files[i].path, before.head)) return i + 1;
    }
  }
  if (known != nullptr) *known = before.head.bytes == 0;
  size_t i = 0;
  if (before.closed_us == 0) return i;
  for (; i < folder.files.size(); ++i) {
    const auto& closed = folder.files[i].name.rotated_at;
    if (folder.files[i].live() || (closed && closed->micros > before.closed_us)) break;
  }
  return i;
}

Predecessor predecessor_of(const LogFolder& folder, size_t index) {
  Predecessor out;
  for (size_t i = index; i-- > 0 && out.head.bytes == 0;) {
    const LogFile& file = folder.files[i];
    if (out.closed_us == 0 && file.name.rotated_at) out.closed_us = file.name.rotated_at->micros;
    const auto opened = TailedFile::open(file.path);
    if (opened) out.head = (*opened)->identity().head;
  }
  return out;
}

}  // namespace kubevigil
