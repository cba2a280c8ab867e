#include "engine/rule/sigma_modifiers.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

struct OpModifier {
  std::string_view name;
  TestOp op;
};
constexpr std::array kOps = {
    OpModifier{"contains", TestOp::Contains},
    OpModifier{"startswith", TestOp::StartsWith},
    OpModifier{"endswith", TestOp::EndsWith},
    OpModifier{"re", TestOp::Regex},
    OpModifier{"cidr", TestOp::Cidr},
    OpModifier{"exists", TestOp::Exists},
    OpModifier{"gt", TestOp::Greater},
    OpModifier{"gte", TestOp::GreaterOrEqual},
    OpModifier{"lt", TestOp::Less},
    OpModifier{"lte", TestOp::LessOrEqual},
    OpModifier{"fieldref", TestOp::EqualsField},
};
constexpr std::array<std::string_view, 6> kEncodings = {"base64", "base64offset", "wide",
                                                        "utf16",  "utf16le",      "utf16be"};
constexpr std::array<std::string_view, 6> kTime = {"minute", "hour", "day", "week", "month", "year"};
constexpr std::array<std::string_view, 27> kNames = {
    "contains", "startswith", "endswith", "re",           "cidr", "exists", "gt",      "gte",        "lt",
    "lte",      "fieldref",   "base64",   "base64offset", "wide", "utf16",  "utf16le", "utf16be",    "all",
    "cased",    "neq",        "expand",   "windash",      "i",    "m",      "s",       "ignorecase", "multiline"};

bool is_text_op(TestOp op) {
  return op == TestOp::Equals || op == TestOp::Contains || op == TestOp::StartsWith || op == TestOp::EndsWith;
}

std::optional<char> regex_flag(std::string_view name) {
  if (name == "i" || name == "ignorecase") return 'i';
  if (name == "m" || name == "multiline") return 'm';
  if (name == "s" || name == "dotall") return 's';
  return std::nullopt;
}

// What is wrong with the set as a whole, or "".
std::string conflict(const Modifiers& m, bool has_flags) {
  if (has_flags && m.op != TestOp::Regex) return "i, m and s belong behind re";
  if (is_text_op(m.op)) return "";
  const std::string op(to_text(m.op));
  if (!m.encodings.empty() || m.windash) return op + " does not go with base64, utf16 or windash";
  if (m.cased && m.op != TestOp::Regex && m.op != TestOp::EqualsField) return op + " has no case: leave out cased";
  if (m.expand && m.op != TestOp::Cidr && m.op != TestOp::Regex) return op + " does not go with expand";
  if (m.all && m.op == TestOp::Exists) return "exists takes one value: leave out all";
  if (m.neq && m.op == TestOp::Exists) return "exists takes true or false: leave out neq";
  return "";
}

std::nullopt_t unknown(std::string_view name, const SourceSpan& span, RuleContext& context) {
  std::string hint = "the modifiers are those of Sigma 2.1.0";
  if (std::find(kTime.begin(), kTime.end(), name) != kTime.end()) {
    hint = "parts of dates are not supported; compare whole times with `startswith`";
  } else if (const std::string_view close = nearest(name, kNames); !close.empty()) {
    hint = "did you mean \"" + std::string(close) + "\"?";
  }
  context.diagnostics().error("unknown-modifier", "no modifier is named \"" + printable(name) + "\"", span, hint);
  return std::nullopt;
}

}  // namespace

std::optional<Modifiers> parse_modifiers(const std::vector<std::string>& names, const SourceSpan& span,
                                         RuleContext& context) {
  Modifiers m;
  bool has_op = false, has_flags = false;
  for (const std::string& name : names) {
    const auto op = std::find_if(kOps.begin(), kOps.end(), [&](const OpModifier& o) { return o.name == name; });
    if (op != kOps.end()) {
      if (has_op) {
        context.diagnostics().error("bad-modifiers",
                                    "\"" + std::string(to_text(m.op)) + "\" and \"" + name + "\" cannot stand together",
                                    span, "write two selections");
        return std::nullopt;
      }
      has_op = true;
      m.op = op->op;
    } else if (const std::optional<char> flag = regex_flag(name)) {
      has_flags = true;
      if (m.regex_flags.find(*flag) == std::string::npos) m.regex_flags += *flag;
    } else if (std::find(kEncodings.begin(), kEncodings.end(), name) != kEncodings.end()) {
      m.encodings.push_back(name);
    } else if (name == "all") {
      m.all = true;
    } else if (name == "cased") {
      m.cased = true;
    } else if (name == "neq") {
      m.neq = true;
    } else if (name == "expand") {
      m.expand = true;
    } else if (name == "windash") {
      m.windash = true;
    } else {
      return unknown(name, span, context);
    }
  }
  std::sort(m.regex_flags.begin(), m.regex_flags.end());
  if (const std::string why = conflict(m, has_flags); !why.empty()) {
    context.diagnostics().error("bad-modifiers", why, span);
    return std::nullopt;
  }
  return m;
}

}  // namespace kubevigil
