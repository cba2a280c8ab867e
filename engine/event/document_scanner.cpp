#include "engine/event/document_scanner.h"

#include <algorithm>

#include "engine/base/lines.h"
#include "engine/event/json_text.h"

namespace kubevigil {
namespace {

constexpr std::array<std::string_view, 2> kBodyKeys = {"requestObject", "responseObject"};

// A loop rather than find(), which calls memchr: this is asked for every string.
inline bool one_of(char c, std::string_view set) {
  for (const char s : set) {
    if (s == c) return true;
  }
  return false;
}

}  // namespace

void DocumentScanner::start_document(bool lenient, ListOf inside) {
  *this = DocumentScanner{};
  lenient_ = lenient;
  inside_ = inside;
}

void DocumentScanner::start_rest(ListOf inside, size_t depth) {
  *this = DocumentScanner{};
  inside_ = inside;
  depth_ = depth;
  in_data_ = depth > 1;
  object_ = true;
  compact_ = true;
  lenient_ = true;
  last_ = ']';
}

DocumentScanner::Outcome DocumentScanner::scan(std::string_view text) {
  while (at_ < text.size()) {
    if (!line_begins_) scan_blocks(text);
    if (at_ == text.size()) break;
    if (in_string_) {
      if (scan_string(text)) continue;
      return at_ < text.size() ? Outcome::Torn : Outcome::More;
    }
    const char c = text[at_];
    if (c == ' ' || c == '\t' || c == '\r') {
      ++at_;
      first_column_ = false;
      continue;
    }
    if (c == '\n') {
      ++at_;
      ++lines_;
      line_begins_ = true;
      first_column_ = true;
      line_begin_ = at_;
      continue;
    }
    if (c == '\0') return Outcome::Torn;
    if (line_begins_) {
      if (!second_line_) indented_ = !first_column_;
      second_line_ = true;
      line_begins_ = false;
      if (!line_may_go_on(c)) {
        torn_at_line_begin_ = true;
        return Outcome::Torn;
      }
    }
    if (!structural(c)) return Outcome::Torn;
    ++at_;
    if (c == '[' && key_ == Key::List && depth_ == (in_data_ ? 3 : 2)) {
      key_ = Key::Other;
      return Outcome::List;
    }
    if (depth_ == 0) return Outcome::End;
  }
  return Outcome::More;
}

// One token byte outside strings; false when it cannot stand here.
bool DocumentScanner::structural(char c) {
  if (depth_ == 1 && last_ == (object_ ? '{' : '[') && lines_ == 0) compact_ = true;
  switch (c) {
    case '"':
      if (!lenient_ && !one_of(last_, "{[,:")) return false;
      in_string_ = true;
      before_string_ = last_;
      string_begin_ = at_;
      return true;  // last_ stays until the string ends
    case '{':
    case '[':
      if (depth_ == 0) object_ = c == '{';
      if (!lenient_ && depth_ > 0 && !one_of(last_, "[,:")) return false;
      if (depth_ == 1) {
        in_data_ = c == '{' && key_ == Key::Data && last_ == ':';
        if (last_ != ':') key_ = Key::Other;
      }
      ++depth_;
      break;
    case '}':
    case ']':
      if (depth_ == 1) close_body();
      if (depth_ == 2) in_data_ = false;
      --depth_;
      break;
    case ',':
      if (depth_ != 1) break;
      close_body();
      if (object_) undecided_ = at_;
      break;
    case ':':
      if (depth_ == 1) undecided_ = kOpen;
      if (depth_ == 1 && key_ == Key::Body && last_ == '"' && bodies_.size() < kBodies && at_ - member_ <= kKeyBytes) {
        bodies_.push_back({member_, at_ + 1, kOpen});
        key_ = Key::Other;
      }
      break;
    default:
      break;
  }
  last_ = c;
  last_at_ = at_;
  return true;
}

// Steps to the end of the string; false when the text ends first or the string is torn.
bool DocumentScanner::scan_string(std::string_view text) {
  size_t i = at_;
  for (; i < text.size(); ++i) {
    if (escaped_) {
      escaped_ = false;
      if (text[i] != '\n' && text[i] != '\0') continue;
    }
    i = find_string_stop(text, i);
    if (i == text.size()) break;
    if (text[i] == '\\') {
      escaped_ = true;
      continue;
    }
    if (text[i] != '"' && text[i] != '\n' && text[i] != '\0') continue;  // other control characters: the parser's
    at_ = i;
    if (text[i] != '"') return false;
    ++at_;
    end_string(text);
    return true;
  }
  at_ = i;
  return false;
}

void DocumentScanner::end_string(std::string_view text) {
  in_string_ = false;
  if (object_ && (depth_ == 1 || (depth_ == 2 && in_data_))) {
    key_ = Key::Other;
    if (before_string_ != ':') end_key(text.substr(string_begin_ + 1, at_ - string_begin_ - 2));
  }
  last_ = '"';
  last_at_ = at_ - 1;
}

void DocumentScanner::end_key(std::string_view name) {
  if (depth_ == 1) {
    member_ = last_at_;
    is_event_ = is_event_ || name == "auditID";
    // What stands in front of it goes with a body: it must be what separates members, in a broken document, too.
    const bool separated = before_string_ == ',' || before_string_ == '{';
    if (separated && std::find(kBodyKeys.begin(), kBodyKeys.end(), name) != kBodyKeys.end()) key_ = Key::Body;
    if (name == "data") key_ = Key::Data;
  }
  if (is_event_) return;
  if (const ListMember* list = find_list_member(inside_, in_data_, name)) {
    list_ = list;
    key_ = Key::List;
  }
}

bool DocumentScanner::line_may_go_on(char c) const {
  if (c == '{' && first_column_ && (compact_ || indented_) && depth_ > 0) return false;
  switch (last_) {
    case '{':
      return c == '"' || c == '}';
    case '[':
      return c != ',' && c != ':' && c != '}';
    case ',':
      return c != ',' && c != ':' && c != '}' && c != ']';
    case ':':
      return c != ',' && c != ':' && c != '}' && c != ']';
    case '"':
      return one_of(c, ",:}]");
    case '\0':
      return true;
    default:
      return one_of(c, ",}]");
  }
}

void DocumentScanner::close_body() {
  if (!bodies_.empty() && bodies_.back().end == kOpen) bodies_.back().end = at_;
}

size_t DocumentScanner::size_without_bodies() const {
  const bool undecided = undecided_ != kOpen && at_ - undecided_ <= kKeyBytes;
  const size_t end = undecided ? undecided_ : at_;
  size_t size = end;
  for (const Body& body : bodies_) size -= std::min(body.end, end) - body.begin;
  return size;
}

void DocumentScanner::shift(size_t from, size_t count) {
  const auto move = [&](size_t& position) {
    if (position != kOpen && position > from) position -= std::min(position - from, count);
  };
  for (size_t* position : {&at_, &last_at_, &string_begin_, &line_begin_, &undecided_, &member_, &slow_until_})
    move(*position);
  for (Body& body : bodies_) {
    move(body.begin);
    move(body.value);
    move(body.end);
  }
}

DocumentScanner::Dropped DocumentScanner::drop_bodies(std::string& text, size_t begin) {
  Dropped dropped;
  const auto erase = [&](size_t from, size_t to) {
    dropped.bytes += to - from;
    dropped.lines += count_lines(std::string_view(text).substr(begin + from, to - from));
    text.erase(begin + from, to - from);
    shift(from, to - from);
  };
  for (size_t i = bodies_.size(); i-- > 0;) {
    const Body body = bodies_[i];
    if (body.end == kOpen) {
      erase(body.value, at_);  // the member itself goes once its value has ended
      continue;
    }
    bodies_.erase(bodies_.begin() + static_cast<std::ptrdiff_t>(i));
    // The comma in front goes with the member; the first member takes the comma behind it.
    const bool first = text[begin + body.begin] == '{';
    const size_t from = first ? body.begin + 1 : body.begin;
    const size_t to = first && body.end < at_ && text[begin + body.end] == ',' ? body.end + 1 : body.end;
    erase(from, to);
  }
  return dropped;
}

}  // namespace kubevigil
