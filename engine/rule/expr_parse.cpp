// Reads the text form of Expr; the grammar stands in expr_text.cpp.
#include <cmath>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/rule/expr_grammar.h"

namespace kubevigil {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Expr> whole() {
    std::optional<Expr> expr = read_expr(0);
    skip_space();
    if (expr && at_ == text_.size()) return std::move(*expr);
    if (message_.empty()) message_ = "more text behind the expression";
    return fail("at byte " + std::to_string(at_) + ": " + message_);
  }

 private:
  std::nullopt_t bad(std::string message) {
    if (message_.empty()) message_ = std::move(message);
    return std::nullopt;
  }
  void skip_space() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view word() {
    skip_space();
    const std::string_view rest = text_.substr(at_, word_length(text_.substr(at_)));
    at_ += rest.size();
    return rest;
  }
  std::string_view peek_word() {
    const size_t before = at_;
    const std::string_view w = word();
    at_ = before;
    return w;
  }

  std::optional<Expr> read_expr(size_t depth);
  std::optional<std::vector<Expr>> read_children(size_t depth);
  std::optional<Expr> read_block(Quantifier quantifier, size_t depth);
  std::optional<Expr> read_test(Quantifier quantifier);
  bool read_op(Test& test);
  std::optional<FieldRef> read_field();
  std::optional<std::string> read_string();
  std::optional<double> read_number();
  std::optional<Pattern> read_pattern();

  std::string_view text_;
  size_t at_ = 0;
  std::string message_;
};

std::optional<Expr> Reader::read_expr(size_t depth) {
  if (depth > 4 * limits::kConditionDepth) return bad("nested too deeply");
  const std::string_view w = peek_word();
  for (const Truth t : {Truth::False, Truth::Unknown, Truth::True}) {
    if (w == to_text(t)) return word(), Expr::constant_of(t);
  }
  if (w == "not" || w == "all" || w == "any") {
    word();
    std::optional<std::vector<Expr>> children = read_children(depth);
    if (!children) return std::nullopt;
    if ((w == "not") != (children->size() == 1)) return bad("not takes one expression, all and any at least two");
    if (w == "not") return Expr::negation(std::move(children->front()));
    return w == "all" ? Expr::all(std::move(*children)) : Expr::any(std::move(*children));
  }
  for (size_t q = 0; q < kQuantifiers.size(); ++q) {
    if (w != kQuantifiers[q]) continue;
    word();
    if (peek_word() == "in") return word(), read_block(static_cast<Quantifier>(q), depth);
    return read_test(static_cast<Quantifier>(q));
  }
  return read_test(Quantifier::Any);
}

std::optional<std::vector<Expr>> Reader::read_children(size_t depth) {
  if (!take('(')) return bad("expected (");
  std::vector<Expr> children;
  do {
    std::optional<Expr> child = read_expr(depth + 1);
    if (!child) return std::nullopt;
    children.push_back(std::move(*child));
  } while (take(','));
  if (!take(')')) return bad("expected , or )");
  return children;
}

std::optional<Expr> Reader::read_block(Quantifier quantifier, size_t depth) {
  std::optional<FieldRef> array = read_field();
  if (!array) return std::nullopt;
  std::optional<std::vector<Expr>> children = read_children(depth);
  if (!children) return std::nullopt;
  if (children->size() != 1) return bad("a block takes one expression");
  return Expr::element(std::move(*array), quantifier, std::move(children->front()));
}

bool Reader::read_op(Test& test) {
  const std::vector<std::string_view> parts = split(word(), ':');
  bool known = false;
  for (const OpName& o : kOps) {
    if (o.name == parts[0]) test.op = o.op, known = true;
  }
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i] == "cased") {
      test.cased = true;
    } else if (parts[i] == "all") {
      test.every_pattern = true;
    } else if (parts[i] == "i" || parts[i] == "m" || parts[i] == "s") {
      test.regex_flags += parts[i];
    } else {
      known = false;
    }
  }
  return known;
}

std::optional<Expr> Reader::read_test(Quantifier quantifier) {
  Test test;
  test.quantifier = quantifier;
  std::optional<FieldRef> field = read_field();
  if (!field) return std::nullopt;
  test.field = std::move(*field);
  // The list opens with a bracket, which may also stand in a word: the operator is followed by a space.
  if (!read_op(test)) return bad("expected an operator such as equals");
  if (!take('[')) return bad("expected [");
  while (!take(']')) {
    if (!test.patterns.empty() && !take(',')) return bad("expected , or ]");
    std::optional<Pattern> pattern = read_pattern();
    if (!pattern) return std::nullopt;
    test.patterns.push_back(std::move(*pattern));
  }
  return Expr::of(std::move(test));
}

std::optional<FieldRef> Reader::read_field() {
  skip_space();
  std::string name;
  if (at_ < text_.size() && text_[at_] == '"') {
    std::optional<std::string> quoted = read_string();
    if (!quoted) return std::nullopt;
    name = std::move(*quoted);
  } else {
    name = word();
  }
  if (name == "keywords") return FieldRef{FieldId::Keywords, {}};
  if (name.starts_with('@')) return parse_element_field(name.substr(1));
  std::optional<FieldRef> field = parse_field(name);
  if (!field) return bad("no field \"" + printable(name) + "\"");
  return field;
}

std::optional<std::string> Reader::read_string() {
  if (!take('"')) return bad("expected a string");
  std::string out;
  while (at_ < text_.size() && text_[at_] != '"') {
    char c = text_[at_++];
    if (c == '\\') {
      if (at_ >= text_.size()) return bad("the string does not end");
      c = text_[at_++];
      if (c == 'x') {
        if (at_ + 2 > text_.size()) return bad("the string does not end");
        const size_t high = kHex.find(text_[at_]);
        const size_t low = kHex.find(text_[at_ + 1]);
        if (high > 15 || low > 15) return bad("expected two hexadecimal digits");
        c = static_cast<char>(high * 16 + low);
        at_ += 2;
      } else if (c != '"' && c != '\\') {
        return bad("no such escape");
      }
    }
    out += c;
  }
  if (at_ >= text_.size()) return bad("the string does not end");
  ++at_;
  return out;
}

std::optional<double> Reader::read_number() {
  skip_space();
  double number = 0;
  const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
  if (error != std::errc() || !std::isfinite(number)) return bad("expected a string or a number");
  at_ = static_cast<size_t>(end - text_.data());
  return number;
}

std::optional<Pattern> Reader::read_pattern() {
  Pattern pattern;
  skip_space();
  const char c = at_ < text_.size() ? text_[at_] : '\0';
  if (c != '"' && c != '=') {
    pattern.number = read_number();
    if (!pattern.number) return std::nullopt;
    pattern.text = number_text(*pattern.number);
    return pattern;
  }
  if (c == '"') {
    std::optional<std::string> text = read_string();
    if (!text) return std::nullopt;
    pattern.text = std::move(*text);
    if (take('#')) {
      pattern.number = read_number();
      if (!pattern.number) return std::nullopt;
    }
  }
  if (take('=')) {
    pattern.field = read_field();
    if (!pattern.field) return std::nullopt;
  }
  return pattern;
}

}  // namespace

Result<Expr> parse_expr(std::string_view text) { return Reader(text).whole(); }

}  // namespace kubevigil
