// Splitter, the part that deals with documents: their end, lists inside them, size, and what is left of broken ones.
#include <fmt/format.h>

#include <algorithm>

#include "engine/event/glued_record.h"
#include "engine/event/json_text.h"
#include "engine/event/splitter.h"

namespace kubevigil {
namespace {

constexpr size_t kWrapperBytes = 64 << 10;

}  // namespace

bool Splitter::document() {
  const DocumentScanner::Outcome outcome = scanner_.scan(rest());
  drop_what_is_too_large();
  switch (outcome) {
    case DocumentScanner::Outcome::End:
      end_document();
      return true;
    case DocumentScanner::Outcome::List:
      open_list();
      return true;
    case DocumentScanner::Outcome::Torn:
      if (scanner_.torn_at_line_begin()) {
        torn(scanner_.line_begin(), "the document breaks off, and a new one begins on the next line");
      } else {
        state_ = State::TornLine;
        looked_ = scanner_.at();
      }
      return true;
    case DocumentScanner::Outcome::More:
      if (!final_) return false;
      torn(rest().size(), "the input ends inside the document");
      return true;
  }
  return false;
}

void Splitter::end_document() {
  const std::string_view text = rest().substr(0, scanner_.at());
  if (rest_of_container_) {
    // The container itself is no record.
  } else if (dropped_ + text.size() > options_.streamed_bytes) {
    bad(BadReason::TooLong, record_position_,
        fmt::format("a record of {} bytes, more than {}", dropped_ + text.size(), options_.streamed_bytes),
        record_head_);
  } else if (too_long_) {
    emit(record_head_, record_position_, BodyDefect::Oversize, false);
  } else {
    emit(text, record_position_, oversize_ ? BodyDefect::Oversize : BodyDefect::None, false);
  }
  comma_needed_ = true;
  consume_to(begin_ + text.size());
}

// Behind the '[' of a list of records: what stood before it becomes the wrapper of its elements.
void Splitter::open_list() {
  if (lists_.size() >= kListDepth || too_long_) return;
  const size_t depth = scanner_.depth_of_list();
  std::shared_ptr<const Wrapper> wrapper = rest_wrapper_;
  const size_t size = scanner_.at();
  if (!rest_of_container_) {
    wrapper = lists_.empty() ? nullptr : lists_.back().wrapper;
    if (size <= kWrapperBytes) {
      std::string json = std::string(rest().substr(0, size - 1)) + "null" + std::string(depth, '}');
      wrapper = std::make_shared<const Wrapper>(Wrapper{std::move(json), std::move(wrapper)});
    }
  }
  lists_.push_back({std::move(wrapper), scanner_.list().holds, depth, inside()});
  comma_needed_ = false;
  consume_to(begin_ + size);
}

// Keeps a record within its bound while it streams by: first the bodies go, then, if that does not do, all but its
// head.
void Splitter::drop_what_is_too_large() {
  if (dropped_ + scanner_.at() <= options_.record_bytes) return;
  if (!oversize_) record_head_ = rest().substr(0, head_bytes());
  oversize_ = true;
  if (!too_long_) {
    const DocumentScanner::Dropped dropped = scanner_.drop_bodies(data_, begin_);
    dropped_ += dropped.bytes;
    base_ += dropped.bytes;
    line_ += dropped.lines;
    too_long_ =
        scanner_.size_without_bodies() > options_.record_bytes || dropped_ + scanner_.at() > options_.streamed_bytes;
  }
  if (!too_long_) return;
  const size_t size = scanner_.at();
  position(begin_ + size);
  data_.erase(begin_, size);
  counted_ = begin_;
  base_ += size;
  dropped_ += size;
  scanner_.forget();
}

// The rest of a line whose document cannot go on.
bool Splitter::torn_line() {
  const std::string_view text = rest();
  const size_t end = std::min(text.find_first_of(std::string_view("\n\0", 2), looked_), text.size());
  if (dropped_ + end > options_.record_bytes) {
    torn(end, "the document breaks off in a line that is too long to search");
    state_ = State::SkipLine;
    return true;
  }
  if (end == text.size() && !final_) {
    looked_ = end;
    return false;
  }
  torn(end, "the document breaks off in the middle of the line");
  return true;
}

// The first `size` bytes hold a document that breaks off, and perhaps one that was glued to it.
void Splitter::torn(size_t size, std::string_view why) {
  std::string_view broken = rest().substr(0, size);
  const bool in_list = !lists_.empty() || rest_of_container_;
  const bool whole_line = dropped_ + size <= options_.record_bytes;
  // Of a line that is too long only a beginning is here; where it stops, in blanks or not, is the feed's doing.
  while (whole_line && !broken.empty() && is_json_space(broken.back())) broken.remove_suffix(1);
  const size_t glued = in_list || !whole_line ? std::string_view::npos : find_glued_record(broken);
  const bool at_end = final_ && begin_ + size == data_.size() && glued == std::string_view::npos;
  const BadReason reason = too_long_ ? BadReason::TooLong : at_end && cut_off_ ? BadReason::CutOff : BadReason::Torn;
  bad(reason, record_position_, std::string(why), oversize_ ? std::string_view(record_head_) : broken.substr(0, glued));
  const size_t end = begin_ + size;
  if (glued != std::string_view::npos) {
    emit(broken.substr(glued), position(begin_ + glued), BodyDefect::None, true);
  }
  if (in_list) {
    lists_.clear();
    stray_closers_ = true;
  }
  consume_to(end);
}

void Splitter::close_lists(std::string_view why) {
  bad(final_ && cut_off_ ? BadReason::CutOff : BadReason::Torn, position(begin_), std::string(why), {});
  lists_.clear();
  comma_needed_ = false;
  stray_closers_ = true;
}

}  // namespace kubevigil
