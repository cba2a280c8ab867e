#include "tests/support/oracle_pattern.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <regex>

namespace kubevigil::oracle {
namespace {

// A pattern as a list of characters: literal code points (as UTF-8), "any one" and "any run".
struct Piece {
  enum class Kind { Literal, One, Run };
  Kind kind = Kind::Literal;
  std::string character;
};
using Pieces = std::vector<Piece>;

std::vector<std::string> characters(const std::string& text) {
  std::vector<std::string> out;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xc0) == 0x80;
    if (continues && !out.empty()) {
      out.back() += c;
    } else {
      out.emplace_back(1, c);
    }
  }
  return out;
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

Pieces literal(const std::string& text) {
  Pieces out;
  for (const std::string& c : characters(text)) out.push_back({Piece::Kind::Literal, c});
  return out;
}

// Sigma: * and ? are wildcards, \* \? \\ are the characters, any other backslash is itself.
Pieces with_wildcards(const std::string& text) {
  Pieces out;
  const auto all = characters(text);
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i] == "\\" && i + 1 < all.size() && (all[i + 1] == "*" || all[i + 1] == "?" || all[i + 1] == "\\")) {
      out.push_back({Piece::Kind::Literal, all[++i]});
    } else if (all[i] == "*") {
      out.push_back({Piece::Kind::Run, ""});
    } else if (all[i] == "?") {
      out.push_back({Piece::Kind::One, ""});
    } else {
      out.push_back({Piece::Kind::Literal, all[i]});
    }
  }
  return out;
}

// Textbook matching by a table: fits[p][t] = pieces from p match characters from t.
bool fits(const Pieces& pieces, const std::vector<std::string>& text, bool cased) {
  std::vector<std::vector<char>> table(pieces.size() + 1, std::vector<char>(text.size() + 1, 0));
  table[pieces.size()][text.size()] = 1;
  for (size_t p = pieces.size(); p-- > 0;) {
    for (size_t t = text.size() + 1; t-- > 0;) {
      const Piece& piece = pieces[p];
      if (piece.kind == Piece::Kind::Run) {
        table[p][t] = table[p + 1][t] || (t < text.size() && table[p][t + 1]);
      } else if (t < text.size()) {
        const bool same = piece.kind == Piece::Kind::One || piece.character == text[t] ||
                          (!cased && lower(piece.character) == lower(text[t]));
        table[p][t] = same && table[p + 1][t + 1];
      }
    }
  }
  return table[0][0] != 0;
}

std::string base64(const std::string& bytes) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bits, out;
  for (const char c : bytes) {
    for (int b = 7; b >= 0; --b) bits += ((static_cast<unsigned char>(c) >> b) & 1) != 0 ? '1' : '0';
  }
  for (size_t i = 0; i < bits.size(); i += 6) {
    std::string six = bits.substr(i, 6);
    six.resize(6, '0');
    out += digits[std::strtoul(six.c_str(), nullptr, 2)];
  }
  while (out.size() % 4 != 0) out += '=';
  return out;
}

// The characters that no neighbour can change: only those whose six bits all come from `bytes`.
std::vector<std::string> base64_offsets(const std::string& bytes) {
  std::vector<std::string> out;
  for (size_t shift = 0; shift < 3; ++shift) {
    const std::string whole = base64(std::string(shift, 'x') + bytes);
    std::string kept;
    for (size_t i = 0; i < whole.size(); ++i) {
      const size_t first_bit = i * 6, last_bit = i * 6 + 5;
      if (first_bit >= shift * 8 && last_bit < (shift + bytes.size()) * 8) kept += whole[i];
    }
    if (!kept.empty()) out.push_back(kept);
  }
  return out;
}

// ASCII is enough: the generator encodes nothing else.
std::string utf16(const std::string& text, bool big, bool mark) {
  std::string out = mark ? "\xff\xfe" : "";
  for (const char c : text) {
    if (big) out += '\0';
    out += c;
    if (!big) out += '\0';
  }
  return out;
}

std::vector<std::string> encode(std::vector<std::string> texts, const Modifiers& modifiers) {
  for (const std::string& modifier : modifiers) {
    std::vector<std::string> next;
    for (const std::string& text : texts) {
      if (modifier == "base64") {
        next.push_back(base64(text));
      } else if (modifier == "base64offset") {
        for (std::string& offset : base64_offsets(text)) next.push_back(std::move(offset));
      } else if (modifier == "wide" || modifier == "utf16le") {
        next.push_back(utf16(text, false, false));
      } else if (modifier == "utf16be") {
        next.push_back(utf16(text, true, false));
      } else if (modifier == "utf16") {
        next.push_back(utf16(text, false, true));
      } else {
        next.push_back(text);
      }
    }
    texts = std::move(next);
  }
  return texts;
}

bool is_encoding(const std::string& modifier) {
  for (const char* name : {"base64", "base64offset", "wide", "utf16", "utf16le", "utf16be"}) {
    if (modifier == name) return true;
  }
  return false;
}

// windash: a dash or slash in front of a word may be any of five characters.
std::vector<std::string> dashes(const std::string& text) {
  static const std::regex option("(^|[^A-Za-z0-9_])(-|/)([A-Za-z0-9_])");
  std::smatch found;
  if (!std::regex_search(text, found, option)) return {text};
  std::vector<std::string> out;
  const size_t at = static_cast<size_t>(found.position(2));
  for (const char* dash : {"-", "/", "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95"}) {
    for (const std::string& rest : dashes(text.substr(at + 1))) out.push_back(text.substr(0, at) + dash + rest);
  }
  return out;
}

