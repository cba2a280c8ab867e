// MemoryInput: a source whose records are texts in memory, one event each: for the demo, cases beside rules, and tests.
#pragma once

#include <string>
#include <vector>

#include "engine/run/input.h"

namespace kubevigil {

class MemoryInput : public Input {
 public:
  MemoryInput(std::string name, uint32_t first_file, std::vector<std::string> records, size_t batch_bytes = 1u << 20);

  const std::string& name() const override { return name_; }
  uint32_t first_file() const override { return first_file_; }
  std::span<const InputFile> files() const override { return {&file_, 1}; }
  bool peek(Batch& batch) override;
  bool next(Batch& batch) override;

 private:
  size_t fill(Batch& batch, size_t from, size_t records, size_t bytes) const;

  std::string name_;
  uint32_t first_file_;
  std::vector<std::string> records_;
  std::vector<uint64_t> offsets_;  // as if each record stood on a line of a file
  size_t batch_bytes_;
  size_t at_ = 0;
  InputFile file_;
};

}  // namespace kubevigil
