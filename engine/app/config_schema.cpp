#include "engine/app/config_schema.h"

#include <fmt/format.h>

#include "engine/app/config_value.h"
#include "engine/base/json_writer.h"
#include "engine/base/text.h"
#include "engine/event/formats.h"

namespace kubevigil {
namespace {

constexpr std::string_view kPlace =
    R"({"type":"object","properties":{"file":{"type":"string","minLength":1},"env":{"type":"string",)"
    R"("pattern":"^[A-Za-z0-9_]+$"}},"additionalProperties":false,"minProperties":1,"maxProperties":1})";

std::string one_of(std::string_view text_schema) { return fmt::format(R"({{"oneOf":[{},{}]}})", text_schema, kPlace); }

std::string format_schema() {
  std::string plain = R"("any")", keyed;
  for (const FormatInfo& row : format_table()) {
    if (row.keyed) {
      keyed.append(keyed.empty() ? "" : "|").append(row.name);
    } else {
      plain += fmt::format(R"(,"{}")", row.name);
    }
  }
  return fmt::format(
      R"({{"oneOf":[{{"enum":[{}]}},{{"type":"string","pattern":"^({}) [^ ,;=]+( [^ ,;=]+=[^ ,;]*)*$"}}]}})", plain,
      keyed);
}

// The type of one value of the kind; for lists, of one item.
std::string type_of(ConfigKind kind) {
  const auto text = [](std::string_view pattern) {
    return fmt::format(R"({{"type":"string","pattern":"{}"}})", json_escaped(pattern));
  };
  switch (kind) {
    case ConfigKind::Flag:
      return R"({"enum":[true,false,"on","off"]})";
    case ConfigKind::Count:
      return R"({"type":"integer"})";
    case ConfigKind::Size:
      return R"({"type":["integer","string"],"minimum":0,"pattern":"^[0-9]+([KkMmGgTt]?[Bb]|[KkMmGgTt][Ii][Bb])?$"})";
    case ConfigKind::Span:
      return text("^(0|[0-9]+(us|ms|s|m|h|d|w))$");
    case ConfigKind::Name:
      return text("^[A-Za-z0-9_-][A-Za-z0-9._-]{0,62}$");
    case ConfigKind::Cluster:
    case ConfigKind::Clusters:
      return text("^[A-Za-z0-9._-]{1,253}$");
    case ConfigKind::Endpoint:
      return text(R"(^(\[[0-9A-Fa-f:.]+\]|[^\[\]/@:\s]+):[0-9]{1,5}$)");
    case ConfigKind::Listen:
      return text(R"(^(\[[0-9A-Fa-f:.]+\]|[0-9.]+):[0-9]{1,5}$)");
    case ConfigKind::Url:
      return one_of(text("^https?://"));
    case ConfigKind::Secret:
      return std::string(kPlace);
    case ConfigKind::Formats:
      return format_schema();
    case ConfigKind::Headers:
      return fmt::format(R"({{"type":"object","additionalProperties":{}}})", one_of(R"({"type":"string"})"));
    case ConfigKind::Properties:
      return R"({"type":"object","additionalProperties":{"type":["string","number","boolean"]}})";
    case ConfigKind::Secrets:
      return fmt::format(R"({{"type":"object","additionalProperties":{}}})", kPlace);
    default:
      return R"({"type":"string","minLength":1})";
  }
}

std::string words_schema(const ConfigKey& key) {
  JsonWriter json;
  json.begin_object().key("enum").begin_array();
  for (const std::string_view word : words_of(key)) json.value(word);
  return json.end_array().end_object().take();
}

std::string description(const ConfigKey& key) {
  std::string out(key.doc);
  const auto [low, high] = limits_of(key);
  if (!low.empty() && high.empty()) out += fmt::format("; at least {}", low);
  if (!low.empty() && !high.empty()) out += fmt::format("; {} to {}", low, high);
  return out;
}

void write_default(const ConfigKey& key, JsonWriter& json) {
  if (key.fallback.empty()) return;
  json.key("default");
  if (is_list(key.kind)) {
    json.begin_array();
    for (const std::string_view part : split(key.fallback, ',')) json.value(part);
    json.end_array();
  } else if (key.kind == ConfigKind::Count || key.fallback == "true" || key.fallback == "false") {
    json.raw(key.fallback);
  } else {
    json.value(key.fallback);
  }
}

void write_section(const ConfigSection& section, JsonWriter& json);

// The members of the schema of one key, inside its object.
void write_key(const ConfigKey& key, JsonWriter& json) {
  json.member("description", description(key));
  write_default(key, json);
  if (key.kind == ConfigKind::Section) return write_section(*key.section, json);
  if (key.kind == ConfigKind::Sections) {
    json.member("type", "array").key("items").begin_object();
    write_section(*key.section, json);
    json.end_object();
    if (key.required) json.member("minItems", 1);
    return;
  }
  const std::string type = words_of(key).empty() ? type_of(key.kind) : words_schema(key);
  if (is_list(key.kind)) {
    json.member("type", "array").key("items").raw(type);
    if (key.required) json.member("minItems", 1);
    return;
  }
  // The type's own members, beside description and default.
  json.raw(std::string_view(type).substr(1, type.size() - 2));
  const auto [low, high] = limits_of(key);
  if (key.kind == ConfigKind::Count && !low.empty()) json.key("minimum").raw(low);
  if (key.kind == ConfigKind::Count && !high.empty()) json.key("maximum").raw(high);
}

void write_section(const ConfigSection& section, JsonWriter& json) {
  json.member("type", "object").key("properties").begin_object();
  std::vector<std::string> required;
  for (const ConfigKey& key : section.keys) {
    json.key(key.name).begin_object();
    write_key(key, json);
    json.end_object();
    if (key.required) required.emplace_back(key.name);
  }
  json.end_object().member("additionalProperties", false).optional("required", required);
}

std::string indented(std::string_view json) {
  std::string out;
  size_t depth = 0;
  bool quoted = false;
  const auto new_line = [&] { out += '\n' + std::string(2 * depth, ' '); };
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted) {
      out += c;
      if (c == '\\') out += json[++i];
      if (c == '"') quoted = false;
    } else if (c == '{' || c == '[') {
      ++depth;
      out += c;
      new_line();
    } else if (c == '}' || c == ']') {
      --depth;
      new_line();
      out += c;
    } else {
      quoted = c == '"';
      out += c;
      if (c == ':') out += ' ';
      if (c == ',') new_line();
    }
  }
  return out + '\n';
}

}  // namespace

std::string config_schema() {
  JsonWriter json;
  json.begin_object().member("$schema", "https://json-schema.org/draft/2020-12/schema");
  json.member("title", "kubevigil serve");
  json.member("description",
              "The configuration file of `kubevigil serve` (YAML). `kubevigil config check` knows more.");
  write_section(config_keys(), json);
  return indented(json.end_object().text());
}

}  // namespace kubevigil
