#include "engine/event/splitter.h"

#include <algorithm>

#include "engine/base/lines.h"

namespace kubevigil {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kArrayLookahead = 64;  // blanks between '[' and what tells an array from a text line

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view without_blanks(std::string_view line) {
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  return line;
}

size_t find_line_end(std::string_view text, size_t from) {
  const size_t end = text.find('\n', from);
  return end == std::string_view::npos ? text.size() : end;
}

// More bytes may make a beginning of it.
bool may_begin_native(std::string_view text) {
  return std::any_of(kNativeBegins.begin(), kNativeBegins.end(),
                     [&](std::string_view begin) { return text.size() < begin.size() && begin.starts_with(text); });
}

}  // namespace

Splitter::Splitter(RecordSink& sink, SplitterOptions options)
    : sink_(sink), options_(options), base_(options.offset), line_(options.line) {}

void Splitter::feed(std::string_view bytes) {
  if (begin_ > 0) {
    position(begin_);
    data_.erase(0, begin_);
    base_ += begin_;
    counted_ -= begin_;
    begin_ = 0;
  }
  data_.append(bytes);
  run();
}

void Splitter::finish(bool cut_off) {
  final_ = true;
  cut_off_ = cut_off;
  run();
  if (!lists_.empty()) close_lists("the input ends inside a list");
}

void Splitter::run() {
  while (begin_ < data_.size() || (final_ && state_ != State::Between)) {
    if (!step()) return;
  }
}

bool Splitter::step() {
  switch (state_) {
    case State::Between:
      return between();
    case State::NativeLine:
      return native_line();
    case State::TextLine:
      return text_line();
    case State::Document:
      return document();
    case State::Scalar:
      return scalar();
    case State::TornLine:
      return torn_line();
    case State::SkipLine:
      return skip_line();
  }
  return false;
}

bool Splitter::between() {
  const char c = data_[begin_];
  if (is_blank(c) || c == '\n' || c == '\0' || c == '\x1E' || c == ',') {
    if (c == ',') comma_needed_ = false;
    ++begin_;
    return true;
  }
  if (c == kByteOrderMark[0]) {
    const std::string_view head = rest().substr(0, kByteOrderMark.size());
    if (head == kByteOrderMark) {
      begin_ += head.size();
      return true;
    }
    if (!final_ && kByteOrderMark.starts_with(head)) return false;
  }
  if (c == ']' && !lists_.empty()) return end_list();
  if ((c == ']' || c == '}') && stray_closers_) {
    ++begin_;
    return true;
  }
  return begin_value(c);
}

bool Splitter::begin_value(char c) {
  if (c == '{' || c == '[') {
    if (comma_needed_ && !lists_.empty()) close_lists("a new document begins inside a list");
    if (c == '[') return begin_array();
    if (lists_.empty() && options_.native_lines) {
      if (!final_ && may_begin_native(rest())) return false;
      if (begins_native(rest())) {
        start(State::NativeLine);
        return true;
      }
    }
    start(State::Document);
    return true;
  }
  start(lists_.empty() ? State::TextLine : State::Scalar);
  return true;
}

bool Splitter::begin_array() {
  size_t i = 1;
  while (i < rest().size() && i < kArrayLookahead && (is_blank(rest()[i]) || rest()[i] == '\n')) ++i;
  if (i == rest().size() && !final_) return false;
  const char next = i < rest().size() ? rest()[i] : '\n';
  const bool array = next == '{' || next == '[' || next == ']' || next == '"' || next == '\n';
  if (array && lists_.size() < kListDepth && inside() != ListOf::LokiPairs) {
    lists_.push_back({lists_.empty() ? nullptr : lists_.back().wrapper, inside()});
    ++begin_;
    comma_needed_ = false;
    return true;
  }
  start(array ? State::Document : lists_.empty() ? State::TextLine : State::Scalar);
  return true;
}

