#include "engine/rule/sigma_lists.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

const YamlNode* list_in(const std::vector<YamlDocument>& documents) {
  const YamlNode* list = documents.empty() ? nullptr : &documents.front().root;
  if (list != nullptr && list->is_map()) list = list->find("values");
  return list != nullptr && list->is_sequence() ? list : nullptr;
}

}  // namespace

std::string list_name(std::string name, const std::map<std::string, std::string>& lists) {
  for (const std::string_view extension : {".yaml", ".yml"}) {
    if (name.ends_with(extension)) name.resize(name.size() - extension.size());
  }
  for (const std::string& candidate : {name, "lists/" + name}) {
    if (lists.contains(candidate)) return candidate;
  }
  return "";
}

std::vector<std::string> list_row(const YamlNode& item) {
  std::vector<std::string> row;
  if (item.is_scalar()) row.push_back(item.text);
  for (const YamlNode& cell : item.items) {
    if (!cell.is_scalar()) return {};
    row.push_back(cell.text);
  }
  return row;
}

std::optional<std::vector<std::vector<std::string>>> rows_of(const std::string& text, const std::string& name) {
  Diagnostics ignored;
  const std::vector<YamlDocument> documents = parse_yaml(text, name, ignored);
  const YamlNode* list = list_in(documents);
  if (list == nullptr || ignored.has_errors()) return std::nullopt;
  std::vector<std::vector<std::string>> rows;
  for (const YamlNode& item : list->items) {
    rows.push_back(list_row(item));
    if (rows.back().empty()) return std::nullopt;
  }
  return rows;
}

std::vector<std::vector<std::string>> list_rows(const std::string& name, const SourceSpan& span, RuleContext& context) {
  const std::string found = list_name(name, context.options.lists);
  if (found.empty()) {
    std::vector<std::string_view> names;
    for (const auto& [known, unused] : context.options.lists) names.push_back(known);
    const std::string_view close = nearest(name, names);
    context.diagnostics().error("unknown-list", "no list is named \"" + printable(name) + "\"", span,
                                close.empty() ? "lists are files lists/<name>.yaml beside the rules"
                                              : "did you mean \"" + std::string(close) + "\"?");
    return {};
  }
  context.draft.lists.insert(found);
  std::vector<std::vector<std::string>> rows;
  const std::vector<YamlDocument> documents = parse_yaml(context.options.lists.at(found), found, context.diagnostics());
  const YamlNode* list = list_in(documents);
  if (list == nullptr) {
    context.diagnostics().error("bad-list", "the list \"" + found + "\" is not a YAML list", span,
                                "write one value a line: `- value`, or a mapping with `values:`");
    return {};
  }
  for (const YamlNode& item : list->items) {
    rows.push_back(list_row(item));
    if (!rows.back().empty()) continue;
    rows.pop_back();
    context.diagnostics().error("bad-list", "entries of lists are plain values, or tuples of these", item.span);
  }
  return rows;
}

std::vector<std::string> expanded(const YamlNode& value, RuleContext& context) {
  std::vector<std::string> texts = {""};
  const std::string& text = value.text;
  bool replaced = false;
  for (size_t at = 0; at < text.size();) {
    const size_t open = text.find('%', at);
    const size_t close = open == std::string::npos ? open : text.find('%', open + 1);
    const std::string plain = text.substr(at, close == std::string::npos ? close : open - at);
    for (std::string& t : texts) t += plain;
    if (close == std::string::npos) break;
    replaced = true;
    std::vector<std::string> next;
    for (const std::vector<std::string>& row :
         list_rows(text.substr(open + 1, close - open - 1), value.span, context)) {
      for (const std::string& t : texts) next.push_back(t + row.front());
      if (next.size() > limits::kPatternsPerTest) break;
    }
    texts = std::move(next);
    at = close + 1;
  }
  if (!replaced) {
    context.diagnostics().error("bad-value", "expand needs a placeholder such as %known-readers%", value.span);
  }
  return texts;
}

}  // namespace kubevigil
