// Text written by attackers, on its way to people through a chat.
#pragma once

#include <string>
#include <string_view>

namespace kubevigil {

// For consumers that pass text on to chats of many kinds without escaping it (falcosidekick, Alertmanager's templates).
// One line, hidden characters visible (base/text.h printable), and nothing that a chat takes for its own:
//   < and >                           become the quotation marks U+2039 and U+203A: no <!channel>, no <url|text>
//   @channel @here @everyone @all     get a zero-width space (U+200B) behind the @
//   ](                                gets one in the middle: no Markdown link
// Names of Kubernetes objects hold none of these, so fields that machines act on stay as they are.
std::string chat_safe(std::string_view text);

// For Slack's mrkdwn: & < > become entities, ` an apostrophe (it would end a code span), hidden characters are made
// visible.
std::string slack_escaped(std::string_view text);
// The same in a code span, where nothing else is markup either; "-" when empty. At most `bytes` bytes of the text are
// kept, counted before escaping.
std::string slack_code(std::string_view text, size_t bytes);
// Likewise, but what it gives has at most `bytes` bytes: the text is cut until it fits escaped, at a whole character,
// and then ends in an ellipsis. REQUIRES: bytes >= 16.
std::string slack_code_within(std::string_view text, size_t bytes);

}  // namespace kubevigil
