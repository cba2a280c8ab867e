#include "inputs/tail_input.h"

#include <utility>

#include "inputs/tail_follower.h"

namespace kubevigil {

std::string_view to_text(TailGap::Kind kind) {
  switch (kind) {
    case TailGap::Kind::Truncated:
      return "truncated";
    case TailGap::Kind::Gone:
      return "gone";
    case TailGap::Kind::Behind:
      return "behind";
    case TailGap::Kind::Damaged:
      return "damaged";
  }
  return "";
}

TailInput::TailInput(TailOptions options) : follower_(std::make_unique<Follower>(std::move(options))) {}
TailInput::~TailInput() = default;
const std::string& TailInput::name() const { return follower_->name(); }
TailStep TailInput::poll(TailBatch& batch, size_t most_pieces) { return follower_->poll(batch, most_pieces); }
void TailInput::wait(Duration most) { follower_->wait(most); }
std::optional<TailPosition> TailInput::position() const { return follower_->position(); }
TailCounters TailInput::counters() const { return follower_->counters(); }
std::string TailInput::problem() const { return follower_->problem(); }
std::string TailInput::path_of_current() const { return follower_->path_of_current(); }

}  // namespace kubevigil
