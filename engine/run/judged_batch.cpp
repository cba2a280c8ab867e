#include "engine/run/judged_batch.h"

#include <algorithm>
#include <numeric>

namespace kubevigil {
namespace {

// Index of `name` in a table whose last row stands for everything else.
template <size_t N>
size_t index_in(const std::array<std::string_view, N>& names, std::string_view name) {
  for (size_t i = 0; i + 1 < N; ++i) {
    if (names[i] == name) return i;
  }
  return N - 1;
}

template <typename T, size_t N>
void add_each(std::array<T, N>& sums, const std::array<T, N>& more) {
  for (size_t i = 0; i < N; ++i) sums[i] += more[i];
}

}  // namespace

size_t audit_level_index(std::string_view level) { return index_in(kAuditLevels, level); }
size_t audit_stage_index(std::string_view stage) { return index_in(kAuditStages, stage); }

uint64_t FileTally::bad_total() const { return std::accumulate(bad.begin(), bad.end(), uint64_t{0}); }

void FileTally::add(const FileTally& other) {
  records += other.records;
  events += other.events;
  add_each(bad, other.bad);
  first = std::min(first, other.first);
  last = std::max(last, other.last);
}

void Tally::add(const Tally& other) {
  for (const auto& [file, tally] : other.files) files[file].add(tally);
  for (const auto& [name, count] : other.envelopes) envelopes[name] += count;
  add_each(levels, other.levels);
  add_each(stages, other.stages);
  events += other.events;
  outside_range += other.outside_range;
  without_time += other.without_time;
  truncated += other.truncated;
  body_defects += other.body_defects;
  field_values_cut += other.field_values_cut;
  group_values_cut += other.group_values_cut;
  salvaged += other.salvaged;
}

void JudgedBatch::reset() {
  batch.memory.clear();
  batch.records.clear();
  batch.wrappers.clear();
  batch.bad.clear();
  batch.input_bytes = 0;
  batch.cluster.clear();
  batch.formats.reset();
  result.events.clear();
  result.hits.clear();
  result.operands.clear();
  result.memory.clear();
  result.not_evaluable.clear();
  result.group_values_cut = 0;
  audit_ids.clear();
  blind.clear();
  duplicates = 0;
  tally = {};
  halted = false;
}

}  // namespace kubevigil
