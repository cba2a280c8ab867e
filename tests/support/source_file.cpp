#include "tests/support/source_file.h"

namespace kubevigil::test {

std::string source_file(std::string_view path) {
  std::string whole = KUBEVIGIL_SOURCE_DIR;
  return path.empty() ? whole : whole.append("/").append(path);
}

}  // namespace kubevigil::test
