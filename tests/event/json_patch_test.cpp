// JSON Patch: spellings that the API server takes, and what an attacker can make it cost. What rules see of it is in
// body_fields_test.cpp.
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

// What gopkg.in/evanphx/json-patch.v4, the API server's library, makes of odd pointers.
TEST(JsonPatch, PointersAreReadAsTheServerReadsThem) {
  const auto object_of = [](const std::string& operations) {
    const std::string patch = "[" + operations + "]";
    JsonTree tree, out;
    EXPECT_TRUE(tree.parse(patch).has_value());
    rebuild_json_patch(tree, tree.root(), out);
    return to_text(out, out.root());
  };
  const auto add = [](const std::string& path, const std::string& value) {
    return R"({"op":"add","path":")" + path + R"(","value":)" + value + "}";
  };
  EXPECT_EQ(object_of(add("/spec/hostPID", "true")), R"({"spec":{"hostPID":true}})");
  EXPECT_EQ(object_of(add("x/spec/hostPID", "true")), R"({"spec":{"hostPID":true}})");
  EXPECT_EQ(object_of(add("~1x y/spec/hostPID", "true")), R"({"spec":{"hostPID":true}})");
  EXPECT_EQ(object_of(add("spec", "true")), "{}");
  EXPECT_EQ(object_of(add("/c/0/a", "1") + "," + R"({"op":"copy","from":"y/c/0","path":"z/d"})"),
            R"({"c":[{"a":1}],"d":{"a":1}})");
  for (const std::string_view zero : {"0", "00", "+0", "-0", "-00", "+00"}) {
    EXPECT_EQ(object_of(add("/c/0/a", "1") + "," + add("/c/" + std::string(zero) + "/b", "2")),
              R"({"c":[{"a":1,"b":2}]})")
        << zero;
  }
  for (const std::string decoy : {"0", "-", "7"}) {
    EXPECT_EQ(object_of(add("/spec/" + decoy, "1") + "," + add("/spec/hostPID", "true") + "," + add("/spec/a/b", "2")),
              R"({"spec":{")" + decoy + R"(":1,"hostPID":true,"a":{"b":2}}})");
  }
  EXPECT_EQ(object_of(add("/c", "{}") + "," + add("/c", "[{}]") + "," + add("/c/0/a", "1")),
            R"({"c":{},"c":[{"a":1}]})");
  EXPECT_EQ(object_of(add("/c/1/a", "1") + "," + add("/c/-1/b", "2")), R"({"c":[{"a":1},{"b":2}]})");
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

// Members are paid for also where they are only stepped over.
TEST(JsonPatch, ManyMembersOfOneOperationAreGivenUp) {
  const std::string paths = repeated(R"(,"path":"/a/b")", 20'000);
  EXPECT_EQ(rebuilt(R"([{"op":"add","value":0)" + paths + "}]"), PatchView::TooLarge);
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
