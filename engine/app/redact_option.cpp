#include "engine/app/redact_option.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "engine/app/private_file.h"
#include "engine/base/hash.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr size_t kLeastKey = 16, kLargestKey = 1u << 20;

uint64_t hex_number(std::string_view digits) {
  uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return number;
}

}  // namespace

void add_redact_options(CLI::App& command, RedactFlags& flags) {
  command.add_option("--redact", flags.mode, "on: secrets are replaced by a keyed hash; off")
      ->check(CLI::IsMember({"on", "off"}))
      ->type_name("MODE");
  command
      .add_option("--redact-key-file", flags.key_file,
                  "Secret key of these hashes (16 bytes or more); without it guesses can be checked against them")
      ->type_name("FILE");
}

Result<Redactor> make_redactor(const RedactFlags& flags) {
  const bool on = flags.mode == "on";
  if (flags.key_file.empty()) return Redactor(on);
  const auto bytes = read_whole_file(flags.key_file, kLargestKey);
  if (!bytes) return fail(printable("--redact-key-file: " + bytes.error().message));
  if (bytes->size() < kLeastKey) {
    return fail(
        fmt::format("--redact-key-file: {} holds {} bytes, a key wants at least {}: head -c 32 /dev/urandom > {}",
                    printable(flags.key_file), bytes->size(), kLeastKey, printable(flags.key_file)));
  }
  const std::string digest = sha256_hex(*bytes);
  return Redactor(
      on, {hex_number(std::string_view(digest).substr(0, 16)), hex_number(std::string_view(digest).substr(16, 16))});
}

}  // namespace kubevigil
