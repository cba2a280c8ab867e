// Secret: a text that must not be shown: a token, a password, a key. It prints as "redacted" wherever a text is asked
// for (fmt, streams, logs); reveal() is the only door to it, so that a search for that word finds every use.
#pragma once

#include <fmt/format.h>

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace kubevigil {

class Secret {
 public:
  static constexpr std::string_view kShown = "redacted";

  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << kShown; }

 private:
  std::string text_;
};

}  // namespace kubevigil

template <>
struct fmt::formatter<kubevigil::Secret> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const kubevigil::Secret&, Context& context) const {
    return fmt::formatter<std::string_view>::format(kubevigil::Secret::kShown, context);
  }
};