std::optional<double> number_in(const Json& value) {
  static const std::regex spelling(R"(-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)");
  if (value.kind == Json::Kind::Number) return value.number;
  if (value.kind != Json::Kind::String || !std::regex_match(value.text, spelling)) return std::nullopt;
  return std::strtod(value.text.c_str(), nullptr);
}

// 128 bits as text; IPv4 as ::ffff:a.b.c.d.
std::optional<std::string> address_bits(const std::string& text) {
  unsigned char bytes[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
  if (inet_pton(AF_INET, text.c_str(), bytes + 12) != 1 && inet_pton(AF_INET6, text.c_str(), bytes) != 1) {
    return std::nullopt;
  }
  std::string bits;
  for (const unsigned char byte : bytes) {
    for (int b = 7; b >= 0; --b) bits += ((byte >> b) & 1) != 0 ? '1' : '0';
  }
  return bits;
}

bool in_network(const std::string& network, const std::string& address) {
  const size_t slash = network.find('/');
  const auto wanted = address_bits(network.substr(0, slash)), found = address_bits(address);
  if (!wanted || !found) return false;
  const bool v4_network = network.find(':') == std::string::npos;
  size_t prefix = 128;
  if (slash != std::string::npos) prefix = std::stoul(network.substr(slash + 1)) + (v4_network ? 96 : 0);
  const bool v4_address = found->substr(0, 96) == address_bits("0.0.0.0")->substr(0, 96);
  if (v4_address && prefix < 96) return false;
  return wanted->substr(0, prefix) == found->substr(0, prefix);
}

std::function<bool(const Json&)> comparison(const std::string& text, const Modifiers& modifiers) {
  const double bound = std::strtod(text.c_str(), nullptr);
  const std::string op = has(modifiers, "lt")    ? "lt"
                         : has(modifiers, "lte") ? "lte"
                         : has(modifiers, "gt")  ? "gt"
                                                 : "gte";
  return [bound, op](const Json& value) {
    const auto number = number_in(value);
    if (!number) return false;
    if (op == "lt") return *number < bound;
    if (op == "lte") return *number <= bound;
    if (op == "gt") return *number > bound;
    return *number >= bound;
  };
}

std::function<bool(const Json&)> regex(std::string text, const Modifiers& modifiers) {
  auto flags = std::regex::ECMAScript;
  if (has(modifiers, "i")) flags |= std::regex::icase;
  if (has(modifiers, "m")) flags |= std::regex::multiline;
  if (has(modifiers, "s")) {  // std::regex has no such flag
    for (size_t at = text.find('.'); at != std::string::npos; at = text.find('.', at + 6))
      text.replace(at, 1, "[\\s\\S]");
  }
  const std::regex compiled(text, flags);
  return [compiled](const Json& value) { return value.is_scalar() && std::regex_search(value.text, compiled); };
}

bool is_comparison(const Modifiers& modifiers) {
  return has(modifiers, "lt") || has(modifiers, "lte") || has(modifiers, "gt") || has(modifiers, "gte");
}

Pieces open_ends(Pieces pieces, const Modifiers& modifiers) {
  const bool contains = has(modifiers, "contains") || has(modifiers, "(keyword)");
  if (contains || has(modifiers, "endswith")) pieces.insert(pieces.begin(), {Piece::Kind::Run, ""});
  if (contains || has(modifiers, "startswith")) pieces.push_back({Piece::Kind::Run, ""});
  return pieces;
}

}  // namespace

std::vector<std::string> expanded(const std::string& text, const Lists& lists) {
  const size_t begin = text.find('%');
  const size_t end = begin == std::string::npos ? begin : text.find('%', begin + 1);
  if (end == std::string::npos) return {text};
  std::vector<std::string> out;
  for (const std::string& value : lists.at(text.substr(begin + 1, end - begin - 1))) {
    for (const std::string& rest : expanded(text.substr(end + 1), lists)) {
      out.push_back(text.substr(0, begin) + value + rest);
    }
  }
  return out;
}

bool has(const Modifiers& modifiers, const std::string& name) {
  return std::find(modifiers.begin(), modifiers.end(), name) != modifiers.end();
}

std::function<bool(const Json&)> pattern_of(const std::string& text, bool plain, const Modifiers& modifiers) {
  if (is_comparison(modifiers)) return comparison(text, modifiers);
  if (has(modifiers, "re")) return regex(text, modifiers);
  if (has(modifiers, "cidr")) {
    return [text](const Json& value) { return value.is_scalar() && in_network(text, value.text); };
  }
  std::vector<Pieces> alternatives;
  const bool encodes = std::any_of(modifiers.begin(), modifiers.end(), is_encoding);
  for (const std::string& spelling : has(modifiers, "windash") ? dashes(text) : std::vector{text}) {
    for (const std::string& encoded : encode({spelling}, modifiers)) {
      alternatives.push_back(open_ends(encodes ? literal(encoded) : with_wildcards(encoded), modifiers));
    }
  }
  const bool cased = has(modifiers, "cased");
  static const std::regex spelled(R"([-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?)");
  const bool number = plain && modifiers.empty() && std::regex_match(text, spelled);
  return [alternatives, cased, number, text](const Json& value) {
    if (!value.is_scalar()) return false;
    if (number && value.kind == Json::Kind::Number && value.number == std::strtod(text.c_str(), nullptr)) return true;
    const auto all = characters(value.text);
    return std::any_of(alternatives.begin(), alternatives.end(),
                       [&](const Pieces& pieces) { return fits(pieces, all, cased); });
  };
}

bool same_value(const Json& a, const Json& b, bool cased) {
  if (!a.is_scalar() || !b.is_scalar()) return false;
  if (a.kind == Json::Kind::Number && b.kind == Json::Kind::Number) return a.number == b.number;
  return cased ? a.text == b.text : lower(a.text) == lower(b.text);
}

}  // namespace kubevigil::oracle