bool Splitter::end_list() {
  List list = std::move(lists_.back());
  lists_.pop_back();
  ++begin_;
  comma_needed_ = true;
  if (list.depth == 0) return true;
  start(State::Document);
  scanner_.start_rest(list.inside, list.depth);
  rest_of_container_ = true;
  rest_wrapper_ = std::move(list.wrapper);
  return true;
}

void Splitter::start(State state) {
  state_ = state;
  looked_ = 0;
  dropped_ = 0;
  oversize_ = false;
  too_long_ = false;
  rest_of_container_ = false;
  record_position_ = position(begin_);
  if (state == State::Document) scanner_.start_document(!lists_.empty(), inside());
}

// Up to the line feed if that looks like one event, else by brackets.
bool Splitter::native_line() {
  const std::string_view text = rest();
  const size_t end = find_line_end(text, looked_);
  if (end == text.size() && !final_ && end <= options_.record_bytes) {
    looked_ = end;
    return false;
  }
  const std::string_view line = without_blanks(text.substr(0, end));
  if (end > options_.record_bytes || !line.ends_with('}')) {
    start(State::Document);
    return true;
  }
  emit(line, record_position_, BodyDefect::None, false);
  consume_to(begin_ + end);
  counted_ = begin_;  // no line feed was passed
  return true;
}

bool Splitter::text_line() {
  const std::string_view text = rest();
  const size_t end = std::min(find_line_end(text, looked_), std::min(text.find('\0', looked_), text.size()));
  if (end > options_.record_bytes) {
    emit(text.substr(0, head_bytes()), record_position_, BodyDefect::Oversize, false);
    state_ = State::SkipLine;
    return true;
  }
  if (end == text.size() && !final_) {
    looked_ = end;
    return false;
  }
  emit(without_blanks(text.substr(0, end)), record_position_, BodyDefect::None, false);
  consume_to(begin_ + end);
  return true;
}

bool Splitter::skip_line() {
  const size_t end = std::min(find_line_end(data_, begin_), data_.find('\0', begin_));
  const bool found = end < data_.size();
  begin_ = end;
  if (!found && !final_) return false;
  consume_to(end);
  return true;
}

// A number, a string or garbage among the elements of a list: up to a comma, a bracket or the line feed.
bool Splitter::scalar() {
  const std::string_view text = rest();
  bool quoted = false;
  size_t end = 0;
  for (; end < text.size() && text[end] != '\n' && text[end] != '\0'; ++end) {
    if (end > 0 && !quoted && (text[end] == ',' || text[end] == ']' || text[end] == '}')) break;
    if (quoted && text[end] == '\\') {
      ++end;
    } else if (text[end] == '"') {
      quoted = !quoted;
    }
  }
  end = std::min(end, text.size());
  if (end > options_.record_bytes) {
    bad(BadReason::TooLong, record_position_, "a list element without end", text);
    state_ = State::SkipLine;
    return true;
  }
  if (end == text.size() && !final_) return false;  // looked at again from its beginning: such elements are short
  const std::string_view value = without_blanks(text.substr(0, end));
  if (value.starts_with('"')) {
    emit(value, record_position_, BodyDefect::None, false);
  } else {
    bad(BadReason::NotAuditEvent, record_position_, "a list element that is no object", value);
  }
  comma_needed_ = true;
  consume_to(begin_ + end);
  return true;
}

void Splitter::emit(std::string_view text, RecordPosition position, BodyDefect defect, bool salvaged) {
  sink_.record({text, position, lists_.empty() ? nullptr : lists_.back().wrapper, defect, salvaged});
}

void Splitter::bad(BadReason reason, RecordPosition position, std::string message, std::string_view kept) {
  sink_.bad(
      {reason, position, std::move(message), std::string(kept.substr(0, std::min(kKeptBytes, options_.record_bytes)))});
}

RecordPosition Splitter::position(size_t index) {
  line_ += count_lines(std::string_view(data_).substr(counted_, index - counted_));
  counted_ = index;
  return {options_.file, base_ + index, line_};
}

void Splitter::consume_to(size_t index) {
  begin_ = index;
  state_ = State::Between;
}

}  // namespace kubevigil
