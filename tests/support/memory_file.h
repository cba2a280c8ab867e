// MemoryFile: bytes as a DiskFile, for reading only.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include "engine/base/disk.h"

namespace kubevigil::test {

class MemoryFile final : public DiskFile {
 public:
  explicit MemoryFile(std::string bytes) : bytes_(std::move(bytes)) {}
  void reread() override {}
  uint64_t size() const override { return bytes_.size(); }
  bool has_name(const std::string&) const override { return true; }

 protected:
  DiskResult<size_t> read_some(uint64_t offset, std::span<char> out) const override {
    if (offset >= bytes_.size()) return size_t{0};
    const size_t n = std::min<size_t>(out.size(), bytes_.size() - offset);
    std::memcpy(out.data(), bytes_.data() + offset, n);
    return n;
  }
  DiskResult<size_t> write_some(std::string_view) override { return refused(); }
  DiskResult<void> sync_once(std::source_location) override { return refused(); }
  DiskResult<void> truncate_once(uint64_t) override { return refused(); }
  DiskResult<void> allocate_once(uint64_t) override { return refused(); }

 private:
  static tl::unexpected<DiskError> refused() { return disk_fail(DiskFault::Failed, "for reading only"); }

  std::string bytes_;
};

}  // namespace kubevigil::test
