#include "engine/event/json_block.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace kubevigil {
namespace {

// Byte b is in a mask when (b | bit) == wanted. Bit 0x20 makes [ and { one, and ] and }.
struct Mask {
  uint64_t JsonBlock::*bits;
  char bit, wanted;
};
constexpr std::array<Mask, 8> kMasks = {{{&JsonBlock::quotes, 0, '"'},
                                         {&JsonBlock::backslashes, 0, '\\'},
                                         {&JsonBlock::opens, 0x20, '{'},
                                         {&JsonBlock::closes, 0x20, '}'},
                                         {&JsonBlock::braces, 0, '{'},
                                         {&JsonBlock::commas, 0, ','},
                                         {&JsonBlock::colons, 0, ':'},
                                         {&JsonBlock::spaces, 0, ' '}}};
constexpr char kLastControl = 0x1F;

// Brackets counted over the blocks of a container. Inlined into the loops below, so that it has their instructions.
struct ContainerScan {
  static constexpr size_t kGoesOn = JsonBlock::kBytes, kBroken = SIZE_MAX;

  // The bit of the bracket that ends it. `left`: bytes of the text from here on.
  [[gnu::always_inline]] size_t step(const JsonBlock& block, size_t left) {
    const JsonStrings strings(block, state);
    const uint64_t in_text = left >= JsonBlock::kBytes ? ~uint64_t{0} : (uint64_t{1} << left) - 1;
    uint64_t closes = block.closes & ~strings.inside & in_text;
    const uint64_t opens = block.opens & ~strings.inside & in_text;
    wide |= block.wide;
    const auto closed = static_cast<size_t>(std::popcount(closes));
    size_t end = kGoesOn;
    if (depth <= closed) {
      for (size_t n = 1; closes != 0; closes &= closes - 1, ++n) {
        const uint64_t before = (closes & -closes) - 1;
        if (depth + static_cast<size_t>(std::popcount(opens & before)) != n) continue;
        end = static_cast<size_t>(std::countr_zero(closes));
        break;
      }
    }
    const uint64_t up_to_end = end == kGoesOn ? in_text : (uint64_t{1} << end) - 1;
    if ((block.controls & strings.inside & up_to_end) != 0) return kBroken;
    depth += static_cast<size_t>(std::popcount(opens)) - closed;
    return end;
  }

  StringState state;
  size_t depth = 0;
  uint64_t wide = 0;
};

size_t found(const ContainerScan& scan, size_t at, size_t end, bool& wide) {
  wide = wide || scan.wide != 0;
  return end >= ContainerScan::kGoesOn ? std::string_view::npos : at + end + 1;
}

inline void plain(const char* text, JsonBlock& out) {
  out = {};
  for (size_t i = 0; i < JsonBlock::kBytes; ++i) {
    for (const Mask& m : kMasks) out.*m.bits |= uint64_t{(text[i] | m.bit) == m.wanted} << i;
    out.controls |= uint64_t{static_cast<unsigned char>(text[i]) <= kLastControl} << i;
    out.wide |= uint64_t{static_cast<unsigned char>(text[i]) >= 0x80} << i;
  }
}

size_t plain_end(std::string_view text, bool& wide) {
  ContainerScan scan;
  size_t at = 0, end = ContainerScan::kGoesOn;
  for (; at < text.size(); at += JsonBlock::kBytes) {
    JsonBlock block;
    plain(text.data() + at, block);
    if ((end = scan.step(block, text.size() - at)) != ContainerScan::kGoesOn) break;
  }
  return found(scan, at, end, wide);
}

#ifdef __x86_64__

inline void sse2(const char* text, JsonBlock& out) {
  out = {};
  for (unsigned i = 0; i < 4; ++i) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text) + i);
    const auto mask = [i](__m128i equal) {
      return uint64_t{static_cast<uint16_t>(_mm_movemask_epi8(equal))} << 16 * i;
    };
#pragma GCC unroll 8
    for (const Mask& m : kMasks) {
      out.*m.bits |= mask(_mm_cmpeq_epi8(_mm_or_si128(v, _mm_set1_epi8(m.bit)), _mm_set1_epi8(m.wanted)));
    }
    out.controls |= mask(_mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(kLastControl)), v));
    out.wide |= mask(v);
  }
}

