// Sizes in bytes as people write them: "500", "10GB", "256MiB". Decimal units (kB, MB, GB, TB) are powers of 1000,
// binary ones (KiB, MiB, GiB, TiB) of 1024; K, M, G and T alone are refused, since readers disagree about them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kubevigil {

// A whole number and a unit, no sign, no blank between them; unit letters in any case. Nothing beyond 2^63 - 1.
std::optional<uint64_t> parse_size(std::string_view text);
// The shortest exact spelling: "256MiB", "10GB", "1500".
std::string format_size(uint64_t bytes);

}  // namespace kubevigil
