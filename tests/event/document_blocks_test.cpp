// The scan over blocks of 64 bytes answers as the scan byte by byte. Fed one byte at a time, the scanner never has a
// block, and so is its own oracle.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "engine/event/document_scanner.h"
#include "engine/event/json_block.h"

namespace kubevigil {
namespace {

using Random = std::mt19937_64;

size_t pick(Random& random, size_t n) { return static_cast<size_t>(random() % n); }

TEST(JsonBlock, AllKernelsGiveTheSameMasks) {
  const auto kernels = json_block_kernels();
  Random random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string text(JsonBlock::kBytes, ' ');
    for (char& c : text) c = random() % 2 != 0 ? static_cast<char>(random()) : "{}[]\",:\\ \n"[pick(random, 10)];
    JsonBlock expected;
    kernels.front()(text.data(), expected);
    for (const JsonBlockKernel kernel : kernels) {
      JsonBlock got;
      kernel(text.data(), got);
      ASSERT_EQ(got, expected) << "round " << round << ", kernel " << &kernel - kernels.data();
    }
  }
}

TEST(JsonBlock, MasksOfEachByte) {
  std::string text = "{\"a\\\"b\": [1,2]}\xc3";
  text.resize(JsonBlock::kBytes, '\t');
  const auto bits = [&](std::string_view set) {
    uint64_t mask = 0;
    for (size_t i = 0; i < text.size(); ++i) mask |= uint64_t{set.find(text[i]) != set.npos} << i;
    return mask;
  };
  const JsonBlock expected = {bits("\""), bits("\\"), bits("{["), bits("}]"), bits("{"),
                              bits(","),  bits(":"),  bits(" "),  bits("\t"), bits("\xc3")};
  for (const JsonBlockKernel kernel : json_block_kernels()) {
    JsonBlock block;
    kernel(text.data(), block);
    EXPECT_EQ(block, expected);
  }
  StringState state;
  const JsonStrings strings(expected, state);
  EXPECT_EQ(strings.quotes, uint64_t{1} << 1 | uint64_t{1} << 6);
  EXPECT_EQ(strings.inside, uint64_t{0b111110});
  EXPECT_FALSE(state.in_string);
}

TEST(JsonBlock, EscapedBytesAsByAPlainLoop) {
  Random random(2);
  bool carry = false, expected_carry = false;
  for (int round = 0; round < 20'000; ++round) {
    const uint64_t backslashes = round % 3 == 0   ? random()
                                 : round % 3 == 1 ? random() & random()
                                                  : ~(random() & random());
    uint64_t expected = 0;
    for (unsigned i = 0; i < 64; ++i) {
      const bool escaped = expected_carry;
      expected |= uint64_t{escaped} << i;
      expected_carry = !escaped && (backslashes >> i & 1) != 0;
    }
    ASSERT_EQ(escaped_bytes(backslashes, carry), expected) << "round " << round;
    ASSERT_EQ(carry, expected_carry) << "round " << round;
  }
}

// What a scan says, written down after each stop.
struct Account {
  std::string text;
  void stop(DocumentScanner& scanner, DocumentScanner::Outcome outcome) {
    text += std::to_string(static_cast<int>(outcome)) + " at " + std::to_string(scanner.at()) + " without bodies " +
            std::to_string(scanner.size_without_bodies());
    if (outcome == DocumentScanner::Outcome::List) {
      text += " list " + std::string(scanner.list().key) + " of depth " + std::to_string(scanner.depth_of_list());
    }
    if (outcome == DocumentScanner::Outcome::Torn) {
      text += scanner.torn_at_line_begin() ? " at line " + std::to_string(scanner.line_begin()) : " inside";
    }
    text += "\n";
  }
};

// Scans in pieces whose sizes `next_size` gives, to the end of the document; lists are passed over. Then drops bodies.
template <typename NextSize>
std::string account_of(std::string_view text, bool lenient, size_t rest, NextSize next_size) {
  using Outcome = DocumentScanner::Outcome;
  DocumentScanner scanner;
  if (rest > 0) {
    scanner.start_rest(ListOf::Records, 1 + rest % 2);
  } else {
    scanner.start_document(lenient);
  }
  Account account;
  Outcome outcome = Outcome::More;
  for (size_t seen = 0; outcome == Outcome::More && seen < text.size();) {
    seen = std::min(text.size(), seen + next_size());
    while ((outcome = scanner.scan(text.substr(0, seen))) == Outcome::List) account.stop(scanner, outcome);
  }
  account.stop(scanner, outcome);
  std::string copy(text.substr(0, scanner.at()));
  const auto dropped = scanner.drop_bodies(copy, 0);
  account.stop(scanner, outcome);
  return account.text + std::to_string(dropped.bytes) + " " + std::to_string(dropped.lines) + "\n" + copy;
}

void expect_same(std::string_view text, bool lenient, size_t rest, Random& random) {
  const std::string expected = account_of(text, lenient, rest, [] { return size_t{1}; });
  ASSERT_EQ(account_of(text, lenient, rest, [&] { return text.size(); }), expected) << text;
  ASSERT_EQ(account_of(text, lenient, rest, [&] { return 1 + pick(random, 300); }), expected) << text;
}

// A value of JSON in some style of writing.
void append_value(Random& random, int depth, bool spaced, std::string& out) {
  const char* const gap = spaced ? " " : "";
  const auto string = [&] {
    out += '"';
    for (size_t n = pick(random, random() % 8 == 0 ? 150 : 12); n > 0; --n) {
      const char* const pieces[] = {"a", "items", "\\\"", "\\\\", "{", "]", ":", ",", " ", "\xc3\xa9", "requestObject"};
      out += pieces[pick(random, std::size(pieces))];
    }
    out += '"';
  };
  const size_t kind = depth > 5 ? pick(random, 3) : pick(random, 6);
  if (kind == 0) out += "-12.5e3";
  if (kind == 1) out += "true";
  if (kind == 2) string();
  if (kind < 3) return;
  const bool object = kind < 5;
  out += object ? '{' : '[';
  for (size_t i = 0, n = pick(random, 6); i < n; ++i) {
    if (i > 0) out += std::string(",") + gap;
    if (object) {
      const char* const names[] = {"\"requestObject\"", "\"responseObject\"", "\"items\"",
                                   "\"events\"",        "\"data\"",           "\"verb\""};
      if (random() % 2 == 0) {
        out += names[pick(random, std::size(names))];
      } else {
        string();
      }
      out += std::string(gap) + ":" + gap;
    }
    append_value(random, depth + 1, spaced, out);
  }
  out += object ? '}' : ']';
}

// What follows the first bracket says that the document is compact, also when it is no bracket and no quote.
TEST(DocumentBlocks, CompactArrayOfNumbers) {
  std::string text = "[1";
  for (int i = 0; i < 50; ++i) text += ",1";
  text += ",\n{\"a\":1}]";
  Random random(1);
  expect_same(text, false, 0, random);
}

TEST(DocumentBlocks, DocumentsWholeAndDamaged) {
  for (uint64_t seed = 1; seed <= 6000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    std::string text = "{\"a\":";
    append_value(random, 0, seed % 3 == 0, text);
    text += ",\"responseObject\":";
    append_value(random, 0, seed % 5 == 0, text);
    text += "}";
    for (size_t n = pick(random, 4); n > 0; --n) {  // damage, but a document begins with its bracket
      const size_t at = 1 + pick(random, text.size() - 1);
      const char damage[] = {'"', '\\', '{', '}', '[', ']', ',', ':', '\n', '\0', ' ', '\t', '\r', 'x'};
      const char c = damage[pick(random, std::size(damage))];
      if (random() % 2 == 0) {
        text[at] = c;
      } else {
        text.insert(at, 1, c);
      }
    }
    if (seed % 7 == 0) text += text;
    expect_same(text, seed % 2 == 0, seed % 11 == 0 ? 1 + seed % 2 : 0, random);
    if (HasFatalFailure()) return;
  }
}

TEST(DocumentBlocks, NoiseOfStructuralBytes) {
  for (uint64_t seed = 1; seed <= 4000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    std::string text = seed % 4 == 0 ? "[" : "{";
    const std::string_view few = "\"\"\"::,,{[}]\\  a", all("\"\"::,{[}]\\ \na\t\r\0", 17);
    for (size_t n = 50 + pick(random, 400); n > 0; --n) {
      text += seed % 3 == 0 ? all[pick(random, all.size())] : few[pick(random, few.size())];
    }
    expect_same(text, seed % 2 == 0, 0, random);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace kubevigil
