// A writer that died in the middle of a line leaves half a record; the next one is then glued to it.
#pragma once

#include <cstddef>
#include <string_view>

namespace kubevigil {

// Where in a broken line a whole record begins that ends with the line: a native event, or a document that begins as
// the broken one does. std::string_view::npos: nowhere. Pure.
size_t find_glued_record(std::string_view broken);

}  // namespace kubevigil
