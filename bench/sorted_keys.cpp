#include "bench/sorted_keys.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace kubevigil::bench {
namespace {

class Sorter {
 public:
  explicit Sorter(std::string_view json) : json_(json) {}

  std::string value() {
    if (json_[at_] == '{') return object();
    if (json_[at_] == '[') return array();
    return std::string(json_[at_] == '"' ? text() : word());
  }

 private:
  std::string_view text() {
    const size_t begin = at_++;
    for (; json_[at_] != '"'; ++at_) at_ += json_[at_] == '\\';
    return json_.substr(begin, ++at_ - begin);
  }
  std::string_view word() {
    const size_t begin = at_;
    at_ = std::min(json_.find_first_of(",]}", at_), json_.size());
    return json_.substr(begin, at_ - begin);
  }
  std::string array() {
    std::string out = "[";
    for (++at_; json_[at_] != ']';) {
      out += value();
      if (json_[at_] == ',') out += json_[at_++];
    }
    ++at_;
    return out + ']';
  }
  std::string object() {
    std::vector<std::pair<std::string_view, std::string>> members;
    for (++at_; json_[at_] != '}'; at_ += json_[at_] == ',') {
      const std::string_view key = text();
      ++at_;  // the colon
      members.emplace_back(key, value());
    }
    ++at_;
    // Without their quotes, which sort behind the space and the exclamation mark.
    const auto name = [](const auto& member) { return member.first.substr(1, member.first.size() - 2); };
    std::ranges::stable_sort(members, {}, name);
    std::string out = "{";
    for (const auto& [key, text] : members) {
      if (out.size() > 1) out += ',';
      out.append(key).append(":").append(text);
    }
    return out + '}';
  }

  std::string_view json_;
  size_t at_ = 0;
};

}  // namespace

std::string with_sorted_keys(std::string_view json) { return Sorter(json).value(); }

}  // namespace kubevigil::bench
