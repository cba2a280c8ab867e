// Which file system a folder is on, to notice that a mount is gone: the folder below it is then there all the same.
#pragma once

#include <cstdint>
#include <string>

namespace kubevigil {

// Its number as long as it stays mounted (st_dev); 0 when the folder cannot be looked at. All threads.
uint64_t file_system_of(const std::string& folder);

}  // namespace kubevigil
