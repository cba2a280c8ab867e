#include "inputs/tail_live.h"

#include <fmt/format.h>

#include <utility>

namespace kubevigil {

TailLive::TailLive(TailLiveOptions options, const Env& env)
    : options_(std::move(options)), env_(env), name_("tail/" + options_.path) {
  open(std::nullopt);
}

void TailLive::open(std::optional<TailPosition> from) {
  TailOptions tail{.path = options_.path, .from = std::move(from)};
  tail.start = options_.start;
  tail.batch_bytes = options_.batch_bytes;
  tail.stop = &stop_;
  tail_ = std::make_unique<TailInput>(std::move(tail));
}

LiveStep TailLive::poll(LiveBatch& batch, size_t most_pieces, std::string_view) {
  scratch_.batch = std::move(batch.batch);
  scratch_.gap.reset();
  const TailStep step = tail_->poll(scratch_, most_pieces);
  batch.batch = std::move(scratch_.batch);
  if (step == TailStep::Waiting) return LiveStep::Waiting;
  batch.source = batch.stream = name_;
  batch.cluster = options_.cluster;
  batch.from = to_text(scratch_.from);
  batch.to = to_text(scratch_.to);
  batch.taken = env_.now();
  batch.slack = options_.slack;
  batch.idle_after = options_.idle_after;
  batch.formats = options_.formats;
  if (const auto& gap = scratch_.gap) {
    batch.gaps.push_back({std::string(to_text(gap->kind)), fmt::format("{} from byte {}", gap->path, gap->from)});
  }
  return LiveStep::Batch;
}

bool TailLive::seek(std::string_view, std::string_view position) {
  const auto from = parse_tail_position(position);
  if (!from && !position.empty()) return false;
  open(from);
  return true;
}

LiveInputCounts TailLive::counts() const {
  const TailCounters counters = tail_->counters();
  return {.lag_bytes = counters.lag_bytes,
          .rotations = counters.rotations,
          .truncations = counters.truncations,
          .records_given_up = counters.records_given_up,
          .files_ignored = counters.files_ignored};
}

std::string TailLive::position() const {
  const auto at = tail_->position();
  return at ? to_text(*at) : std::string();
}

}  // namespace kubevigil
