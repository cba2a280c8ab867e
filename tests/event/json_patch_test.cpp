// JSON Patch: what an attacker can make it cost. What it means is in body_fields_test.cpp.
#include "engine/event/json_patch.h"

#include <gtest/gtest.h>

#include <string>

namespace kubevigil {
namespace {

PatchView rebuilt(const std::string& patch) {
  JsonTree tree, out;
  EXPECT_TRUE(tree.parse(patch).has_value());
  return rebuild_json_patch(tree, tree.root(), out);
}

std::string repeated(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

// Each value reads the path anew: a body of one megabyte must not cost its square.
TEST(JsonPatch, LongPathsWithRepeatedValuesAreGivenUp) {
  const std::string values = repeated(R"(,"value":0)", 2000);
  for (const std::string_view segment : {"a~1", "a/"}) {
    const std::string path = "/" + repeated(segment, 50'000);
    EXPECT_EQ(rebuilt(R"([{"op":"add","path":")" + path + "\"" + values + "}]"), PatchView::TooLarge) << segment;
    EXPECT_EQ(rebuilt(R"([{"op":"add","path":")" + path + R"(","value":0}])"), PatchView::Partial) << segment;
  }
}

TEST(JsonPatch, RepeatedSourcesAreGivenUp) {
  const std::string path = "/" + repeated("a~1", 50'000);
  const std::string sources = repeated(R"(,"from":"/x")", 2000);
  EXPECT_EQ(rebuilt(R"([{"op":"copy","path":")" + path + "\"" + sources + "}]"), PatchView::TooLarge);
}

TEST(JsonPatch, AsManyOperationsAsTheServerTakesAreRead) {
  const std::string path = repeated("/metadata", 20);
  std::string patch = "[";
  for (size_t i = 0; i < kPatchOperations; ++i) {
    patch += (i == 0 ? "" : ",") + std::string(R"({"op":"add","path":")") + path + R"(","value":0})";
  }
  EXPECT_EQ(rebuilt(patch + "]"), PatchView::Partial);
}

}  // namespace
}  // namespace kubevigil
