#include "outputs/http_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "engine/base/text.h"
#include "engine/event/json_tree.h"

namespace kubevigil {
namespace {

using Kind = Delivery::Kind;

constexpr size_t kShownBytes = 300;

Kind kind_of(int status) {
  if (status >= 200 && status < 300) return Kind::Delivered;
  if (status < 400 || status >= 500) return Kind::Retry;
  const bool about_the_body = status == 400 || status == 409 || status == 413 || status == 422;
  return about_the_body ? Kind::Refused : Kind::Retry;
}

std::string shown(std::string_view text) { return printable(cut_to_bytes(trim(text), kShownBytes)); }

Duration retry_after(const HttpHeaders& headers) {
  const std::string_view text = trim(only_header(headers, "Retry-After").value_or(""));
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0) return {};
  return std::min(kLongestWait, Duration::seconds(std::min<int64_t>(seconds, 86'400)));
}

std::optional<int> integer_at(const JsonTree& tree, uint32_t node) {
  if (node == JsonNode::kNone || !tree[node].value.is_number()) return std::nullopt;
  const std::string_view text = tree[node].value.text;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string text_at(const JsonTree& tree, uint32_t node) {
  return node == JsonNode::kNone ? std::string() : std::string(tree[node].value.text);
}

// The verdict on one document; nothing when the item has no status.
std::optional<Delivery::Item> judge_item(const JsonTree& tree, uint32_t item, size_t index) {
  const uint32_t action = tree.child(item);
  const auto status = integer_at(tree, tree.find(action, "status"));
  if (!status) return std::nullopt;
  Delivery::Item verdict{index, *status == 409 ? Kind::Delivered : kind_of(*status), {}};
  if (verdict.kind == Kind::Delivered) return verdict;
  const uint32_t error = tree.find(action, "error");
  verdict.reason = shown(fmt::format("{} {}: {}", *status, text_at(tree, tree.find(error, "type")),
                                     text_at(tree, tree.find(error, "reason"))));
  return verdict;
}

Delivery judge_bulk(const HttpResponse& answer, size_t records) {
  const Delivery misfit{Kind::Retry, "the answer of _bulk does not fit the request: " + shown(answer.body)};
  JsonTree tree;
  if (answer.truncated || !tree.parse(answer.body)) return misfit;
  Delivery delivery;
  size_t index = 0;
  for (uint32_t item = tree.child(tree.find(tree.root(), "items")); item != JsonNode::kNone; item = tree[item].next) {
    auto verdict = judge_item(tree, item, index++);
    if (!verdict || index > records) return misfit;
    if (verdict->kind != Kind::Delivered) delivery.items.push_back(std::move(*verdict));
  }
  return index == records ? delivery : misfit;
}

}  // namespace

Delivery judge_answer(const HttpResponse& answer, bool judges_records, size_t records) {
  const Kind kind = kind_of(answer.status);
  if (kind == Kind::Delivered) return judges_records ? judge_bulk(answer, records) : Delivery{};
  const std::string body = shown(answer.body);
  return {kind, fmt::format("HTTP {}{}{}", answer.status, body.empty() ? "" : ": ", body),
          kind == Kind::Retry ? retry_after(answer.headers) : Duration{}};
}

}  // namespace kubevigil
