// lower_test: the values of one key, through its modifiers, into tests. One test per operator: wildcards in a value
// may make a `contains` of one and an `equals` of the next.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/rule/regex.h"
#include "engine/rule/sigma_field.h"
#include "engine/rule/sigma_lists.h"
#include "engine/rule/sigma_modifiers.h"
#include "engine/rule/sigma_string.h"

namespace kubevigil {
namespace {

constexpr size_t kWindashSpellings = 625;  // four dashes

bool has_case(TestOp op) {
  return op == TestOp::Equals || op == TestOp::Contains || op == TestOp::StartsWith || op == TestOp::EndsWith ||
         op == TestOp::Glob;
}

// Collects patterns by operator, in order of first use.
struct TestSet {
  std::vector<Test> tests;

  void add(TestOp op, Pattern pattern) {
    for (Test& t : tests) {
      if (t.op == op) return t.patterns.push_back(std::move(pattern));
    }
    Test t;
    t.op = op;
    t.patterns.push_back(std::move(pattern));
    tests.push_back(std::move(t));
  }
};

class ValueLowering {
 public:
  ValueLowering(const FieldRef& field, const Modifiers& modifiers, bool in_element, RuleContext& context)
      : field_(field), modifiers_(modifiers), in_element_(in_element), context_(context) {}

  Expr lower(const YamlNode& value);

 private:
  void add(const YamlNode& value);
  void add_text(const std::string& text, const YamlNode& value);
  void add_encoded(std::vector<SigmaString> strings, const YamlNode& value);
  void add_number(const YamlNode& value);
  void add_regex(const std::string& text, const YamlNode& value);
  void add_network(const std::string& text, const YamlNode& value);
  void add_exists(const YamlNode& value);
  void add_field(const YamlNode& value);
  std::span<const std::string_view> domain() const;
  bool possible(const SigmaString& s, const YamlNode& value);
  bool outside(const YamlNode& value);
  void add_pattern(TestOp op, Pattern pattern) {
    ++patterns_;
    set_.add(op, std::move(pattern));
  }
  std::vector<Expr> tests_of(TestSet& set, bool all, const SourceSpan& span);
  Expr combined(const SourceSpan& span);
  void bad(std::string code, std::string message, const YamlNode& value, std::string hint = {}) {
    context_.diagnostics().error(std::move(code), std::move(message), value.span, std::move(hint));
  }

  const FieldRef& field_;
  const Modifiers& modifiers_;
  bool in_element_;
  RuleContext& context_;
  TestSet set_;
  std::vector<TestSet> spellings_;  // with |all: values of several spellings, any of which will do
  size_t patterns_ = 0;
  bool dropped_ = false;              // a value was left out because it can never occur
  std::vector<std::string> reasons_;  // why
};

// The place of the operator in a SigmaString: "*x*" is contains x, and so on.
struct Shape {
  TestOp op;
  std::string text;
};

Shape shape_of(const SigmaString& s) {
  const size_t first = s.mask.find_first_not_of('*');
  if (first == std::string::npos && !s.mask.empty()) return {TestOp::Glob, "*"};
  if (!s.has_wildcards()) return {TestOp::Equals, s.text};
  const size_t last = s.mask.find_last_not_of('*');
  const bool open_front = first > 0;
  const bool open_back = last + 1 < s.mask.size();
  if (s.mask.substr(first, last - first + 1).find_first_not_of('.') != std::string::npos ||
      !(open_front || open_back)) {
    return {TestOp::Glob, glob_text(s)};
  }
  const std::string middle = s.text.substr(first, last - first + 1);
  if (open_front && open_back) return {TestOp::Contains, middle};
  return {open_back ? TestOp::StartsWith : TestOp::EndsWith, middle};
}

void open_ends(SigmaString& s, TestOp op) {
  if (op == TestOp::Contains || op == TestOp::EndsWith) {
    s.text.insert(0, 1, '*');
    s.mask.insert(0, 1, '*');
  }
  if (op == TestOp::Contains || op == TestOp::StartsWith) {
    s.text += '*';
    s.mask += '*';
  }
}

// nullopt: not UTF-8.
std::optional<std::vector<std::string>> encoded(const std::string& text, const std::string& encoding) {
  if (encoding == "base64") return std::vector{base64_of(text)};
  if (encoding == "base64offset") return base64_offsets_of(text);
  const Utf16 form = encoding == "utf16be" ? Utf16::Big : encoding == "utf16" ? Utf16::LittleWithMark : Utf16::Little;
  std::optional<std::string> wide = utf16_of(text, form);
  if (!wide) return std::nullopt;
  return std::vector{std::move(*wide)};
}

bool is_network(const std::string& text) {
  const size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  std::array<unsigned char, 16> bytes{};
  const bool v6 = address.find(':') != std::string::npos;
  if (inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), bytes.data()) != 1) return false;
  if (slash == std::string::npos) return true;
  int prefix = -1;
  const char* begin = text.data() + slash + 1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, prefix);
  return error == std::errc() && stop == end && prefix >= 0 && prefix <= (v6 ? 128 : 32);
}

