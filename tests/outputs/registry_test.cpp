// What people read about encodings follows the registry.
#include "outputs/registry.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "engine/run/framing.h"
#include "tests/support/source_file.h"

namespace kubevigil {
namespace {

TEST(Registry, ReadmeListsTheRowsInTheirOrder) {
  std::ifstream in(test::source_file("outputs/README.md"));
  const std::string readme{std::istreambuf_iterator<char>(in), {}};
  std::string rows = "| encoding | what |\n|---|---|\n";
  for (const EncodingRow& row : encodings()) {
    rows += "| " + std::string(row.name) + " | " + std::string(row.help) + " |\n";
  }
  EXPECT_NE(readme.find(rows + "\n"), std::string::npos) << "the table should be\n" << rows;
}

TEST(Registry, NamesAreUniqueAndListed) {
  std::set<std::string_view> names;
  for (const EncodingRow& row : encodings()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_NE(encoding_help().find(std::string(row.name) + ": " + std::string(row.help)), std::string::npos);
  }
}

TEST(Registry, OnlyTableAndCsvAreDocuments) {
  for (const EncodingRow& row : encodings()) {
    const Format format = row.make({})->format();
    const bool document = row.name == "table" || row.name == "csv";
    EXPECT_EQ(format.framing == Framing::Document, document) << row.name;
    EXPECT_FALSE(format.content_type.empty()) << row.name;
  }
}

}  // namespace
}  // namespace kubevigil
