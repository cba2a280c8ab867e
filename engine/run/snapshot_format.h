// Constants of the snapshot file; its bytes are written down in snapshot_store.h.
#pragma once

#include <cstdint>
#include <string_view>

namespace kubevigil {

inline constexpr std::string_view kSnapshotMagic = "KVSNAPSH";
inline constexpr uint32_t kSnapshotVersion = 1;
inline constexpr size_t kSnapshotHeaderBytes = 32;
inline constexpr size_t kSnapshotChunkBytes = 1u << 20;

// Of a chunk (or of the end) at its place: chunks that changed places are damage, too.
uint32_t chunk_crc(uint64_t number, std::string_view bytes);

}  // namespace kubevigil
