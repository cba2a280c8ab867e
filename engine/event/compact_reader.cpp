#include "engine/event/compact_reader.h"

#include <bit>

#include "engine/event/event_members.h"
#include "engine/event/json_block.h"
#include "engine/event/json_text.h"

namespace kubevigil {
namespace {

bool in_token(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.' || c == 'E';
}

// All functions that return false have given up.
class CompactWalk {
 public:
  CompactWalk(std::string_view record, std::string& decoded, Event& event)
      : text_(record.data()), size_(record.size()), decoded_(decoded), event_(event) {
    decoded_.clear();
  }

  bool run() { return here() == '{' && object(kEventMembers) && at_ == size_; }
  bool is_ascii() const { return !wide_; }

 private:
  // NUL, which fits nowhere, at the end: what lies behind the record is never taken for a part of it.
  char here() const { return at_ < size_ ? text_[at_] : '\0'; }

  bool take(char c) {
    if (here() != c) return false;
    ++at_;
    return true;
  }

  // At an opening bracket: calls item() for each of what stands between commas, up to and with `close`.
  template <typename Item>
  bool items(char close, const Item& item) {
    ++at_;
    if (take(close)) return true;
    while (item()) {
      if (take(close)) return true;
      if (!take(',')) return false;
    }
    return false;
  }

  bool object(Members known) {
    size_t next = 0;  // where the search for a key starts: members come in the order of the table
    return items('}', [&] {
      if (here() != '"') return false;
      const Member* m = find(known, next);
      if (m == nullptr) return unknown_member(known);
      at_ += m->key.text().size() + 2;
      return take(':') && member(*m);
    });
  }

  const Member* find(Members known, size_t& next) const {
    for (size_t tried = 0; tried < known.size(); ++tried) {
      const Member& m = known[next];
      next = next + 1 == known.size() ? 0 : next + 1;
      if (m.key.matches(text_ + at_ + 1)) return &m;
    }
    return nullptr;
  }

  bool member(const Member& m) {
    if (m.shape == Shape::Raw) return body(m.field);
    if (m.shape == Shape::Object) return here() == '{' && object(m.inner);
    event_.mark_present(m.field);
    if (m.shape == Shape::Map) return here() == '{' && items('}', [&] { return entry(m.field); });
    const auto add = [&]() -> Value& { return event_.add(m.field); };
    if (m.shape == Shape::Scalar) return scalar(add);
    return here() == '[' && items(']', [&] { return scalar(add); });
  }

  // A key with escapes may be a known one.
  bool plain_key(std::string_view& key) {
    bool escaped = false;
    return here() == '"' && string(key, escaped) && !escaped && take(':');
  }

  bool unknown_member(Members known) {
    event_.has_further_members |= known.data() == kEventMembers.data();
    std::string_view key;
    if (!plain_key(key)) return false;
    return is_container() ? container() : scalar([&]() -> Value& { return unread_; });
  }

  bool entry(FieldId map) {
    std::string_view key;
    if (!plain_key(key)) return false;
    const auto add = [&]() -> Value& { return event_.add_entry(map, key); };
    return here() == '[' ? items(']', [&] { return scalar(add); }) : scalar(add);
  }

  // Null adds no value.
  template <typename Add>
  bool scalar(const Add& add) {
    if (here() == '"') {
      std::string_view text;
      bool escaped = false;
      if (!string(text, escaped)) return false;
      add() = Value::string(escaped ? decoded(text) : text);
      return true;
    }
    const size_t begin = at_;
    while (in_token(here())) ++at_;
    const std::string_view token(text_ + begin, at_ - begin);
    if (token == "null") return true;
    const auto parsed = parse_json_scalar(token);
    if (parsed) add() = *parsed;
    return parsed.has_value();
  }

  // The inside of the string at hand, as it is written.
  bool string(std::string_view& inside, bool& escaped) {
    const size_t begin = ++at_;
    for (size_t stop = string_stop(begin); stop < size_; stop = string_stop(stop)) {
      if (text_[stop] == '"') {
        inside = {text_ + begin, stop - begin};
        at_ = stop + 1;
        return true;
      }
      const auto next = static_cast<unsigned char>(text_[stop + 1]);
      if (text_[stop] != '\\' || next < 0x20) return false;  // a control character
      wide_ |= next >= 0x80;
      escaped = true;
      stop += 2;
    }
    return false;
  }

  size_t string_stop(size_t at) {
#ifdef __SSE2__
    for (; at < size_; at += sizeof(__m128i)) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text_ + at));
      wide_ |= _mm_movemask_epi8(bytes) != 0;  // perhaps only behind the string
      if (const uint32_t stops = string_stops(bytes); stops != 0)
        return at + static_cast<size_t>(std::countr_zero(stops));
    }
    return size_;
#else
    wide_ = true;
    return find_string_stop({text_, size_}, at);
#endif
  }

  std::string_view decoded(std::string_view text) {
    if (decoded_.capacity() < size_) decoded_.reserve(size_);  // at once: views must stay valid
    return decode_json_string(text, decoded_).value_or(text);
  }

  // A body that is said twice is left to the general reader.
  bool body(FieldId field) {
    const size_t begin = at_;
    if (!is_container()) return scalar([&]() -> Value& { return unread_; }) && text_[begin] == 'n';
    if (!container() || !event_.raw(field).empty()) return false;
    event_.set_raw(field, {text_ + begin, at_ - begin});
    return true;
  }

  bool is_container() const { return here() == '{' || here() == '['; }

  // Steps over it. How simdjson's count of brackets begins depends on the first member and its value: what is no JSON
  // there is left to it.
  bool container() {
    const size_t begin = at_++;
    std::string_view key;
    bool escaped = false;
    const bool object = text_[begin] == '{', empty = here() == (object ? '}' : ']');
    if (!empty && object && (here() != '"' || !string(key, escaped) || !take(':'))) return false;
    if (!empty && !first_value()) return false;
    const size_t length = container_end({text_ + begin, size_ - begin}, wide_);
    at_ = begin + length;
    return length != std::string_view::npos;
  }

  bool first_value() {
    std::string_view text;
    bool escaped = false;
    if (here() != '"') return is_container() || in_token(here());
    return string(text, escaped) && (here() == ',' || here() == '}' || here() == ']');
  }

  const char* text_;
  size_t size_;
  std::string& decoded_;
  Event& event_;
  size_t at_ = 0;
  bool wide_ = false;  // a byte beyond ASCII was seen
  Value unread_;
};

}  // namespace

CompactRead read_compact(std::string_view record, std::string& decoded, Event& event) {
  CompactWalk walk(record, decoded, event);
  if (!walk.run()) return CompactRead::GaveUp;
  return walk.is_ascii() ? CompactRead::Read : CompactRead::NotAscii;
}

}  // namespace kubevigil
