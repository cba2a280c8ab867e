// TailPosition: how far a live log was read, in a form that survives renames, compression, truncation and restarts.
// A plain value; the journal stores its text, a snapshot may archive it.
//
// A file is recognised by device and inode together with the hash of its first bytes; where the inode is another (a
// compressed or copied file), by the hash alone. Offsets count plain bytes, so they hold for the .gz of a file, too.
//
// Text, one line: "tail1" and 14 decimal or hexadecimal words with one blank between them, in the order of the members
// below; a Fingerprint is its bytes and 32 hexadecimal digits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/hash.h"
#include "engine/base/timestamp.h"

namespace kubevigil {

inline constexpr size_t kHeadBytes = 1024;  // of a file, in its fingerprint
inline constexpr size_t kTailBytes = 64;    // in front of an offset, in the fingerprint of the place

struct Fingerprint {
  uint32_t bytes = 0;  // 0: nothing is known
  Hash128 hash;
  bool operator==(const Fingerprint&) const = default;
};
Fingerprint fingerprint(std::string_view bytes);
// Does a file that begins with `head` begin with what was hashed? False when nothing is known.
bool begins_with(std::string_view head, const Fingerprint& known);

struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  Fingerprint head;
  bool operator==(const FileIdentity&) const = default;
};

struct TailPosition {
  FileIdentity file;
  uint32_t number = 0;   // of the file within this source, from 0; RecordPosition::file
  uint64_t offset = 0;   // plain bytes; a line begins here, and no record is open
  uint64_t line = 1;     // its number
  uint64_t given = 0;    // records and bad ones behind the offset that were handed out already
  Fingerprint tail;      // of the last bytes in front of the offset
  Fingerprint before;    // the head of the file before this one
  int64_t after_us = 0;  // when that one was closed, by its name (microseconds since 1970); 0: the name does not say
  bool operator==(const TailPosition&) const = default;
};

std::string to_text(const TailPosition& position);
std::optional<TailPosition> parse_tail_position(std::string_view text);

// For engine/state/archive.h, which this layer does not see.
template <typename Archive>
void archive(Archive& a, Fingerprint& v) {
  a(v.bytes);
  a(v.hash);
}
template <typename Archive>
void archive(Archive& a, TailPosition& v) {
  a(v.file.device);
  a(v.file.inode);
  archive(a, v.file.head);
  a(v.number);
  a(v.offset);
  a(v.line);
  a(v.given);
  archive(a, v.tail);
  archive(a, v.before);
  a(v.after_us);
}

}  // namespace kubevigil
