// A snapshot file made of any bytes: it is read whole, or refused with a reason, and never more than it holds. When the
// first byte is odd, header and note get right checksums first; when it is 2 modulo 4, the whole rest is the state of a
// right file in which one byte is changed.
#include <cstdint>
#include <cstdlib>

#include "engine/codec/crc32c.h"
#include "engine/run/segment_format.h"
#include "engine/run/snapshot_format.h"
#include "engine/run/snapshot_store.h"
#include "tests/support/memory_file.h"

namespace {

using namespace kubevigil;

std::string header(uint64_t number, std::string_view note) {
  std::string head(kSnapshotMagic);
  put_u32(head, kSnapshotVersion);
  put_u64(head, number);
  put_u32(head, static_cast<uint32_t>(note.size()));
  put_u32(head, crc32c(note));
  put_u32(head, crc32c(head));
  return head + std::string(note);
}

std::string chunked(std::string_view state) {
  std::string out, size;
  if (!state.empty()) {
    put_u32(out, static_cast<uint32_t>(state.size()));
    put_u32(out, chunk_crc(0, state));
    out += state;
  }
  put_u64(size, state.size());
  put_u32(out, 0);
  out += size;
  put_u32(out, chunk_crc(state.empty() ? 0 : 1, size));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 4, size - 4);
  std::string bytes(input), problem;
  const bool right = data[0] % 4 == 2 && input.size() < kSnapshotChunkBytes;
  if (data[0] % 2 == 1) bytes = header(7, input.substr(0, data[1])) + bytes;
  if (right) bytes = header(7, "note") + chunked(input);
  const bool changed = right && data[1] != 0;
  if (changed) bytes[(data[2] * 256u + data[3]) % bytes.size()] ^= static_cast<char>(data[1]);
  const test::MemoryFile file(bytes);
  const auto loaded = read_snapshot(file, "f", problem);
  if (!loaded) return 0;  // another version
  if (*loaded ? (*loaded)->state.size() + (*loaded)->info.note.size() > bytes.size() : problem.empty()) std::abort();
  if (right && !changed && !(*loaded && (*loaded)->state == input)) std::abort();
  if (changed && *loaded) std::abort();
  return 0;
}
