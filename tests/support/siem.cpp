// CEF ("ArcSight Common Event Format Implementation Standard", version 0: header, extension, dictionary of extensions)
// and RFC 5424 (section 6: the syslog message format).
#include <algorithm>
#include <iterator>
#include <map>
#include <regex>

#include "engine/base/network.h"
#include "engine/base/text.h"
#include "engine/base/timestamp.h"
#include "tests/support/consumers.h"
#include "tests/support/format_facts.h"

namespace kubevigil::test {
namespace {

// Lengths of the dictionary; 0: a number.
const std::map<std::string, size_t, std::less<>> kDictionary = {
    {"rt", 0},
    {"start", 0},
    {"end", 0},
    {"cnt", 0},
    {"cn1", 0},
    {"cn2", 0},
    {"cn1Label", 1023},
    {"cn2Label", 1023},
    {"msg", 1023},
    {"suser", 1023},
    {"duser", 1023},
    {"src", 15},
    {"c6a2", 39},
    {"c6a2Label", 1023},
    {"request", 1023},
    {"requestClientApplication", 1023},
    {"act", 63},
    {"outcome", 63},
    {"cat", 1023},
    {"externalId", 40},
    {"cs1", 4000},
    {"cs2", 4000},
    {"cs3", 4000},
    {"cs4", 4000},
    {"cs5", 4000},
    {"cs6", 4000},
    {"cs1Label", 1023},
    {"cs2Label", 1023},
    {"cs3Label", 1023},
    {"cs4Label", 1023},
    {"cs5Label", 1023},
    {"cs6Label", 1023},
    {"deviceExternalId", 255},
};

// Takes one header field from the front; a backslash keeps the next character.
std::string header_field(FormatFacts& facts, std::string_view& rest) {
  std::string out;
  while (!rest.empty() && rest.front() != '|') {
    if (rest.front() == '\\') {
      facts.expect(rest.size() > 1 && (rest[1] == '\\' || rest[1] == '|'), "a wrong escape in the header");
      rest.remove_prefix(1);
    }
    if (!rest.empty()) out += rest.front();
    if (!rest.empty()) rest.remove_prefix(1);
  }
  facts.expect(!rest.empty(), "the header has too few fields");
  if (!rest.empty()) rest.remove_prefix(1);
  return out;
}

void check_pair(FormatFacts& facts, const std::string& key, const std::string& value,
                std::map<std::string, std::string>& seen) {
  const auto row = kDictionary.find(key);
  if (row == kDictionary.end()) return facts.problem("not in the dictionary: " + key);
  facts.expect(seen.emplace(key, value).second, "twice: " + key);
  facts.expect(!value.empty(), "empty: " + key);
  if (row->second == 0) facts.expect(std::regex_match(value, std::regex("-?[0-9]+")), key + " is no number: " + value);
  if (row->second != 0) facts.expect(value.size() <= row->second, key + " is too long");
  if (key == "src") facts.expect(parse_address(value).has_value() && value.find(':') == std::string::npos, "src");
  if (key == "c6a2") facts.expect(parse_address(value).has_value(), "c6a2");
}

// As receivers read it: a key is a word in front of an unescaped "="; a value goes on to the next key.
void check_extension(FormatFacts& facts, std::string_view text) {
  std::map<std::string, std::string> seen;
  std::string key, value;
  const auto flush = [&] {
    if (!key.empty()) check_pair(facts, key, value, seen);
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      facts.expect(i + 1 < text.size() && std::string_view("\\=nr").find(text[i + 1]) != std::string_view::npos,
                   "a wrong escape in the extension");
      value += ++i < text.size() ? text[i] : '\\';
    } else if (text[i] == '=') {
      const size_t space = value.rfind(' ');
      const std::string next = space == std::string::npos ? value : value.substr(space + 1);
      value = space == std::string::npos ? "" : value.substr(0, space);
      flush();
      key = next;
      value.clear();
    } else {
      value += text[i];
    }
  }
  flush();
  for (const char* label : {"cs1", "cs2", "cs3", "cs4", "cs5", "cs6", "cn1", "cn2", "c6a2"}) {
    facts.expect(seen.contains(label) == seen.contains(std::string(label) + "Label"),
                 std::string(label) + " and label");
  }
  facts.expect(seen.contains("cs5"), "no alert id");
}

bool is_printable_ascii(std::string_view text, size_t most) {
  return !text.empty() && text.size() <= most &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 32 && c < 127; });
}

// Structured data ends at the first "]" that stands outside of quotes and is not followed by another element.
size_t end_of_data(std::string_view text) {
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && quoted) {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == ']' && !quoted && (i + 1 == text.size() || text[i + 1] != '[')) {
      return i + 1;
    } else if (text[i] == ' ' && text.substr(0, i) == "-") {
      return i;
    }
  }
  return text.size();
}

}  // namespace

Problems cef_problems(std::string_view record) {
  FormatFacts facts;
  facts.expect(record.starts_with("CEF:0|"), "no CEF:0|");
  facts.expect(record.find_first_of("\n\r") == std::string_view::npos, "a line end");
  facts.expect(is_utf8(record), "not UTF-8");
  if (!facts.problems().empty()) return facts.problems();
  record.remove_prefix(6);
  std::vector<std::string> header;
  for (int i = 0; i < 6; ++i) header.push_back(header_field(facts, record));
  facts.expect(header[0] == "kubevigil" && header[1] == "kubevigil", "vendor and product");
  facts.expect(!header[4].empty() && header[4].size() <= 512, "name");
  facts.expect(header[5].size() == 1 || header[5] == "10", "severity is 0 to 10");
  check_extension(facts, record);
  return facts.problems();
}

Problems syslog_problems(std::string_view message) {
  FormatFacts facts;
  // HEADER: PRI VERSION SP TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA [SP MSG]
  std::vector<std::string> header;
  for (std::string_view rest = message; header.size() < 6;) {
    const size_t space = rest.find(' ');
    header.emplace_back(rest.substr(0, space));
    rest = space == std::string_view::npos ? std::string_view{} : rest.substr(space + 1);
    message = rest;
  }
  static const std::regex kPriority("<(0|[1-9][0-9]{0,2})>1");
  std::smatch priority;
  facts.expect(std::regex_match(header[0], priority, kPriority) && std::stoi(priority[1]) <= 191, "PRI " + header[0]);
  facts.expect(header[1] == "-" || parse_rfc3339(header[1]).has_value(), "TIMESTAMP " + header[1]);
  constexpr size_t kMost[] = {255, 48, 128, 32};  // HOSTNAME, APP-NAME, PROCID, MSGID
  for (size_t i = 0; i < std::size(kMost); ++i) {
    facts.expect(is_printable_ascii(header[i + 2], kMost[i]), "header field " + header[i + 2]);
  }
  const std::string data(message.substr(0, end_of_data(message)));
  static const std::regex kData(R"re((\[[!-~]{1,32}( [!#-<>-\\^-~]{1,32}="([^"\\\]]|\\["\\\]])*")*\])+)re");
  facts.expect(data == "-" || std::regex_match(data, kData), "STRUCTURED-DATA " + data);
  facts.expect(message.size() == data.size() || message[data.size()] == ' ', "no space in front of MSG");
  facts.expect(is_utf8(message), "not UTF-8");
  return facts.problems();
}

}  // namespace kubevigil::test
