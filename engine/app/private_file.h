// Files that may hold secrets: 0600 whatever the umask, folders 0700, also where they were there with other rights;
// devices and pipes keep theirs. Errors as text.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace kubevigil {

Result<void> make_private_folder(const std::string& path);
// Is it possible to write there? Creates the file, and changes nothing of one that is there: asked before a long run.
Result<void> check_private_file(const std::string& path);
// Replaces the file.
Result<void> write_private_file(const std::string& path, std::string_view text);
Result<void> append_private_file(const std::string& path, std::string_view text);
// At most so many bytes: a larger file is an error, not a surprise for the memory.
Result<std::string> read_whole_file(const std::string& path, size_t at_most = 1u << 30);

}  // namespace kubevigil
