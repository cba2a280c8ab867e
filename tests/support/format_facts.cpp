#include "tests/support/format_facts.h"

#include <array>
#include <stdexcept>

namespace kubevigil::test {
namespace {

std::string_view name_of(Json::Kind kind) {
  constexpr std::array<std::string_view, 6> kNames = {"null", "boolean", "number", "string", "array", "object"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace

Json FormatFacts::parsed(std::string_view text) {
  try {
    return oracle::parse_json(text);
  } catch (const std::runtime_error& error) {
    problem(std::string("not JSON: ") + error.what());
    return {};
  }
}

const Json* FormatFacts::find(const Json& from, std::string_view path) {
  const Json* at = &from;
  while (true) {
    const size_t dot = path.find('/');
    const std::string_view key = path.substr(0, dot);
    const Json* next = nullptr;
    for (const auto& member : at->members) {
      if (member.first == key) next = &member.second;
    }
    if (next == nullptr || dot == std::string_view::npos) return next;
    at = next;
    path.remove_prefix(dot + 1);
  }
}

const Json* FormatFacts::need(const Json& from, std::string_view path, Json::Kind kind) {
  if (find(from, path) == nullptr) problem(std::string(path) + " is missing");
  return may(from, path, kind);
}

const Json* FormatFacts::may(const Json& from, std::string_view path, Json::Kind kind) {
  const Json* found = find(from, path);
  if (found == nullptr || found->kind == kind) return found;
  problem(std::string(path) + " is a " + std::string(name_of(found->kind)) + ", not a " + std::string(name_of(kind)));
  return nullptr;
}

}  // namespace kubevigil::test
