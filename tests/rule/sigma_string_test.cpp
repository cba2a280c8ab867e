// Wildcards, escaping and encodings of Sigma values, as tables.
#include "engine/rule/sigma_string.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kubevigil {
namespace {

TEST(SigmaString, Escaping) {
  struct Case {
    const char* written;
    const char* text;
    const char* mask;
  };
  // The examples of the specification's "Escaping" and their neighbours.
  const Case cases[] = {
      {"a*b?", "a*b?", ".*.?"},
      {"\\*", "*", "."},
      {"\\?", "?", "."},
      {"\\\\", "\\", "."},
      {"\\\\*", "\\*", ".*"},
      {"\\\\\\*", "\\*", ".."},
      {"c:\\dir", "c:\\dir", "......"},
      {"\\", "\\", "."},
      {"\\x", "\\x", ".."},
      {"\\\\\\\\x", "\\\\x", "..."},
      {"", "", ""},
  };
  for (const Case& c : cases) {
    const SigmaString s = parse_sigma_string(c.written);
    EXPECT_EQ(s.text, c.text) << c.written;
    EXPECT_EQ(s.mask, c.mask) << c.written;
  }
}

TEST(SigmaString, GlobTextReadsBackAsTheSameString) {
  for (const char* written : {"a*b", "\\*", "x\\\\*", "?\\??", "a\\\\b", "**", "***a**"}) {
    const std::string glob = glob_text(parse_sigma_string(written));
    EXPECT_EQ(glob_text(parse_sigma_string(glob)), glob) << written;
  }
  EXPECT_EQ(glob_text(parse_sigma_string("a***b")), "a*b");
}

TEST(SigmaString, GlobMatches) {
  struct Case {
    const char* pattern;
    const char* value;
    bool matches;
  };
  const Case cases[] = {
      {"*", "", true},        {"*", "x", true},      {"?", "", false},      {"a*c", "abbc", true},
      {"a*c", "abbd", false}, {"*a*a*", "aa", true}, {"*a*a*", "a", false}, {"GET", "get", true},
      {"\\*", "x", false},    {"\\*", "*", true},    {"a?c", "abc", true},  {"a?c", "ac", false},
      {"**x**", "yxy", true},
  };
  for (const Case& c : cases)
    EXPECT_EQ(glob_matches(parse_sigma_string(c.pattern), c.value), c.matches) << c.pattern << " " << c.value;
}

TEST(SigmaString, Base64) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}};
  for (const auto& [plain, encoded] : cases) EXPECT_EQ(base64_of(plain), encoded);
}

TEST(SigmaString, Base64OffsetsAreFoundInAnyEncodedTextThatHoldsTheValue) {
  for (const std::string value : {"secret", "/bin/sh", "abc", "abcd", "abcde"}) {
    const std::vector<std::string> offsets = base64_offsets_of(value);
    ASSERT_EQ(offsets.size(), 3u);
    for (size_t front = 0; front < 6; ++front) {
      for (const char* behind : {"", "x", "yz", "more text"}) {
        const std::string encoded = base64_of(std::string(front, '\x7f') + value + behind);
        EXPECT_NE(encoded.find(offsets[front % 3]), std::string::npos) << value << " at " << front << " in " << encoded;
      }
    }
  }
}

TEST(SigmaString, Utf16) {
  EXPECT_EQ(utf16_of("cmd", Utf16::Little), std::string("c\0m\0d\0", 6));
  EXPECT_EQ(utf16_of("cmd", Utf16::Big), std::string("\0c\0m\0d", 6));
  EXPECT_EQ(utf16_of("c", Utf16::LittleWithMark), std::string("\xff\xfe"
                                                              "c\0",
                                                              4));
  EXPECT_EQ(utf16_of("\xf0\x9f\x98\x80", Utf16::Big), std::string("\xd8\x3d\xde\x00", 4));
  EXPECT_EQ(utf16_of("\xff", Utf16::Big), std::nullopt);
}

TEST(SigmaString, Windash) {
  const auto texts = [](const char* written) {
    std::vector<std::string> out;
    const auto spellings = windash_of(parse_sigma_string(written), 1000);
    for (size_t i = 0; spellings && i < spellings->size(); ++i) out.push_back((*spellings)[i].text);
    return out;
  };
  EXPECT_THAT(texts("run -x"), ::testing::ElementsAre("run -x", "run /x", "run \xe2\x80\x93x", "run \xe2\x80\x94x",
                                                      "run \xe2\x80\x95x"));
  EXPECT_THAT(texts("a-b"), ::testing::ElementsAre("a-b"));
  EXPECT_EQ(texts("-a -b").size(), 25u);
  EXPECT_FALSE(windash_of(parse_sigma_string("-a -b -c -d -e"), 625).has_value());
}

}  // namespace
}  // namespace kubevigil
