// ReplayMatrix: one log, replayed with every combination of threads, records a batch and batches in flight, must give
// the same SHA-256 over all alerts and all that replay says at its end.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tests/run/replay_stream.h"
#include "tests/support/cut_log.h"

namespace kubevigil::test {

// Records a batch are those of CutInput. Batches in flight (the ring) are bounded in bytes in the product: here all
// batches of a run reserve the same memory, so that ReplayOptions::bytes_in_flight counts them.
struct MatrixCell {
  size_t threads, batch, ring;
};
// Threads 1, 2, 3, 8; batches of 1, 7, 64, 512, 4096; rings of 2 and 64. Under a sanitizer every seventh cell,
// beginning with another one for each seed.
std::vector<MatrixCell> matrix_cells(uint64_t seed);

// What `open` gives, replayed as it stands and in one thread, and then in every cell. The outcome of the first; it
// holds for all, or the test fails.
Outcome expect_same_in_all_cells(const std::function<Inputs()>& open, const std::shared_ptr<const Program>& program,
                                 const ReplayOptions& options, uint64_t seed);

}  // namespace kubevigil::test
