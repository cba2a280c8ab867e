// CutLog: all records of an Input, read once, to be handed out again in batches of exactly as many records as a test
// asks for, and so that batches can be counted: each says that it took one byte of its file, and all take the same
// memory.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/run/input.h"

namespace kubevigil::test {

struct CutLog {
  std::string name;
  uint32_t first_file = 0;
  std::vector<InputFile> files;
  Batch start;  // what peek() said
  Batch whole;  // every record
};

// To its end.
CutLog read_whole(Input& input);

// How many batches, and the memory that the largest of them needs.
size_t count_cuts(const CutLog& log, size_t records);
size_t largest_cut(const CutLog& log, size_t records);

// Of all inputs of one run; outlives them.
struct Cutting {
  size_t records = 1;  // a batch; the last one of a log may have fewer
  size_t memory = 0;   // what each batch reserves
  std::atomic<size_t> given = 0;
};
// `log` outlives it.
std::unique_ptr<Input> cut_input(const CutLog& log, Cutting& cutting);

}  // namespace kubevigil::test
