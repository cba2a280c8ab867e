#include "inputs/tail_cutter.h"

#include <algorithm>

#include "inputs/tail_position.h"

namespace kubevigil {

TailCutter::TailCutter(uint64_t held_bytes) : builder_(none_), joiner_(*this), held_bytes_(held_bytes) {
  splitter_ = std::make_unique<Splitter>(joiner_);
}

void TailCutter::open(Batch& batch, size_t most, size_t bytes) {
  builder_.fill(batch);
  most_ = most;
  bytes_ = bytes;
  count_ = 0;
  while (!held_.empty() && !full()) {
    Held& next = held_.front();
    next.piece.text = next.text;
    ++count_;
    if (next.bad) {
      builder_.bad(std::move(*next.bad));
    } else {
      builder_.record(next.piece);
    }
    held_.pop_front();
  }
  if (held_.empty() && later_) {
    mark_ = std::move(*later_);
    later_.reset();
    emitted_ = 0;
  }
}

void TailCutter::close() {
  builder_.finish();
  builder_.fill(none_);
}

void TailCutter::begin_file(uint32_t number, uint64_t offset, uint64_t line, std::string last) {
  splitter_ = std::make_unique<Splitter>(joiner_, SplitterOptions{.file = number, .offset = offset, .line = line});
  here_ = {number, offset, line, std::move(last)};
  if (joiner_.idle()) set_mark();
}

size_t TailCutter::feed(std::string_view bytes) {
  const size_t end = bytes.find('\n');
  const std::string_view piece = bytes.substr(0, end == std::string_view::npos ? end : end + 1);
  splitter_->feed(piece);
  here_.offset += piece.size();
  since_mark_ += piece.size();
  if (piece.size() >= kTailBytes) here_.last.clear();
  here_.last += piece.substr(piece.size() - std::min(piece.size(), kTailBytes));
  if (here_.last.size() > kTailBytes) here_.last.erase(0, here_.last.size() - kTailBytes);
  if (end != std::string_view::npos) end_line();
  return piece.size();
}

void TailCutter::end_line() {
  ++here_.line;
  if (since_mark_ > held_bytes_ && !(splitter_->settle() && joiner_.idle())) {
    ++given_up_;
    splitter_->finish(false);
    joiner_.finish();
    begin_file(here_.number, here_.offset, here_.line, here_.last);
    return;
  }
  if (splitter_->settle() && joiner_.idle()) set_mark();
}

void TailCutter::end_file() {
  splitter_->finish(true);
  const uint32_t marked = later_ ? later_->number : mark_.number;
  if (joiner_.idle() || marked == here_.number) return;
  ++given_up_;
  joiner_.finish();
}

void TailCutter::set_mark() {
  since_mark_ = 0;
  leave_out_ = 0;
  if (!held_.empty()) {
    later_ = here_;
    return;
  }
  mark_ = here_;
  emitted_ = 0;
}

bool TailCutter::left_out() {
  ++emitted_;
  if (leave_out_ == 0) return false;
  --leave_out_;
  return true;
}

void TailCutter::record(const Piece& piece) {
  if (left_out()) return;
  if (count_ < most_ && held_.empty()) {
    ++count_;
    builder_.record(piece);
    return;
  }
  held_.push_back({std::string(piece.text), piece, std::nullopt});
}

void TailCutter::bad(BadRecord bad) {
  if (left_out()) return;
  if (count_ < most_ && held_.empty()) {
    ++count_;
    builder_.bad(std::move(bad));
    return;
  }
  held_.push_back({{}, {}, std::move(bad)});
}

}  // namespace kubevigil
