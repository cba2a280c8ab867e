// Message templates of rules (design/rules.md 6). Grammar:
//   template = { text | "{" name "}" }
//   name     = "count" | "distinct" | "span" | "values:" N | group-by name or alias | field
// Field names are filled once, from the opening event; the numbers again for each revision of the alert.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/timestamp.h"

namespace kubevigil {

struct MessagePart {
  enum class Kind : uint8_t { Text, Count, Distinct, Span, Values };
  Kind kind = Kind::Text;
  std::string text;
  size_t limit = 0;  // Values
};

struct MessageNumbers {
  uint64_t count = 0;
  double measure = 0;
  Duration span{};
  const std::vector<std::string>* values = nullptr;
};

// What a name that is not one of the numbers stands for.
using FieldText = std::function<std::string(std::string_view name)>;

std::vector<MessagePart> parse_message(std::string_view text, const FieldText& field);
std::string fill_message(const std::vector<MessagePart>& parts, const MessageNumbers& numbers);

// The text as one word of a POSIX shell command: quoted unless it holds only harmless characters. A name that would be
// read as an option gets a backslash that stays in it (`kubectl delete pod '\--all'`): no object is called so.
std::string shell_word(std::string_view text);

}  // namespace kubevigil
