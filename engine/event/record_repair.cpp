#include "engine/event/record_repair.h"

#include <vector>

#include "engine/base/text.h"
#include "engine/event/event_reader.h"
#include "engine/event/json_text.h"
#include "engine/event/json_tree.h"

namespace kubevigil {
namespace {

constexpr size_t kOpenBrackets = 1u << 20;  // nesting that the bracket matcher follows; deeper is no event

// Walks `record = ws "{" [ member { "," member } ] "}" ws` with `member = string ":" value`, where a value is taken as
// a string, a balanced run of brackets, or anything up to the next comma or bracket.
class Repair {
 public:
  explicit Repair(std::string_view record) : in_(record) {}

  tl::expected<RepairedRecord, RepairFailure> run() {
    if (peek() != '{') return failure("expected { at the beginning of the record");
    out_.text.reserve(in_.size() + in_.size() / 16 + kRecordPadding);
    take();
    while (peek() != '}') {
      if (!member()) return failure(problem_);
      if (peek() == ',') {
        take();
        if (peek() == '}') return failure("expected a member after the comma");
      } else if (peek() != '}') {
        return failure("expected a comma or } between members");
      }
    }
    take();
    if (peek() != 0 || at_ < in_.size()) return failure("the event ends here, but more follows");
    out_.text.reserve(out_.text.size() + kRecordPadding);
    return std::move(out_);
  }

 private:
  tl::unexpected<RepairFailure> failure(std::string_view message) const {
    return tl::unexpected(RepairFailure{at_, message});
  }
  bool fail(std::string_view message) {
    problem_ = message;
    return false;
  }

  char peek() {
    while (at_ < in_.size() && is_json_space(in_[at_])) ++at_;
    return at_ < in_.size() ? in_[at_] : '\0';
  }
  void take() { out_.text.push_back(in_[at_++]); }

  bool member() {
    if (peek() != '"') return fail("expected a member name in quotes");
    const size_t end = closing_quote(in_, at_);
    if (end == std::string_view::npos) return fail("string without end");
    const std::string_view key = in_.substr(at_ + 1, end - at_ - 1);
    copy_text(in_.substr(at_, end + 1 - at_));
    at_ = end + 1;
    if (peek() != ':') return fail("expected a colon after the member name");
    take();
    peek();
    const size_t begin = at_;
    if (!skip_value()) return false;
    const std::string_view value = in_.substr(begin, at_ - begin);
    std::string memory;
    memory.reserve(key.size());
    const std::string_view name = decode_json_string(key, memory).value_or(key);
    if (name == "requestObject" || name == "responseObject") {
      body(value, out_.defects[name == "requestObject" ? 0 : 1]);
    } else {
      copy_text(value);
    }
    return true;
  }

  bool skip_value() {
    const char c = peek();
    if (c == '"') {
      const size_t end = closing_quote(in_, at_);
      if (end == std::string_view::npos) return fail("string without end");
      at_ = end + 1;
      return true;
    }
    if (c == '{' || c == '[') return skip_brackets();
    const size_t begin = at_;
    while (at_ < in_.size() && in_[at_] != ',' && in_[at_] != '}' && in_[at_] != ']' && !is_json_space(in_[at_])) ++at_;
    return at_ > begin || fail("expected a value");
  }

  // A closing bracket of the wrong kind is stepped over, so that `{"a": ]}` ends where its author's encoder ended it.
  bool skip_brackets() {
    std::vector<char> open;
    while (at_ < in_.size()) {
      const char c = in_[at_];
      if (c == '"') {
        const size_t end = closing_quote(in_, at_);
        if (end == std::string_view::npos) return fail("string without end");
        at_ = end + 1;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') {
        if (open.size() == kOpenBrackets) return fail("brackets nested too deep");
        open.push_back(c == '{' ? '}' : ']');
      } else if (c == open.back()) {
        open.pop_back();
        if (open.empty()) return true;
      }
    }
    return fail("the record ends inside a value");
  }

  void body(std::string_view value, BodyDefect& defect) {
    size_t repaired = 0;
    const std::string clean = repair_utf8(value, repaired);
    const auto parsed = scratch_.parse(clean);
    if (!parsed && parsed.error().defect == JsonDefect::Grammar) {
      defect = BodyDefect::Grammar;
      out_.text += "null";
    } else {
      if (repaired > 0) defect = BodyDefect::Utf8;
      out_.text += clean;
    }
  }

  // Repairs UTF-8, and control characters inside strings.
  void copy_text(std::string_view text) {
    size_t repaired = 0;
    const std::string clean = repair_utf8(text, repaired);
    bool inside = false;
    for (size_t i = 0; i < clean.size(); ++i) {
      const char c = clean[i];
      if (inside && static_cast<unsigned char>(c) < 0x20) {
        out_.text += "\xEF\xBF\xBD";
        continue;
      }
      out_.text += c;
      if (c == '"') inside = !inside;
      if (inside && c == '\\' && i + 1 < clean.size() && static_cast<unsigned char>(clean[i + 1]) >= 0x20) {
        out_.text += clean[++i];
      }
    }
  }

  std::string_view in_;
  size_t at_ = 0;
  std::string_view problem_;
  RepairedRecord out_;
  JsonTree scratch_;
};

}  // namespace

tl::expected<RepairedRecord, RepairFailure> repair_record(std::string_view record) { return Repair(record).run(); }

}  // namespace kubevigil
