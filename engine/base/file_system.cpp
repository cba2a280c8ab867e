#include "engine/base/file_system.h"

#include <sys/stat.h>

namespace kubevigil {

uint64_t file_system_of(const std::string& folder) {
  struct stat facts {};
  return ::stat(folder.c_str(), &facts) == 0 ? static_cast<uint64_t>(facts.st_dev) : 0;
}

}  // namespace kubevigil
