#include "engine/rule/rule_document.h"

#include <algorithm>
#include <array>

#include "engine/base/hash.h"
#include "engine/base/text.h"
#include "engine/rule/check_case.h"
#include "engine/rule/check_meta.h"
#include "engine/rule/extension.h"
#include "engine/rule/map_reader.h"
#include "engine/rule/sigma_correlation.h"
#include "engine/rule/sigma_detection.h"

namespace kubevigil {
namespace {

// "" when the rule is for Kubernetes audit events. A product without a service means all of its services.
std::string other_source(const YamlNode& root) {
  const YamlNode* source = root.find("logsource");
  if (source == nullptr || !source->is_map()) return "";
  const YamlNode* product = source->find("product");
  const YamlNode* service = source->find("service");
  if (product == nullptr) {
    const YamlNode* category = source->find("category");
    return category == nullptr ? "no product" : "category " + category->text + " without a product";
  }
  if (product->text != "kubernetes") return "product " + product->text;
  if (service != nullptr && service->text != "audit") return "service " + service->text;
  return "";
}

std::string slug_of(std::string_view title) {
  std::string slug;
  for (const char raw : title) {
    const char c = fold(raw);
    const bool keep = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (keep) {
      slug += c;
    } else if (!slug.empty() && slug.back() != '_') {
      slug += '_';
    }
  }
  while (slug.ends_with('_')) slug.pop_back();
  return slug.empty() ? "rule" : slug;
}

// A stable id for rules without one.
std::string id_of(std::string_view title) {
  const std::string h = sha256_hex(title);
  return h.substr(0, 8) + "-" + h.substr(8, 4) + "-8" + h.substr(13, 3) + "-8" + h.substr(17, 3) + "-" +
         h.substr(20, 12);
}

void read_level(MapReader& map, RuleContext& context) {
  const YamlNode* node = map.get("level");
  if (node == nullptr) return;
  if (const std::optional<Level> level = parse_level(node->text)) {
    context.draft.meta.level = *level;
    return;
  }
  const std::string_view close = nearest(node->text, kLevelNames);
  context.diagnostics().error("bad-value", "\"" + printable(node->text) + "\" is no level", node->span,
                              close.empty() ? "one of informational, low, medium, high, critical"
                                            : "did you mean \"" + std::string(close) + "\"?");
}

void read_version(MapReader& map, RuleContext& context) {
  const YamlNode* node = map.get("sigma-version");
  if (node == nullptr) return;
  const size_t digits = node->text.find_first_not_of("0123456789");
  const std::string major = node->text.substr(0, digits);
  if (major.size() == 1 && (digits == std::string::npos || node->text[digits] == '.') && major[0] >= '1' &&
      major[0] <= '3') {
    context.sigma_version = major[0] - '0';
  } else {
    context.diagnostics().error("bad-value",
                                "\"" + printable(node->text) + "\" is no version of Sigma that is known here",
                                node->span, "write 2, or 3 for array matching");
  }
}

SourceSpan span_of(const YamlNode& root, std::string_view key) {
  const YamlNode* node = root.find(key);
  return node == nullptr ? root.span : node->span;
}

void read_meta(const YamlNode& root, MapReader& map, RuleContext& context) {
  RuleMeta& meta = context.draft.meta;
  meta.title = map.text("title");
  meta.id = map.text("id");
  meta.name = map.text("name");
  meta.description = map.text("description");
  meta.status = map.text("status");
  meta.author = map.text("author");
  meta.date = map.text("date");
  meta.modified = map.text("modified");
  meta.tags = map.texts("tags");
  meta.references = map.texts("references");
  meta.falsepositives = map.texts("falsepositives");
  meta.span = root.span;
  read_level(map, context);
  read_version(map, context);
  context.draft.title_span = span_of(root, "title");
  context.draft.id_span = span_of(root, "id");
  context.draft.name_span = span_of(root, "name");
  for (const std::string_view key : {"logsource", "related", "license", "fields", "taxonomy", "scope"}) map.get(key);
  check_meta(root, context);
  if (meta.name.empty()) {
    meta.name = slug_of(meta.title);
    context.draft.name_derived = true;
  }
  if (meta.id.empty()) meta.id = id_of(meta.title + meta.name);
}

bool is_negation(const Expr& e) {
  if (e.kind == Expr::Kind::All) return std::all_of(e.children.begin(), e.children.end(), is_negation);
  return e.kind == Expr::Kind::Not;
}

// A filter says which events are dropped. The specification's example writes `condition: selection`, pySigma's
// documentation `condition: not selection`; both drop what the selection describes.
void parse_filter(const YamlNode& section, RuleContext& context) {
  constexpr std::array<std::string_view, 1> kOther = {"rules"};
  FilterDraft& filter = context.draft.filter;
  if (const YamlNode* rules = section.find("rules"); rules == nullptr || rules->is_null() || rules->text == "any") {
    filter.any_rule = true;
  } else {
    MapReader map(section, "the filter", context.diagnostics());
    filter.rules = map.names("rules");
  }
  Expr condition = lower_detection(section, kOther, context);
  filter.excluded = is_negation(condition) ? Expr::negation(std::move(condition)) : std::move(condition);
  check_case(filter.excluded, true, context);
}

void parse_body(const YamlNode& root, MapReader& map, RuleContext& context) {
  RuleDraft& draft = context.draft;
  const YamlNode* detection = map.get("detection");
  const YamlNode* correlation = map.get("correlation");
  const YamlNode* filter = map.get("filter");
  const int sections = (detection != nullptr) + (correlation != nullptr) + (filter != nullptr);
  if (sections != 1) {
    context.diagnostics().error(
        "bad-document", "expected one of `detection`, `correlation` and `filter`, found " + std::to_string(sections),
        root.span);
  } else if (detection != nullptr) {
    draft.condition = lower_detection(*detection, {}, context);
    draft.names_stage = mentions_field(draft.condition, FieldId::Stage);
    // Others' detections were written for Sigma's folding; ours are held to it.
    if (draft.meta.builtin) check_case(draft.condition, false, context);
  } else if (correlation != nullptr) {
    draft.kind = DocumentKind::Correlation;
    parse_correlation(*correlation, context);
  } else {
    draft.kind = DocumentKind::Filter;
    parse_filter(*filter, context);
  }
}

bool is_rule(const YamlNode& root) {
  constexpr std::array<std::string_view, 6> kKeys = {"title", "logsource", "detection", "correlation", "filter", "id"};
  return root.is_map() &&
         std::any_of(kKeys.begin(), kKeys.end(), [&](std::string_view key) { return root.find(key) != nullptr; });
}

std::string advice_on(const YamlNode& root) {
  for (const YamlNode& item : root.items) {
    if (item.find("rule") != nullptr || item.find("macro") != nullptr) return "rules of Falco are not read here";
  }
  if (root.find("apiVersion") != nullptr) return "this is a Kubernetes object: keep it out of the folder of rules";
  return "keep other files out of the folder of rules";
}

}  // namespace

ParsedDocument parse_rule_document(const YamlDocument& document, const RuleSource& source, const LoadOptions& options) {
  ParsedDocument out;
  const YamlNode& root = document.root;
  for (auto [key, target] : {std::pair{"title", &out.title}, {"id", &out.id}, {"name", &out.name}}) {
    if (const YamlNode* node = root.find(key)) *target = node->text;
  }
  out.other_source = other_source(root);
  if (!out.other_source.empty()) return out;
  out.draft.emplace();
  RuleContext context{options, *out.draft, source.builtin || options.strict};
  out.draft->meta.builtin = source.builtin;
  if (!is_rule(root)) {
    out.draft->meta.span = root.span;
    out.draft->kind = DocumentKind::Filter;  // nothing can refer to it
    out.draft->out = true;
    context.diagnostics().error("bad-document", "this is no Sigma rule: it has no detection, correlation or filter",
                                root.span, advice_on(root));
    return out;
  }
  MapReader map(root, "a rule", context.diagnostics());
  read_meta(root, map, context);
  parse_body(root, map, context);
  if (const YamlNode* extension = map.get("kubevigil")) parse_extension(*extension, context);
  map.finish(Severity::Warning);
  out.name = out.draft->meta.name;
  out.id = out.draft->meta.id;
  return out;
}

}  // namespace kubevigil
