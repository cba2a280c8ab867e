// JsonBlock: what 64 bytes of JSON text hold, as bit masks, bit i for byte i; for loops that must see every byte of
// every body. The method is that of simdjson's first stage (https://arxiv.org/abs/1902.08318, 3.1). The masks are made
// by the widest instructions that the processor has, chosen once; all kernels give the same masks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace kubevigil {

struct JsonBlock {
  static constexpr size_t kBytes = 64;

  uint64_t quotes;       // every '"'
  uint64_t backslashes;  // every backslash
  uint64_t opens;        // { and [
  uint64_t closes;       // } and ]
  uint64_t braces;       // { alone
  uint64_t commas;
  uint64_t colons;
  uint64_t spaces;    // 0x20 alone
  uint64_t controls;  // below 0x20: white space, too
  uint64_t wide;      // 0x80 and above
  bool operator==(const JsonBlock&) const = default;
};

// REQUIRES: JsonBlock::kBytes readable bytes.
using JsonBlockKernel = void (*)(const char* text, JsonBlock& out);
extern const JsonBlockKernel read_json_block;

// Behind the bracket that ends the container at the front of the text, whatever kinds of brackets are in it; npos when
// none does, or when a string in it holds a control character. `wide` is set when a byte beyond ASCII was seen, perhaps
// behind the container. REQUIRES: a bracket in front, kBytes readable bytes behind the text.
using ContainerEndKernel = size_t (*)(std::string_view text, bool& wide);
extern const ContainerEndKernel container_end;

// What the two are made for: "plain", "sse2", "avx2", "avx512".
std::string_view json_block_kernel();

// All kernels that this machine can run, the plain loop first: for tests.
std::span<const JsonBlockKernel> json_block_kernels();
std::span<const ContainerEndKernel> container_end_kernels();

// Where the text stands between two blocks.
struct StringState {
  bool in_string = false;
  bool escaped = false;  // the next byte is escaped
};

// Bit i: the number of set bits up to and with i is odd.
inline uint64_t prefix_xor(uint64_t bits) {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  bits ^= bits << 8;
  bits ^= bits << 16;
  return bits ^ bits << 32;
}

// The bytes that a backslash escapes: within a run of backslashes every second one, and the byte behind a run of odd
// length. Subtracting the starts from the odd positions carries each run's parity to its end.
inline uint64_t escaped_bytes(uint64_t backslashes, bool& carry) {
  constexpr uint64_t kOdd = 0xAAAAAAAAAAAAAAAAu;
  const uint64_t first = carry ? 1 : 0;
  carry = false;
  if (backslashes == 0) return first;
  const uint64_t candidates = backslashes & ~first;
  const uint64_t codes = (((candidates << 1) | kOdd) - candidates) ^ kOdd;
  carry = ((codes & backslashes) >> 63) != 0;
  return codes ^ (backslashes | first);
}

// The strings of a block. Backslashes are taken to escape wherever they stand; outside strings JSON has none.
struct JsonStrings {
  JsonStrings(const JsonBlock& block, StringState& state)
      : quotes(block.quotes & ~escaped_bytes(block.backslashes, state.escaped)),
        inside(prefix_xor(quotes) ^ (state.in_string ? ~uint64_t{0} : 0)) {
    state.in_string = (inside >> 63) != 0;
  }
  uint64_t quotes;  // those that open or close a string
  uint64_t inside;  // from the opening quote to the byte before the closing one
};

}  // namespace kubevigil
