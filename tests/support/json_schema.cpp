#include "tests/support/json_schema.h"

#include <regex>
#include <set>

#include "engine/event/json_tree.h"

namespace kubevigil::test {
namespace {

constexpr uint32_t kNone = JsonNode::kNone;

class Validator {
 public:
  Validator(const JsonTree& schema, const JsonTree& data) : schema_(schema), data_(data) {}

  void check(uint32_t rule, uint32_t node, const std::string& path) {
    for (uint32_t k = schema_[rule].first_child; k != kNone; k = schema_[k].next) keyword(rule, k, node, path);
  }

  std::vector<std::string> problems;

 private:
  void problem(const std::string& path, const std::string& what) { problems.push_back(path + ": " + what); }
  std::string text(uint32_t node) const { return std::string(data_[node].value.text); }

  bool has_type(uint32_t node, std::string_view name) const {
    const ValueType type = data_[node].value.type;
    if (name == "object") return type == ValueType::Object;
    if (name == "array") return type == ValueType::Array;
    if (name == "string") return type == ValueType::String;
    if (name == "integer") return type == ValueType::Int;
    if (name == "number") return type == ValueType::Int || type == ValueType::Double;
    return name == "boolean" && type == ValueType::Bool;
  }

  bool equal(uint32_t in_schema, uint32_t node) const {
    const Value& a = schema_[in_schema].value;
    return a.type == data_[node].value.type && a.text == data_[node].value.text;
  }

  void properties(uint32_t k, uint32_t node, const std::string& path) {
    for (uint32_t member = data_[node].first_child; member != kNone; member = data_[member].next) {
      const uint32_t rule = schema_.find(k, data_[member].key);
      const std::string inner = path + "/" + std::string(data_[member].key);
      rule == kNone ? problem(inner, "not in the schema") : check(rule, member, inner);
    }
  }

  size_t count(uint32_t node) const {
    size_t n = 0;
    for (uint32_t e = data_[node].first_child; e != kNone; e = data_[e].next) ++n;
    return n;
  }

  bool has_type_of(uint32_t k, uint32_t node) const {
    if (schema_[k].first_child == kNone) return has_type(node, schema_[k].value.text);
    for (uint32_t t = schema_[k].first_child; t != kNone; t = schema_[t].next) {
      if (has_type(node, schema_[t].value.text)) return true;
    }
    return false;
  }

  // How many of the schemas listed under `k` the node fits.
  size_t fitting(uint32_t k, uint32_t node) const {
    size_t n = 0;
    for (uint32_t s = schema_[k].first_child; s != kNone; s = schema_[s].next) {
      Validator one(schema_, data_);
      one.check(s, node, "");
      n += one.problems.empty() ? 1 : 0;
    }
    return n;
  }

  // Members and elements.
  bool structure_keyword(uint32_t rule, uint32_t k, uint32_t node, const std::string& path) {
    const std::string_view name = schema_[k].key;
    const bool object = has_type(node, "object"), array = has_type(node, "array");
    const auto number = static_cast<size_t>(schema_[k].value.number);
    if (name == "required") {
      for (uint32_t r = schema_[k].first_child; r != kNone; r = schema_[r].next) {
        if (data_.find(node, schema_[r].value.text) == kNone)
          problem(path, std::string(schema_[r].value.text) + " is missing");
      }
    } else if (name == "properties") {
      if (schema_.find(rule, "additionalProperties") == kNone) problem(path, "schema without additionalProperties");
      properties(k, node, path);
    } else if (name == "additionalProperties") {
      if (schema_.find(rule, "properties") != kNone) return true;  // false beside properties: done there
      for (uint32_t e = data_[node].first_child; e != kNone; e = data_[e].next) check(k, e, path + "/*");
    } else if (name == "items") {
      for (uint32_t e = data_[node].first_child; e != kNone; e = data_[e].next) check(k, e, path + "[]");
    } else if (name == "minItems" || name == "minProperties") {
      if ((name == "minItems" ? array : object) && count(node) < number) problem(path, "has too few");
    } else if (name == "maxProperties") {
      if (object && count(node) > number) problem(path, "has too many");
    } else if (name == "oneOf") {
      if (fitting(k, node) != 1) problem(path, "fits none of the forms, or several");
    } else if (name == "$ref") {
      const std::string_view target = schema_[k].value.text.substr(std::string_view("#/$defs/").size());
      check(schema_.find(schema_.find(schema_.root(), "$defs"), target), node, path);
    } else {
      return false;
    }
    return true;
  }

  void keyword(uint32_t rule, uint32_t k, uint32_t node, const std::string& path) {
    const std::string_view name = schema_[k].key;
    const Value& value = schema_[k].value;
    static const std::set<std::string_view> kNotes = {"$schema", "$id", "$defs", "title", "description", "default"};
    if (kNotes.contains(name) || structure_keyword(rule, k, node, path)) return;
    const bool string = has_type(node, "string");
    if (name == "type") {
      if (!has_type_of(k, node)) problem(path, "is of another type");
    } else if (name == "const") {
      if (!equal(k, node)) problem(path, "is not the constant");
    } else if (name == "enum") {
      bool found = false;
      for (uint32_t e = schema_[k].first_child; e != kNone; e = schema_[e].next) found = found || equal(e, node);
      if (!found) problem(path, "\"" + text(node) + "\" is none of the allowed values");
    } else if (name == "pattern") {
      if (string && !std::regex_search(text(node), std::regex(std::string(value.text))))
        problem(path, "does not match the pattern");
    } else if (name == "minimum" || name == "maximum") {
      const bool out =
          name == "minimum" ? data_[node].value.number < value.number : data_[node].value.number > value.number;
      if (has_type(node, "number") && out) problem(path, "is out of range");
    } else if (name == "minLength") {
      if (string && text(node).size() < static_cast<size_t>(value.number)) problem(path, "is too short");
    } else {
      problem(path, "the schema uses the unknown keyword " + std::string(name));
    }
  }

  const JsonTree& schema_;
  const JsonTree& data_;
};

}  // namespace

std::vector<std::string> schema_problems(std::string_view schema, std::string_view json) {
  JsonTree rules, data;
  if (const auto parsed = rules.parse(schema); !parsed) return {"schema: " + std::string(parsed.error().message)};
  if (const auto parsed = data.parse(json); !parsed) return {"not JSON: " + std::string(parsed.error().message)};
  Validator validator(rules, data);
  validator.check(rules.root(), data.root(), "");
  return validator.problems;
}

}  // namespace kubevigil::test