size_t sse2_end(std::string_view text, bool& wide) {
  ContainerScan scan;
  size_t at = 0, end = ContainerScan::kGoesOn;
  for (; at < text.size(); at += JsonBlock::kBytes) {
    JsonBlock block;
    sse2(text.data() + at, block);
    if ((end = scan.step(block, text.size() - at)) != ContainerScan::kGoesOn) break;
  }
  return found(scan, at, end, wide);
}

// A function with a target is compiled for processors that not every machine has, and called only after asking.
__attribute__((target("avx2,popcnt,bmi"))) inline void avx2(const char* text, JsonBlock& out) {
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
  const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text) + 1);
#pragma GCC unroll 8
  for (const Mask& m : kMasks) {
    const __m256i bit = _mm256_set1_epi8(m.bit), wanted = _mm256_set1_epi8(m.wanted);
    const auto a = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_or_si256(low, bit), wanted)));
    const auto b = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_or_si256(high, bit), wanted)));
    out.*m.bits = a | uint64_t{b} << 32;
  }
  const __m256i most = _mm256_set1_epi8(kLastControl);
  const auto a = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(low, most), low)));
  const auto b = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(high, most), high)));
  out.controls = a | uint64_t{b} << 32;
  out.wide = static_cast<uint32_t>(_mm256_movemask_epi8(low)) |
             uint64_t{static_cast<uint32_t>(_mm256_movemask_epi8(high))} << 32;
}

__attribute__((target("avx2,popcnt,bmi"))) size_t avx2_end(std::string_view text, bool& wide) {
  ContainerScan scan;
  size_t at = 0, end = ContainerScan::kGoesOn;
  for (; at < text.size(); at += JsonBlock::kBytes) {
    JsonBlock block;
    avx2(text.data() + at, block);
    if ((end = scan.step(block, text.size() - at)) != ContainerScan::kGoesOn) break;
  }
  return found(scan, at, end, wide);
}

__attribute__((target("avx512f,avx512bw,popcnt,bmi"))) inline void avx512(const char* text, JsonBlock& out) {
  const __m512i v = _mm512_loadu_si512(text);
#pragma GCC unroll 8
  for (const Mask& m : kMasks) {
    out.*m.bits = _mm512_cmpeq_epi8_mask(_mm512_or_si512(v, _mm512_set1_epi8(m.bit)), _mm512_set1_epi8(m.wanted));
  }
  out.controls = _mm512_cmple_epu8_mask(v, _mm512_set1_epi8(kLastControl));
  out.wide = _mm512_movepi8_mask(v);
}

__attribute__((target("avx512f,avx512bw,popcnt,bmi"))) size_t avx512_end(std::string_view text, bool& wide) {
  ContainerScan scan;
  size_t at = 0, end = ContainerScan::kGoesOn;
  for (; at < text.size(); at += JsonBlock::kBytes) {
    JsonBlock block;
    avx512(text.data() + at, block);
    if ((end = scan.step(block, text.size() - at)) != ContainerScan::kGoesOn) break;
  }
  return found(scan, at, end, wide);
}

#endif

struct Kernels {
  std::vector<JsonBlockKernel> blocks = {plain};
  std::vector<ContainerEndKernel> ends = {plain_end};
  std::string_view name = "plain";  // of the last one
  void add(std::string_view called, JsonBlockKernel block, ContainerEndKernel end) {
    name = called;
    blocks.push_back(block);
    ends.push_back(end);
  }
};

Kernels usable_kernels() {
  Kernels kernels;
#ifdef __x86_64__
  kernels.add("sse2", sse2, sse2_end);
  __builtin_cpu_init();
  const bool counts = __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi");
  if (counts && __builtin_cpu_supports("avx2")) kernels.add("avx2", avx2, avx2_end);
  if (counts && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) {
    kernels.add("avx512", avx512, avx512_end);
  }
#endif
  return kernels;
}

const Kernels& kernels() {
  static const Kernels usable = usable_kernels();
  return usable;
}

}  // namespace

std::span<const JsonBlockKernel> json_block_kernels() { return kernels().blocks; }
std::span<const ContainerEndKernel> container_end_kernels() { return kernels().ends; }
std::string_view json_block_kernel() { return kernels().name; }

const JsonBlockKernel read_json_block = json_block_kernels().back();
const ContainerEndKernel container_end = container_end_kernels().back();

}  // namespace kubevigil
