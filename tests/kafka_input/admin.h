// What the admin listener of a `serve` answers.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>

namespace kubevigil::test {

inline std::string admin_answer(uint16_t port, const char* path) {
  const std::string command = fmt::format("curl -s -m 10 http://127.0.0.1:{}{}", port, path);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string out;
  std::array<char, 65536> piece{};
  for (size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), pipe.get())) > 0;)
    out.append(piece.data(), got);
  return out;
}

}  // namespace kubevigil::test