Expr ValueLowering::lower(const YamlNode& value) {
  if (!value.is_sequence()) {
    add(value);
    return combined(value.span);
  }
  if (value.items.empty()) bad("empty-list", "this list has no values", value, "remove the key, or name a value");
  if (modifiers_.op == TestOp::Exists && value.items.size() > 1) {
    bad("bad-value", "exists takes one value", value, "write true or false");
  }
  for (const YamlNode& item : value.items) {
    add(item);
    if (patterns_ <= limits::kPatternsPerTest) continue;
    bad("too-many-values", "more than " + std::to_string(limits::kPatternsPerTest) + " values", value);
    break;
  }
  return combined(value.span);
}

std::vector<Expr> ValueLowering::tests_of(TestSet& set, bool all, const SourceSpan& span) {
  std::vector<Expr> parts;
  for (Test& t : set.tests) {
    t.field = field_;
    t.cased = modifiers_.cased && (has_case(t.op) || t.op == TestOp::EqualsField);
    t.every_pattern = all && t.patterns.size() > 1;
    if (t.op == TestOp::Regex) t.regex_flags = modifiers_.regex_flags;
    if (t.op == TestOp::Null) t.patterns.clear();
    parts.push_back(Expr::of(std::move(t), span));
  }
  return parts;
}

Expr ValueLowering::combined(const SourceSpan& span) {
  // All of several values, one of which can never occur, is false; any of them is up to the others.
  if ((set_.tests.empty() && spellings_.empty()) || (dropped_ && modifiers_.all)) {
    Expr never = Expr::constant_of(Truth::False);
    never.span = span;
    for (std::string& reason : reasons_) context_.draft.impossible.push_back(std::move(reason));
    return never;
  }
  std::vector<Expr> parts = tests_of(set_, modifiers_.all, span);
  for (TestSet& spellings : spellings_) parts.push_back(Expr::any(tests_of(spellings, false, span)));
  Expr whole = modifiers_.all ? Expr::all(std::move(parts)) : Expr::any(std::move(parts));
  whole.span = span;
  return whole;
}

void ValueLowering::add(const YamlNode& value) {
  if (value.is_null()) {
    if (modifiers_.op != TestOp::Equals)
      return bad("bad-value", "null stands for absence and takes no operator", value);
    return add_pattern(TestOp::Null, {});
  }
  if (!value.is_scalar()) {
    return bad("bad-value", "expected a value, found a nested list or mapping", value,
               "the values of one key are one list of plain values");
  }
  switch (modifiers_.op) {
    case TestOp::Exists:
      return add_exists(value);
    case TestOp::EqualsField:
      return add_field(value);
    case TestOp::Less:
    case TestOp::LessOrEqual:
    case TestOp::Greater:
    case TestOp::GreaterOrEqual:
      return add_number(value);
    default:
      break;
  }
  if (!modifiers_.expand) return add_text(value.text, value);
  for (const std::string& text : expanded(value, context_)) add_text(text, value);
}

void ValueLowering::add_text(const std::string& text, const YamlNode& value) {
  if (modifiers_.op == TestOp::Regex) return add_regex(text, value);
  if (modifiers_.op == TestOp::Cidr) return add_network(text, value);
  const bool plain = modifiers_.op == TestOp::Equals && modifiers_.encodings.empty() && !modifiers_.expand;
  if (const std::optional<double> number = value.number(); number && plain) {
    if (possible(SigmaString::literal(text), value)) add_pattern(TestOp::Equals, {text, number, std::nullopt});
    return;
  }
  const SigmaString s = value.boolean() ? SigmaString::literal(folded(text)) : parse_sigma_string(text);
  if (!modifiers_.windash) return add_encoded({s}, value);
  std::optional<std::vector<SigmaString>> spellings = windash_of(s, kWindashSpellings);
  if (!spellings) return bad("too-many-values", "too many dashes for windash", value, "at most four in one value");
  add_encoded(std::move(*spellings), value);
}

void ValueLowering::add_encoded(std::vector<SigmaString> strings, const YamlNode& value) {
  for (const std::string& encoding : modifiers_.encodings) {
    std::vector<SigmaString> next;
    for (const SigmaString& s : strings) {
      if (s.has_wildcards()) return bad("bad-value", "wildcards cannot be encoded", value, "escape them: \\* and \\?");
      std::optional<std::vector<std::string>> texts = encoded(s.text, encoding);
      if (!texts) return bad("bad-value", "this value is not UTF-8", value);
      for (const std::string& t : *texts) next.push_back(SigmaString::literal(t));
    }
    strings = std::move(next);
  }
  // All values are asked for, but of one value's spellings (windash, base64offset) any will do.
  const bool alternatives = modifiers_.all && strings.size() > 1;
  TestSet& set = alternatives ? spellings_.emplace_back() : set_;
  const bool dropped_before = dropped_;
  for (SigmaString& s : strings) {
    open_ends(s, modifiers_.op);
    if (!possible(s, value)) continue;
    Shape shape = shape_of(s);
    ++patterns_;
    set.add(shape.op, {modifiers_.cased ? std::move(shape.text) : folded(shape.text), std::nullopt, std::nullopt});
  }
  if (!alternatives) return;
  if (set.tests.empty()) {
    spellings_.pop_back();
  } else {
    dropped_ = dropped_before;
  }
}

