// Sigma 2.1.0, "condition":
//
//   condition = or
//   or        = and { "or" and }
//   and       = unary { "and" unary }
//   unary     = "not" unary | primary
//   primary   = "(" or ")" | amount "of" target | name
//   amount    = "1" | "any" | "all"
//   target    = "them" | name | name with "*" wildcards
//   name      = letters, digits, "_", "-", ".", what is not ASCII
//
// `not` binds closest, then `and`, then `or`. The words are matched without case. `them` and wildcards leave out
// names that begin with an underscore, unless the pattern itself begins with one. A list of conditions means `or`.
#include "engine/rule/sigma_condition.h"

#include <optional>

#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

struct Token {
  std::string_view text;
  size_t at = 0;
};

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == '*' || (c & 0x80) != 0;
}

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r') {
      ++i;
      continue;
    }
    size_t end = i + 1;
    if (is_name_char(text[i])) {
      while (end < text.size() && is_name_char(text[end])) ++end;
    }
    tokens.push_back({text.substr(i, end - i), i});
    i = end;
  }
  return tokens;
}

// Does `name` match a pattern in which * stands for any run of characters?
bool wildcard_match(std::string_view pattern, std::string_view name) {
  size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

size_t size_of(const Expr& expr) {
  size_t n = 1 + expr.test.patterns.size();
  for (const Expr& child : expr.children) n += size_of(child);
  return n;
}

class Parser {
 public:
  Parser(std::string_view text, const SourceSpan& span, bool quoted, std::vector<Selection>& selections,
         Diagnostics& diagnostics)
      : text_(text),
        tokens_(tokens_of(text)),
        span_(span),
        quoted_(quoted),
        selections_(selections),
        diagnostics_(diagnostics) {}

  Expr whole() {
    std::optional<Expr> expr =
        tokens_.empty() ? bad("condition-syntax", "the condition is empty", text_.size()) : read_or(0);
    if (expr && next_ < tokens_.size()) expr = unexpected();
    return expr ? std::move(*expr) : Expr::constant_of(Truth::False);
  }

 private:
  // Place of a token in the file; a condition over several lines points at its beginning.
  SourceSpan place(size_t at, size_t length) const {
    SourceSpan span = span_;
    if (text_.find('\n') == std::string_view::npos && span.length >= text_.size()) {
      span.column += static_cast<uint32_t>(at + (quoted_ ? 1 : 0));
      span.length = static_cast<uint32_t>(std::max<size_t>(1, length));
    }
    return span;
  }
  std::nullopt_t bad(std::string code, std::string message, size_t at, size_t length = 1, std::string hint = {}) {
    diagnostics_.error(std::move(code), std::move(message), place(at, length), std::move(hint));
    return std::nullopt;
  }
  std::nullopt_t unexpected() {
    if (next_ >= tokens_.size()) return bad("condition-syntax", "the condition ends too early", text_.size());
    const Token& t = tokens_[next_];
    std::string hint = "put `and` or `or` between two selections";
    if (t.text == "|") hint = "aggregations are written as a correlation rule (`type: event_count` and so on)";
    return bad("condition-syntax", "did not expect \"" + printable(t.text) + "\" here", t.at, t.text.size(), hint);
  }
  bool take(std::string_view word) {
    if (next_ >= tokens_.size() || !equals_folded(tokens_[next_].text, word)) return false;
    ++next_;
    return true;
  }
  bool next_is(size_t offset, std::string_view word) const {
    return next_ + offset < tokens_.size() && equals_folded(tokens_[next_ + offset].text, word);
  }

  std::optional<Expr> read_or(size_t depth);
  std::optional<Expr> read_and(size_t depth);
  std::optional<Expr> read_unary(size_t depth);
  std::optional<Expr> read_primary(size_t depth);
  std::optional<Expr> read_amount();
  std::optional<Expr> read_name();
  bool use(Selection& selection, std::vector<Expr>& parts);
  std::nullopt_t unknown(const Token& name);

  std::string_view text_;
  std::vector<Token> tokens_;
  size_t next_ = 0;
  size_t used_nodes_ = 0;
  const SourceSpan& span_;
  bool quoted_;
  std::vector<Selection>& selections_;
  Diagnostics& diagnostics_;
};

std::optional<Expr> Parser::read_or(size_t depth) {
  std::vector<Expr> parts;
  do {
    std::optional<Expr> part = read_and(depth);
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
  } while (take("or"));
  return Expr::any(std::move(parts));
}

std::optional<Expr> Parser::read_and(size_t depth) {
  std::vector<Expr> parts;
  do {
    std::optional<Expr> part = read_unary(depth);
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
  } while (take("and"));
  return Expr::all(std::move(parts));
}

std::optional<Expr> Parser::read_unary(size_t depth) {
  if (depth > limits::kConditionDepth) {
    return bad("condition-limit", "nested deeper than " + std::to_string(limits::kConditionDepth) + " levels",
               next_ < tokens_.size() ? tokens_[next_].at : 0);
  }
  if (!take("not")) return read_primary(depth);
  std::optional<Expr> child = read_unary(depth + 1);
  if (!child) return std::nullopt;
  return Expr::negation(std::move(*child));
}

std::optional<Expr> Parser::read_primary(size_t depth) {
  if (take("(")) {
    std::optional<Expr> inner = read_or(depth + 1);
    if (!inner) return std::nullopt;
    if (!take(")")) return unexpected();
    return inner;
  }
  if (next_is(1, "of")) return read_amount();
  return read_name();
}

std::optional<Expr> Parser::read_amount() {
  const Token amount = tokens_[next_];
  const bool all = equals_folded(amount.text, "all");
  if (!all && amount.text != "1" && !equals_folded(amount.text, "any")) {
    return bad("condition-syntax", "\"" + printable(amount.text) + " of\" is no amount that Sigma has", amount.at,
               amount.text.size(), "write `1 of`, `any of` or `all of`");
  }
  next_ += 2;
  if (next_ >= tokens_.size()) return unexpected();
  const Token target = tokens_[next_++];
  const std::string_view pattern = equals_folded(target.text, "them") ? "*" : target.text;
  std::vector<Expr> parts;
  for (Selection& selection : selections_) {
    if (selection.name.starts_with('_') && !pattern.starts_with('_')) continue;
    if (wildcard_match(pattern, selection.name) && !use(selection, parts)) return std::nullopt;
  }
  if (parts.empty()) return unknown(target);
  return all ? Expr::all(std::move(parts)) : Expr::any(std::move(parts));
}

std::optional<Expr> Parser::read_name() {
  if (next_ >= tokens_.size()) return unexpected();
  const Token name = tokens_[next_];
  if (!is_name_char(name.text[0]) || equals_folded(name.text, "and") || equals_folded(name.text, "or")) {
    return unexpected();
  }
  ++next_;
  for (Selection& selection : selections_) {
    if (selection.name != name.text) continue;
    std::vector<Expr> one;
    if (!use(selection, one)) return std::nullopt;
    return std::move(one.front());
  }
  return unknown(name);
}

// Selections are copied to where they are named, so that naming large ones often is bounded, too.
bool Parser::use(Selection& selection, std::vector<Expr>& parts) {
  used_nodes_ += size_of(selection.expr);
  if (used_nodes_ > limits::kYamlNodes) {
    bad("condition-limit", "the condition grows beyond " + std::to_string(limits::kYamlNodes) + " tests", 0);
    return false;
  }
  selection.used = true;
  parts.push_back(selection.expr);
  return true;
}

std::nullopt_t Parser::unknown(const Token& name) {
  std::vector<std::string_view> names;
  for (const Selection& s : selections_) names.push_back(s.name);
  const std::string_view close = nearest(name.text, names);
  std::string hint;
  if (!close.empty()) {
    hint = "did you mean \"" + std::string(close) + "\"?";
  } else if (name.text.find('*') != std::string_view::npos) {
    hint = "a wildcard needs an amount in front, and a selection that it matches: `1 of selection_*`";
  } else {
    hint = "the selections are:";
    for (size_t i = 0; i < names.size() && i < 10; ++i) hint += (i > 0 ? ", " : " ") + std::string(names[i]);
  }
  return bad("unknown-selection", "no selection is named \"" + printable(name.text) + "\"", name.at, name.text.size(),
             hint);
}

}  // namespace

Expr parse_condition(std::string_view text, const SourceSpan& span, bool quoted, std::vector<Selection>& selections,
                     Diagnostics& diagnostics) {
  return Parser(text, span, quoted, selections, diagnostics).whole();
}

}  // namespace kubevigil
