#include "engine/event/json_block.h"

#include <array>
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

void plain(const char* text, JsonBlock& out) {
  out = {};
  for (size_t i = 0; i < JsonBlock::kBytes; ++i) {
    for (const Mask& m : kMasks) out.*m.bits |= uint64_t{(text[i] | m.bit) == m.wanted} << i;
    out.controls |= uint64_t{static_cast<unsigned char>(text[i]) <= kLastControl} << i;
  }
}

#ifdef __x86_64__

void sse2(const char* text, JsonBlock& out) {
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
  }
}

// A function with a target is compiled for processors that not every machine has, and called only after asking.
__attribute__((target("avx2"))) void avx2(const char* text, JsonBlock& out) {
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
}

__attribute__((target("avx512f,avx512bw"))) void avx512(const char* text, JsonBlock& out) {
  const __m512i v = _mm512_loadu_si512(text);
#pragma GCC unroll 8
  for (const Mask& m : kMasks) {
    out.*m.bits = _mm512_cmpeq_epi8_mask(_mm512_or_si512(v, _mm512_set1_epi8(m.bit)), _mm512_set1_epi8(m.wanted));
  }
  out.controls = _mm512_cmple_epu8_mask(v, _mm512_set1_epi8(kLastControl));
}

#endif

std::vector<JsonBlockKernel> usable_kernels() {
  std::vector<JsonBlockKernel> kernels = {plain};
#ifdef __x86_64__
  kernels.push_back(sse2);
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) kernels.push_back(avx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) kernels.push_back(avx512);
#endif
  return kernels;
}

}  // namespace

std::span<const JsonBlockKernel> json_block_kernels() {
  static const std::vector<JsonBlockKernel> kernels = usable_kernels();
  return kernels;
}

const JsonBlockKernel read_json_block = json_block_kernels().back();

}  // namespace kubevigil
