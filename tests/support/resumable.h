// Runs a stream twice through one operator: once whole, once saved and loaded again every few matches. Both must fire
// the same, and saving what was loaded must give the same bytes.
#pragma once

#include <string>
#include <vector>

#include "tests/support/streams.h"

namespace kubevigil {

struct ResumeResult {
  std::string difference;  // "" when all was the same
  size_t firings = 0;
};

ResumeResult compare_resumed(const Rule& rule, const OperatorLimits& limits, const std::vector<StreamMatch>& stream,
                             size_t save_every);

}  // namespace kubevigil
