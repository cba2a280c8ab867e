// Slack: https://api.slack.com/reference/block-kit/blocks and /composition-objects (limits), and
// https://api.slack.com/reference/surfaces/formatting (what mrkdwn makes of <...>, & and code spans).
#include <regex>

#include "engine/base/text.h"
#include "tests/support/consumers.h"
#include "tests/support/format_facts.h"

namespace kubevigil::test {
namespace {

using Kind = Json::Kind;

size_t characters(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<uint8_t>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

// Every & starts an entity; a < stands only where our own link begins.
void check_mrkdwn(FormatFacts& facts, std::string text, std::string_view own_link) {
  if (!own_link.empty() && text.starts_with("<" + std::string(own_link)) && text.ends_with(">")) {
    text = text.substr(1, text.size() - 2);
  }
  static const std::regex kEntity("&(?!amp;|lt;|gt;)");
  facts.expect(text.find_first_of("<>") == std::string::npos, "live markup: " + text);
  facts.expect(!std::regex_search(text, kEntity), "a bare &: " + text);
  facts.expect(printable(text).find("\\x1b") == std::string::npos || text.find('\x1b') == std::string::npos, "escape");
  size_t ticks = 0;
  for (const char c : text) ticks += c == '`' ? 1 : 0;
  facts.expect(ticks % 2 == 0, "an open code span: " + text);
}

void check_text(FormatFacts& facts, const Json& object, size_t most, std::string_view own_link) {
  const Json* type = facts.need(object, "type", Kind::String);
  facts.expect(type != nullptr && (type->text == "mrkdwn" || type->text == "plain_text"), "type of a text");
  const Json* text = facts.need(object, "text", Kind::String);
  if (text == nullptr) return;
  facts.expect(!text->text.empty(), "an empty text");
  facts.expect(characters(text->text) <= most, "a text above " + std::to_string(most));
  check_mrkdwn(facts, text->text, own_link);
}

void check_block(FormatFacts& facts, const Json& block, std::string_view own_link) {
  const Json* type = facts.need(block, "type", Kind::String);
  if (type == nullptr) return;
  if (type->text == "section") {
    const Json* text = facts.may(block, "text", Kind::Object);
    const Json* fields = facts.may(block, "fields", Kind::Array);
    facts.expect(text != nullptr || fields != nullptr, "a section without text and fields");
    if (text != nullptr) check_text(facts, *text, 3000, own_link);
    if (fields == nullptr) return;
    facts.expect(!fields->items.empty() && fields->items.size() <= 10, "1 to 10 fields");
    for (const Json& field : fields->items) check_text(facts, field, 2000, own_link);
  } else if (type->text == "context") {
    const Json* elements = facts.need(block, "elements", Kind::Array);
    if (elements == nullptr) return;
    facts.expect(!elements->items.empty() && elements->items.size() <= 10, "1 to 10 elements");
    for (const Json& element : elements->items) check_text(facts, element, 2000, own_link);
  } else {
    facts.problem("unknown block " + type->text);
  }
}

}  // namespace

Problems slack_problems(std::string_view body, std::string_view own_link) {
  FormatFacts facts;
  const Json root = facts.parsed(body);
  if (const Json* text = facts.need(root, "text", Kind::String)) {
    facts.expect(!text->text.empty() && characters(text->text) <= 40000, "the fallback text");
    check_mrkdwn(facts, text->text, own_link);
  }
  const Json* attachments = facts.need(root, "attachments", Kind::Array);
  for (const Json& a : attachments == nullptr ? std::vector<Json>{} : attachments->items) {
    const Json* color = facts.need(a, "color", Kind::String);
    facts.expect(color != nullptr && std::regex_match(color->text, std::regex("#[0-9a-f]{6}")), "color");
    const Json* blocks = facts.need(a, "blocks", Kind::Array);
    if (blocks == nullptr) continue;
    facts.expect(!blocks->items.empty() && blocks->items.size() <= 50, "1 to 50 blocks");
    for (const Json& block : blocks->items) check_block(facts, block, own_link);
  }
  return facts.problems();
}

}  // namespace kubevigil::test
