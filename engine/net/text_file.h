// Small files that operators write: certificates, keys, tokens.
#pragma once

#include <cstddef>
#include <string>

#include "engine/base/result.h"

namespace kubevigil {

// The whole file; an error if it cannot be read or is larger than `max_bytes`.
Result<std::string> read_text_file(const std::string& path, size_t max_bytes = 1u << 20);

}  // namespace kubevigil
