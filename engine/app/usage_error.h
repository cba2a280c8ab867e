// Wrong usage in words: which word was not understood, and what was perhaps meant.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace kubevigil {

// `arguments` without the program's name, as they were parsed by `root`. One line, safe to print.
std::string usage_message(const CLI::App& root, const std::vector<std::string>& arguments,
                          const CLI::ParseError& error);

}  // namespace kubevigil
