// JSON Patch, held against what the API server's own library makes of it (tests/golden/apiserver/json_patches.jsonl:
// document, patch, result). The patches bring values that no document holds, so that of each of them in the result can
// be asked whether a reader of the patch alone sees it too:
//   * at the same path, elements of arrays alike: an index may be a key of an object for who does not see the object;
//   * in the same element as the other values that the patch brought into it.
// Nothing is promised of patches that the server refuses, and more may be seen than is left in the end (`remove`).
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "engine/event/json_patch.h"
#include "tests/support/source_file.h"

namespace kubevigil {
namespace {

bool is_marker(std::string_view text) {
  return text.size() > 1 && text.front() == 'm' && text.find_first_not_of("0123456789", 1) == text.npos;
}

bool is_index(std::string_view key) {
  return key == "-" || (!key.empty() && key.find_first_not_of("+-0123456789") == key.npos);
}

struct Marked {
  std::set<std::string> places;                 // "/spec/[]/k=m1"
  std::vector<std::set<std::string>> elements;  // markers of one element of an array
};

// The markers below `node`.
std::set<std::string> collect(const JsonTree& tree, uint32_t node, const std::string& path, Marked& out) {
  if (tree[node].value.type == ValueType::String && is_marker(tree[node].value.text)) {
    out.places.insert(path + "=" + std::string(tree[node].value.text));
    return {std::string(tree[node].value.text)};
  }
  const bool array = tree[node].value.type == ValueType::Array;
  std::set<std::string> all;
  for (uint32_t c = tree.child(node); c != JsonNode::kNone; c = tree[c].next) {
    const bool element = array || is_index(tree[c].key);
    const auto below = collect(tree, c, path + "/" + (element ? "[]" : std::string(tree[c].key)), out);
    if (element) out.elements.push_back(below);
    all.insert(below.begin(), below.end());
  }
  return all;
}

Marked marked(const JsonTree& tree, uint32_t node) {
  Marked out;
  if (node != JsonNode::kNone) collect(tree, node, "", out);
  return out;
}

bool includes(const std::set<std::string>& set, const std::set<std::string>& part) {
  return std::includes(set.begin(), set.end(), part.begin(), part.end());
}

TEST(JsonPatch, WhatTheServerAppliesIsSeen) {
  std::ifstream in(test::source_file("tests/golden/apiserver/json_patches.jsonl"));
  size_t applied = 0, known = 0, values = 0, together = 0;
  for (std::string line; std::getline(in, line);) {
    JsonTree tree, view;
    ASSERT_TRUE(tree.parse(line)) << line;
    const uint32_t result = tree.find(tree.root(), "result");
    if (tree[result].value.type == ValueType::Null) continue;
    ++applied;
    const PatchView kind = rebuild_json_patch(tree, tree.find(tree.root(), "patch"), view);
    ASSERT_NE(kind, PatchView::TooLarge) << line;
    if (kind == PatchView::SourcesMissing) continue;  // then every field that is not seen counts as unknown
    ++known;
    const Marked there = marked(tree, result), seen = marked(view, view.root());
    values += there.places.size();
    for (const std::string& place : there.places) {
      EXPECT_TRUE(seen.places.contains(place)) << place << "\n" << line << "\n" << to_text(view, view.root());
    }
    for (const std::set<std::string>& element : there.elements) {
      if (element.size() < 2) continue;
      ++together;
      const bool found = std::any_of(seen.elements.begin(), seen.elements.end(),
                                     [&](const std::set<std::string>& e) { return includes(e, element); });
      EXPECT_TRUE(found) << *element.begin() << "\n" << line << "\n" << to_text(view, view.root());
    }
  }
  EXPECT_GT(applied, 350u);
  EXPECT_GT(known, 250u);
  EXPECT_GT(values, 300u);
  EXPECT_GT(together, 50u);
}

// What is remembered of a patch is bounded: beyond it nothing is promised of what it does not show.
TEST(JsonPatch, ManyArraysAreNotFollowedForEver) {
  std::string patch = "[";
  for (size_t i = 0; i < 9000; ++i) {
    const std::string name = std::to_string(i / 100) + "/b" + std::to_string(i % 100);
    patch += (i == 0 ? "" : ",") + (R"({"op":"add","path":"/a)" + name + "/0/0/0/d\",\"value\":1}");
  }
  JsonTree tree, view;
  patch += "]";
  ASSERT_TRUE(tree.parse(patch));
  EXPECT_EQ(rebuild_json_patch(tree, tree.root(), view), PatchView::SourcesMissing);
}

}  // namespace
}  // namespace kubevigil
