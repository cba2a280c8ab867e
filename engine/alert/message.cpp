#include "engine/alert/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kubevigil {
namespace {

MessagePart part_of(std::string_view name, const FieldText& field) {
  using Kind = MessagePart::Kind;
  if (name == "count") return {Kind::Count, "", 0};
  if (name == "distinct") return {Kind::Distinct, "", 0};
  if (name == "span") return {Kind::Span, "", 0};
  if (name.starts_with("values:")) {
    size_t limit = 0;
    std::from_chars(name.data() + 7, name.data() + name.size(), limit);
    return {Kind::Values, "", std::max<size_t>(limit, 1)};
  }
  return {Kind::Text, field(name), 0};
}

std::string joined(const std::vector<std::string>& values, size_t limit) {
  std::string out;
  for (size_t i = 0; i < values.size() && i < limit; ++i) out += (i == 0 ? "" : ", ") + values[i];
  if (values.size() > limit) out += fmt::format(" and {} more", values.size() - limit);
  return out;
}

}  // namespace

std::vector<MessagePart> parse_message(std::string_view text, const FieldText& field) {
  std::vector<MessagePart> parts;
  while (!text.empty()) {
    const size_t open = text.find('{');
    const size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) break;
    if (open > 0) parts.push_back({MessagePart::Kind::Text, std::string(text.substr(0, open)), 0});
    parts.push_back(part_of(text.substr(open + 1, close - open - 1), field));
    text.remove_prefix(close + 1);
  }
  if (!text.empty()) parts.push_back({MessagePart::Kind::Text, std::string(text), 0});
  return parts;
}

std::string fill_message(const std::vector<MessagePart>& parts, const MessageNumbers& numbers) {
  std::string out;
  for (const MessagePart& part : parts) {
    switch (part.kind) {
      case MessagePart::Kind::Text:
        out += part.text;
        break;
      case MessagePart::Kind::Count:
        out += std::to_string(numbers.count);
        break;
      case MessagePart::Kind::Distinct:
        out += fmt::format("{}", numbers.measure);
        break;
      case MessagePart::Kind::Span:
        // Whole seconds: nobody reads microseconds in a sentence.
        out += format_duration(Duration::seconds(std::max<int64_t>(0, numbers.span.micros / 1'000'000)));
        break;
      case MessagePart::Kind::Values:
        if (numbers.values != nullptr) out += joined(*numbers.values, part.limit);
        break;
    }
  }
  return out;
}

std::string shell_word(std::string_view text) {
  const auto harmless = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._:/@-").find(c) != std::string_view::npos;
  };
  if (!text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), harmless)) return std::string(text);
  std::string out = text.starts_with('-') ? "'\\" : "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

}  // namespace kubevigil
