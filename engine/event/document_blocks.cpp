// DocumentScanner, the fast part: 64 bytes at a time. Inside the members of the outermost object (or of `data` in it)
// only brackets count; its own members are looked at token by token, but found by masks. A block in which anything else
// could matter (a control character, a quote out of step) is left to the byte by byte scan, which knows what to do
// about it.
#include <bit>

#include "engine/event/document_scanner.h"
#include "engine/event/json_block.h"

namespace kubevigil {
namespace {

// The bytes behind `bits` and behind blanks that follow them. `carry`: the byte before the block was one of them.
uint64_t behind(uint64_t bits, bool carry, uint64_t blanks) {
  const uint64_t next = (bits << 1) | (carry ? 1 : 0);
  return next | (((next & blanks) + blanks) ^ blanks);  // adding carries through each run of blanks
}

size_t lowest(uint64_t bits) { return static_cast<size_t>(std::countr_zero(bits)); }
size_t highest(uint64_t bits) { return 63 - static_cast<size_t>(std::countl_zero(bits)); }
size_t count(uint64_t bits) { return static_cast<size_t>(std::popcount(bits)); }
uint64_t below(size_t n) { return n == JsonBlock::kBytes ? ~uint64_t{0} : (uint64_t{1} << n) - 1; }

}  // namespace

// What stands outside the strings of a block; closing quotes do, opening ones do not.
struct DocumentScanner::Block {
  Block(const char* bytes, StringState& state) : text(bytes) {
    read_json_block(bytes, all);
    const JsonStrings strings(all, state);
    outside = ~strings.inside;
    quotes = strings.quotes;
    opens = all.opens & outside;
    closes = all.closes & outside;
    unclear = all.controls | (all.backslashes & outside);
  }
  uint64_t tokens() const { return outside & ~all.spaces; }
  uint64_t separators() const { return (all.commas | all.colons) & outside; }
  uint64_t marks() const { return opens | closes | quotes | separators(); }
  // Whether a string or a bracket opens where none may: see DocumentScanner::structural.
  bool misplaced(char last) const {
    const uint64_t braces = opens & all.braces, blanks = all.spaces & outside;
    const bool separator = last == '[' || last == ',' || last == ':';
    const uint64_t may_open = behind((opens & ~braces) | separators(), separator, blanks);
    const uint64_t may_quote = may_open | behind(braces, last == '{', blanks);
    return ((opens & ~may_open) | (quotes & ~outside & ~may_quote)) != 0;
  }

  const char* text;
  JsonBlock all;
  uint64_t outside, quotes, opens, closes, unclear;
};

void DocumentScanner::scan_blocks(std::string_view text) {
  StringState state{in_string_, escaped_};
  size_t size = JsonBlock::kBytes;  // stepped over
  while (size == JsonBlock::kBytes && at_ + JsonBlock::kBytes <= text.size() && at_ >= slow_until_) {
    // What follows the first bracket tells whether the document is compact.
    if (depth_ == 0 || (depth_ == 1 && (last_ == '{' || last_ == '['))) break;
    StringState next = state;
    const Block block(text.data() + at_, next);
    if (block.unclear != 0 || (!lenient_ && block.misplaced(last_))) {
      slow_until_ = at_ + JsonBlock::kBytes;
      break;
    }
    const size_t begin = at_;
    size = step_over(block, text);
    remember_token(block, begin, size);
    state = size == JsonBlock::kBytes ? next : StringState{};
    at_ = begin + size;
  }
  in_string_ = state.in_string;
  escaped_ = state.escaped;
}

// Returns how many bytes of the block it dealt with: all, or those before a bracket that ends the document or opens a
// list of records.
size_t DocumentScanner::step_over(const Block& block, std::string_view text) {
  const uint64_t brackets = block.opens | block.closes;
  // The members at this depth are of interest, those of what stands below are not.
  const auto watched = [this] { return in_data_ ? size_t{2} : size_t{1}; };
  if (count(block.closes) + watched() < depth_) {
    depth_ = depth_ + count(block.opens) - count(block.closes);
    return JsonBlock::kBytes;
  }
  const uint64_t marks = block.marks();
  const size_t begin = at_;
  uint64_t ahead = ~uint64_t{0};
  while (const uint64_t next = (depth_ > watched() ? brackets : marks) & ahead) {
    const size_t i = lowest(next);
    const auto is = [i](uint64_t bits) { return (bits >> i & 1) != 0; };
    ahead = ~below(i + 1);
    if (depth_ > watched()) {
      depth_ = is(block.opens) ? depth_ + 1 : depth_ - 1;
    } else if ((depth_ == 1 && is(block.closes)) || (key_ == Key::List && is(block.opens & ~block.all.braces))) {
      return i;
    } else {
      remember_token(block, begin, i);
      at_ = begin + i;
      if (is(block.quotes & block.outside)) {
        ++at_;
        end_string(text);
      } else {
        structural(text[at_]);
      }
    }
  }
  return JsonBlock::kBytes;
}

// The last token among the first `size` bytes of the block at `begin`.
void DocumentScanner::remember_token(const Block& block, size_t begin, size_t size) {
  const uint64_t tokens = block.tokens() & below(size);
  if (tokens == 0) return;
  const size_t i = highest(tokens);
  last_at_ = begin + i;
  last_ = block.text[i];
}

}  // namespace kubevigil
