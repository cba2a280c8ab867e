// Where a file of the project is that a test reads. A function and not a macro of each compile command: so the commands
// are the same in every checkout, and a compiler cache serves them all.
#pragma once

#include <string>
#include <string_view>

namespace kubevigil::test {

// `path` from the project's root; "" is the root itself.
std::string source_file(std::string_view path);

}  // namespace kubevigil::test
