// Where the real logs and public rule files are that tests read: KUBEVIGIL_CORPUS, or beside the project. They are not
// part of the repository: a test that reads them begins with SKIP_WITHOUT_CORPUS.
#pragma once

#include <cstdlib>
#include <filesystem>

#include "tests/support/source_file.h"

namespace kubevigil::test {

inline std::filesystem::path corpus() {
  const char* named = std::getenv("KUBEVIGIL_CORPUS");
  return named != nullptr ? named : source_file("../shared/corpus");
}

}  // namespace kubevigil::test

// In a test or its SetUp; `folder` is below the corpus.
#define SKIP_WITHOUT_CORPUS(folder)                                         \
  if (!std::filesystem::is_directory(kubevigil::test::corpus() / (folder))) \
  GTEST_SKIP() << "no folder " << (folder) << " in the corpus " << kubevigil::test::corpus() << "; set KUBEVIGIL_CORPUS"
