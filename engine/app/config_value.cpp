#include "engine/app/config_value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "engine/app/config_kafka.h"
#include "engine/app/config_secret.h"
#include "engine/base/network.h"
#include "engine/base/size.h"
#include "engine/base/text.h"
#include "engine/event/formats.h"
#include "outputs/registry.h"

namespace kubevigil {
namespace {

constexpr size_t kLongestText = 4096, kLongestName = 63;

struct Kind {
  ConfigKind kind;
  std::string_view expectation;
};
constexpr Kind kKinds[] = {
    {ConfigKind::Section, "a mapping"},
    {ConfigKind::Sections, "a list of mappings"},
    {ConfigKind::Text, "a text without control characters"},
    {ConfigKind::Name, "a name of at most 63 letters, digits, '.', '_', '-'"},
    {ConfigKind::Cluster, "a cluster's name of letters, digits, '-', '_', '.'"},
    {ConfigKind::File, "a path"},
    {ConfigKind::OutFile, "a path"},
    {ConfigKind::LogFile, "a path"},
    {ConfigKind::Folder, "a path"},
    {ConfigKind::Flag, "true or false"},
    {ConfigKind::Count, "a whole number"},
    {ConfigKind::Size, "a size such as 256MiB or 10GB"},
    {ConfigKind::Span, "a duration such as 35s or 5m"},
    {ConfigKind::Choice, "one word"},
    {ConfigKind::Encoding, "the name of an encoding"},
    {ConfigKind::Endpoint, "a host and a port such as collector:514"},
    {ConfigKind::Listen, "an address and a port such as 0.0.0.0:9443 or [::]:9443"},
    {ConfigKind::Url, "an http or https address, {file: PATH} or {env: NAME}"},
    {ConfigKind::Secret, "{file: PATH} or {env: NAME}"},
    {ConfigKind::Headers, "a mapping of header names to values"},
    {ConfigKind::Properties, "a mapping of librdkafka's properties to texts"},
    {ConfigKind::Secrets, "a mapping of librdkafka's properties to {file: PATH} or {env: NAME}"},
    {ConfigKind::Names, "a list of names"},
    {ConfigKind::Clusters, "a list of cluster names"},
    {ConfigKind::RulePaths, "a list of paths"},
    {ConfigKind::Networks, "a list of addresses or networks such as 10.0.0.0/8"},
    {ConfigKind::Formats, "a list of formats such as [native] or [event-hubs, fluent-bit log]"},
};

bool is_text(std::string_view text) { return !text.empty() && text.size() <= kLongestText && printable(text) == text; }

bool is_name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !text.empty() && text.size() <= kLongestName && text.front() != '.' && std::ranges::all_of(text, letter);
}

std::string absolute(const std::string& folder, const std::string& path) {
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

std::string joined(const std::vector<std::string_view>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

std::optional<int64_t> amount(ConfigKind kind, std::string_view text) {
  if (kind == ConfigKind::Span) {
    const auto duration = parse_duration(text);
    return duration ? std::optional(duration->micros) : std::nullopt;
  }
  if (kind == ConfigKind::Size) {
    const auto size = parse_size(text);
    return size ? std::optional(static_cast<int64_t>(*size)) : std::nullopt;
  }
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

std::optional<bool> flag(std::string_view text) {
  if (text == "true" || text == "on") return true;
  if (text == "false" || text == "off") return false;
  return std::nullopt;
}

std::string found(const YamlNode& node) {
  if (node.is_scalar()) {
    std::string text = node.text;
    blot_out_urls(text);
    return fmt::format("\"{}\"", cut_to_bytes(text, 100));
  }
  return node.is_null() ? "nothing" : node.is_map() ? "a mapping" : "a list";
}

// Reads one value; each function reports and returns.
class Reading {
 public:
  Reading(const ConfigKey& key, const YamlNode& node, const std::string& path, ValueReader& reader)
      : key_(key), node_(node), path_(path), reader_(reader) {}

  void into(const ConfigMember& member) {
    std::visit([this](const auto& to) { read(to); }, member);
  }

 private:
  void bad(const YamlNode& where, std::string message, std::string hint = {}) {
    reader_.diagnostics.error("bad-value", path_ + ": " + std::move(message), where.span, std::move(hint));
  }
  void unexpected(const YamlNode& where, std::string hint = {}) {
    bad(where, fmt::format("expected {}, found {}", expectation(key_.kind), found(where)), std::move(hint));
  }
  bool scalar() {
    if (node_.is_scalar()) return true;
    unexpected(node_);
    return false;
  }

  // One text of the kind, or of a list of that kind.
  std::optional<std::string> text_of(const YamlNode& node) {
    const std::string& text = node.text;
    switch (key_.kind) {
      case ConfigKind::File:
      case ConfigKind::OutFile:
      case ConfigKind::LogFile:
      case ConfigKind::Folder:
      case ConfigKind::RulePaths:
        if (node.is_scalar() && is_text(text)) return absolute(reader_.folder, text);
        break;
      case ConfigKind::Name:
        if (node.is_scalar() && is_name(text)) return text;
        break;
      case ConfigKind::Cluster:
      case ConfigKind::Clusters:
        if (node.is_scalar() && is_cluster_name(text)) return text;
        break;
      case ConfigKind::Networks:
        if (node.is_scalar() && parse_network(text)) return text;
        break;
      case ConfigKind::Choice:
      case ConfigKind::Encoding:
        return word_of(node);
      case ConfigKind::Formats:
        return format_of(node);
      default:
        if (node.is_scalar() && is_text(text)) return text;
    }
    unexpected(node);
    return std::nullopt;
  }

  std::optional<std::string> word_of(const YamlNode& node) {
    const std::vector<std::string_view> words = words_of(key_);
    if (node.is_scalar() && std::ranges::find(words, node.text) != words.end()) return node.text;
    const std::string_view meant = node.is_scalar() ? nearest(node.text, words) : std::string_view();
    bad(node, fmt::format("expected one of {}, found {}", joined(words), found(node)),
        meant.empty() ? "" : fmt::format("did you mean {}?", meant));
    return std::nullopt;
  }

  std::optional<std::string> format_of(const YamlNode& node) {
    if (!node.is_scalar()) {
      unexpected(node);
      return std::nullopt;
    }
    const auto parsed = parse_formats(std::span(&node.text, 1));
    if (parsed) return node.text;
    std::vector<std::string_view> names = {"any"};
    for (const FormatInfo& row : format_table()) names.push_back(row.name);
    const std::string_view name = std::string_view(node.text).substr(0, node.text.find(' '));
    const std::string_view meant = std::ranges::find(names, name) == names.end() ? nearest(name, names) : "";
    bad(node, parsed.error().message, meant.empty() ? "" : fmt::format("did you mean {}?", meant));
    return std::nullopt;
  }

  std::optional<int64_t> amount_in_bounds() {
    if (!scalar()) return std::nullopt;
    const std::optional<int64_t> value = amount(key_.kind, node_.text);
    if (!value) {
      unexpected(node_);
      return std::nullopt;
    }
    const auto [low, high] = limits_of(key_);
    if ((!low.empty() && *value < *amount(key_.kind, low)) || (!high.empty() && *value > *amount(key_.kind, high))) {
      bad(node_, high.empty() ? fmt::format("{} is less than {}", node_.text, low)
                              : fmt::format("{} is not within {} to {}", node_.text, low, high));
      return std::nullopt;
    }
    return value;
  }

  void read(std::string* to) {
    if (auto text = text_of(node_)) *to = std::move(*text);
  }
  void read(bool* to) {
    const std::optional<bool> value = node_.is_scalar() ? flag(node_.text) : std::nullopt;
    if (value) {
      *to = *value;
    } else {
      unexpected(node_);
    }
  }
  void read(uint64_t* to) {
    if (const auto value = amount_in_bounds()) *to = static_cast<uint64_t>(*value);
  }
  void read(Duration* to) {
    if (const auto value = amount_in_bounds()) *to = Duration{*value};
  }
  void read(std::vector<std::string>* to) {
    if (!node_.is_sequence()) return unexpected(node_, node_.is_scalar() ? fmt::format("[{}]", node_.text) : "");
    std::vector<std::string> texts;
    for (const YamlNode& item : node_.items) {
      auto text = text_of(item);
      if (!text) return;
      texts.push_back(std::move(*text));
    }
    if (texts.empty() && (key_.required || key_.kind == ConfigKind::Formats)) return bad(node_, "is empty");
    *to = std::move(texts);
  }
  void read(HostPort* to) {
    const auto endpoint = node_.is_scalar() ? parse_host_port(node_.text) : std::nullopt;
    if (!endpoint) return unexpected(node_);
    if (key_.kind == ConfigKind::Listen && !parse_address(endpoint->host)) {
      return unexpected(node_, "a listener needs an address, not a name: 127.0.0.1, 0.0.0.0 or [::]");
    }
    if (key_.kind == ConfigKind::Endpoint && endpoint->port == 0) return unexpected(node_);
    *to = *endpoint;
  }
  void read(SecretSource* to) { read_secret_source(key_.kind, node_, path_, reader_, *to); }
  void read(HeaderSources* to) {
    if (key_.kind == ConfigKind::Headers) return read_header_sources(node_, path_, reader_, *to);
    read_kafka_properties(key_.kind, node_, path_, reader_, *to);
  }
  void read(const ChoiceMember& to) {
    const auto word = word_of(node_);
    if (!word) return;
    const std::vector<std::string_view> words = words_of(key_);
    to.set(to.object, static_cast<size_t>(std::ranges::find(words, *word) - words.begin()));
  }
  void read(const SectionMember&) {}
  void read(const SectionsMember&) {}

  const ConfigKey& key_;
  const YamlNode& node_;
  const std::string& path_;
  ValueReader& reader_;
};

std::string list_text(const std::vector<std::string>& texts) {
  std::vector<std::string> words;
  for (const std::string& text : texts) words.push_back(yaml_word(text));
  return fmt::format("[{}]", fmt::join(words, ", "));
}

struct ShowValue {
  const ConfigKey& key;

  std::string operator()(const std::string* v) const { return v->empty() ? "" : yaml_word(*v); }
  std::string operator()(const bool* v) const { return *v ? "true" : "false"; }
  std::string operator()(const uint64_t* v) const {
    return key.kind == ConfigKind::Size ? format_size(*v) : std::to_string(*v);
  }
  std::string operator()(const Duration* v) const { return format_duration(*v); }
  std::string operator()(const std::vector<std::string>* v) const { return list_text(*v); }
  std::string operator()(const HostPort* v) const { return yaml_word(to_text(*v)); }
  std::string operator()(const SecretSource* v) const { return secret_source_text(*v); }
  std::string operator()(const HeaderSources* v) const {
    return key.kind == ConfigKind::Properties ? kafka_properties_text(*v) : header_sources_text(*v);
  }
  std::string operator()(const ChoiceMember& v) const { return std::string(words_of(key).at(v.get(v.object))); }
  std::string operator()(const SectionMember&) const { return {}; }
  std::string operator()(const SectionsMember&) const { return {}; }
};

}  // namespace

std::string_view expectation(ConfigKind kind) { return std::ranges::find(kKinds, kind, &Kind::kind)->expectation; }

bool is_mapping(ConfigKind kind) { return kind >= ConfigKind::Headers && kind <= ConfigKind::Secrets; }

bool is_list(ConfigKind kind) { return kind >= ConfigKind::Names; }

std::vector<std::string_view> words_of(const ConfigKey& key) {
  if (key.kind == ConfigKind::Choice) return split(key.bounds, '|');
  std::vector<std::string_view> words;
  if (key.kind != ConfigKind::Encoding) return words;
  for (const EncodingRow& row : encodings()) {
    if (row.make({})->format().framing != Framing::Document) words.push_back(row.name);
  }
  return words;
}

std::pair<std::string_view, std::string_view> limits_of(const ConfigKey& key) {
  const size_t dots = key.bounds.find("..");
  if (dots == std::string_view::npos) return {};
  return {key.bounds.substr(0, dots), key.bounds.substr(dots + 2)};
}

void read_value(const ConfigKey& key, const YamlNode& node, const ConfigMember& member, const std::string& path,
                ValueReader& reader) {
  Reading(key, node, path, reader).into(member);
}

std::string value_text(const ConfigKey& key, const ConfigMember& member) { return std::visit(ShowValue{key}, member); }

std::string yaml_word(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-' || c == '/' || c == ':';
  };
  const bool safe = !text.empty() && std::ranges::all_of(text, plain) && text.front() != '-' && text.back() != ':';
  return safe ? std::string(text) : fmt::format("\"{}\"", json_escaped(printable(text)));
}

}  // namespace kubevigil
