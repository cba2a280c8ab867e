// A small JSON Schema validator: the keywords that our published schemas use, nothing else. An unknown keyword is a
// failure, so that the schema cannot outgrow it unseen.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kubevigil::test {

// What is wrong with `json` under `schema`: one line each with the path; empty when it is valid.
std::vector<std::string> schema_problems(std::string_view schema, std::string_view json);

}  // namespace kubevigil::test
