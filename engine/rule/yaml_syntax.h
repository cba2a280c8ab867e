// What is wrong with a text that is no YAML, said so that it can be mended. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/diagnostics.h"

namespace kubevigil {

// Advice for a syntax error that libyaml reports as `message` in `line`; "" when there is none.
std::string yaml_advice(std::string_view message, std::string_view line);

// Place of the first byte that is no UTF-8; line 0: there is none. UTF-16 and UTF-32 with a byte order mark are YAML,
// too.
SourceSpan first_bad_byte(std::string_view text, const std::string& file);

}  // namespace kubevigil
