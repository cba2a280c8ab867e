#include "engine/run/files_reached.h"

#include <algorithm>

namespace kubevigil {
namespace {

InputFile untouched(InputFile file) {
  file.read = false;
  file.plain_bytes = file.lines = 0;
  file.problem.clear();
  return file;
}

}  // namespace

void take_back_unreached(std::span<InputFile> files, std::span<const InputFile> before, uint32_t first_file,
                         const SourceReach& reach) {
  if (reach.ended) return;
  const size_t whole = !reach.next ? 0 : reach.next->file - first_file + (reach.file_ended ? 1 : 0);
  for (size_t i = std::min(whole, files.size()); i < files.size(); ++i) {
    const std::string compression = files[i].compression;
    files[i] = untouched(before[i]);
    if (!reach.next || first_file + i != reach.next->file) continue;
    files[i].compression = compression;
    files[i].plain_bytes = reach.next->offset;
    files[i].lines = reach.next->line - 1;
  }
}

}  // namespace kubevigil