void ValueLowering::add_number(const YamlNode& value) {
  YamlNode plain = value;
  plain.quoted = false;
  const std::optional<double> number = plain.number();
  if (!number) {
    return bad("bad-value",
               "\"" + printable(value.text) + "\" is no number, and " + std::string(to_text(modifiers_.op)) +
                   " compares numbers",
               value);
  }
  add_pattern(modifiers_.op, {value.text, number, std::nullopt});
}

void ValueLowering::add_regex(const std::string& text, const YamlNode& value) {
  Result<Regex> regex = Regex::compile(text, modifiers_.regex_flags);
  if (!regex) return bad("bad-regex", regex.error().message, value, "RE2 has no look-around and no back references");
  const auto domain_values = domain();
  const auto matches = [&](std::string_view d) { return regex->matches(d); };
  if (!domain_values.empty() && std::none_of(domain_values.begin(), domain_values.end(), matches)) {
    outside(value);
    return;
  }
  add_pattern(TestOp::Regex, {text, std::nullopt, std::nullopt, std::move(*regex)});
}

void ValueLowering::add_network(const std::string& text, const YamlNode& value) {
  if (!is_network(text)) {
    return bad("bad-network", "\"" + printable(text) + "\" is no network", value, "write 10.0.0.0/8 or 2001:db8::/32");
  }
  add_pattern(TestOp::Cidr, {folded(text), std::nullopt, std::nullopt});
}

void ValueLowering::add_exists(const YamlNode& value) {
  YamlNode plain = value;
  plain.quoted = false;
  const std::optional<bool> wanted = plain.boolean();
  if (!wanted) return bad("bad-value", "exists takes true or false, found \"" + printable(value.text) + "\"", value);
  add_pattern(TestOp::Exists, {*wanted ? "true" : "false", std::nullopt, std::nullopt});
}

void ValueLowering::add_field(const YamlNode& value) {
  std::optional<FieldRef> field = resolve_field(value.text, in_element_, value.span, context_);
  if (!field) {
    dropped_ = true;
    return;
  }
  add_pattern(TestOp::EqualsField, {"", std::nullopt, std::move(field)});
}

// The values that the field can have; empty: any.
std::span<const std::string_view> ValueLowering::domain() const {
  static constexpr std::array<std::string_view, 2> kBooleans = {"true", "false"};
  if (in_element_ || !field_.path.empty() || field_.id == FieldId::Keywords) return {};
  const FieldInfo& info = field_info(field_.id);
  if (info.domain.empty() && info.type == ValueType::Bool) return kBooleans;
  return info.domain;
}

// Can the field ever hold such a value? A value outside its domain makes the test constant false.
bool ValueLowering::possible(const SigmaString& s, const YamlNode& value) {
  const auto domain_values = domain();
  if (!domain_values.empty()) {
    const bool some =
        std::any_of(domain_values.begin(), domain_values.end(), [&](std::string_view d) { return glob_matches(s, d); });
    return some || outside(value);
  }
  if (in_element_ || !field_.path.empty() || field_.id == FieldId::Keywords) return true;
  const ValueType type = field_info(field_.id).type;
  if (type != ValueType::Int && type != ValueType::Double) return true;
  YamlNode plain = value;
  plain.quoted = false;
  return s.has_wildcards() || plain.number() || outside(value);
}

// Says that the field never has the value, and is false.
bool ValueLowering::outside(const YamlNode& value) {
  const auto domain_values = domain();
  std::string expected = domain_values.empty() ? "a number" : "";
  for (const std::string_view d : domain_values) expected += (expected.empty() ? "" : ", ") + std::string(d);
  dropped_ = true;
  const std::string_view close = nearest(value.text, domain_values);
  const std::string message = std::string(field_info(field_.id).name) + " is never \"" + printable(value.text) + "\"";
  reasons_.push_back(message);
  context_.impossible(
      "impossible-value", message, value.span,
      close.empty() ? "expected " + expected : "did you mean \"" + std::string(close) + "\"? Expected " + expected);
  return false;
}

}  // namespace

Expr lower_test(const FieldRef& field, const Modifiers& modifiers, const YamlNode& value, bool in_element,
                RuleContext& context) {
  return ValueLowering(field, modifiers, in_element, context).lower(value);
}

}  // namespace kubevigil
