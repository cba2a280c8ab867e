// Result<T>: a value, or an Error that says what went wrong in the world (a file, a record, a peer).
// The user's text (rules, flags) reports through Diagnostics instead; our own bugs assert.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace kubevigil {

struct Error {
  std::string message;  // what was found, where, what was expected, how to mend it
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string message) { return tl::unexpected<Error>(Error{std::move(message)}); }

}  // namespace kubevigil
