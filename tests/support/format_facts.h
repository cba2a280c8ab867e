// Looking into a JSON tree and saying what is wrong with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/oracle_json.h"

namespace kubevigil::test {

using Json = oracle::Json;

class FormatFacts {
 public:
  // The document, or Null with a problem noted.
  Json parsed(std::string_view text);
  void problem(std::string text) { problems_.push_back(std::move(text)); }
  void expect(bool holds, std::string text) {
    if (!holds) problem(std::move(text));
  }
  // The member by a path with slashes, or null.
  static const Json* find(const Json& from, std::string_view path);
  // The member, of that kind; notes a problem when it is missing or another kind.
  const Json* need(const Json& from, std::string_view path, Json::Kind kind);
  // As need, but absence is no problem.
  const Json* may(const Json& from, std::string_view path, Json::Kind kind);
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  std::vector<std::string> problems_;
};

}  // namespace kubevigil::test
