// The text form of Expr. One line; to_text writes it, parse_expr reads it back to an equal Expr.
//
//   expr     = "true" | "false" | "unknown"
//            | "not" "(" expr ")"
//            | ( "all" | "any" ) "(" expr { "," expr } ")"
//            | quant "in" field "(" expr ")"                 a block: quant element of the array
//            | [ quant ] field op { ":" flag } "[" [ pattern { "," pattern } ] "]"
//   quant    = "some" | "every" | "every_or_empty" | "none"   ("some" is left out in front of a test)
//   field    = name of the field table | "@" name inside the element | "@" the element | "keywords"
//              bare when made of letters, digits and _ . - / \ : @ and [ ] in pairs, and no word of this grammar;
//              else a string
//   op       = to_text(TestOp)
//   flag     = "cased" | "all" | "i" | "m" | "s"              all: every pattern must be found
//   pattern  = number | string [ "#" number ] [ "=" field ] | "=" field
//              number: as JSON, when the literal is its shortest spelling
//   string   = '"' { any byte but " and \ and controls | "\" ( '"' | "\" ) | "\x" hex hex } '"'
#include "engine/rule/expr_grammar.h"

namespace kubevigil {
namespace {

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_field(std::string& out, const FieldRef& field) {
  std::string name;
  if (field.id == FieldId::Keywords) {
    name = "keywords";
  } else if (field.id == FieldId::Element) {
    name = field.path.empty() ? "@" : "@" + to_text(field);
  } else {
    name = to_text(field);
  }
  // Escaped brackets look unbalanced; such names are quoted.
  const bool escapes = name.find('\\') != std::string::npos && name.find_first_of("[]") != std::string::npos;
  if (!name.empty() && !is_reserved(name) && !escapes && word_length(name) == name.size()) {
    out += name;
  } else {
    append_string(out, name);
  }
}

void append_pattern(std::string& out, const Pattern& pattern) {
  if (pattern.number && !pattern.field && number_text(*pattern.number) == pattern.text) {
    out += pattern.text;
    return;
  }
  if (!pattern.field || !pattern.text.empty() || pattern.number) append_string(out, pattern.text);
  if (pattern.number) out += "#" + number_text(*pattern.number);
  if (pattern.field) {
    out += '=';
    append_field(out, *pattern.field);
  }
}

void append_test(std::string& out, const Test& test) {
  if (test.quantifier != Quantifier::Any) {
    out += kQuantifiers[static_cast<size_t>(test.quantifier)];
    out += ' ';
  }
  append_field(out, test.field);
  out += ' ';
  out += to_text(test.op);
  if (test.cased) out += ":cased";
  if (test.every_pattern) out += ":all";
  for (const char flag : test.regex_flags) out += std::string(":") + flag;
  out += " [";
  for (size_t i = 0; i < test.patterns.size(); ++i) {
    if (i > 0) out += ", ";
    append_pattern(out, test.patterns[i]);
  }
  out += ']';
}

void append(std::string& out, const Expr& expr);

void append_children(std::string& out, const Expr& expr) {
  out += '(';
  for (size_t i = 0; i < expr.children.size(); ++i) {
    if (i > 0) out += ", ";
    append(out, expr.children[i]);
  }
  out += ')';
}

void append(std::string& out, const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::Constant:
      out += to_text(expr.constant);
      return;
    case Expr::Kind::Test:
      append_test(out, expr.test);
      return;
    case Expr::Kind::Not:
      out += "not";
      break;
    case Expr::Kind::All:
      out += "all";
      break;
    case Expr::Kind::Any:
      out += "any";
      break;
    case Expr::Kind::Element:
      out += kQuantifiers[static_cast<size_t>(expr.quantifier)];
      out += " in ";
      append_field(out, expr.array);
      out += ' ';
      break;
  }
  append_children(out, expr);
}

}  // namespace

std::string_view to_text(TestOp op) {
  for (const OpName& o : kOps) {
    if (o.op == op) return o.name;
  }
  return "?";
}

std::string to_text(const Expr& expr) {
  std::string out;
  append(out, expr);
  return out;
}

}  // namespace kubevigil
