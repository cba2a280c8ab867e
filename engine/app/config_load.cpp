#include "engine/app/config_load.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "engine/app/config_secret.h"
#include "engine/app/config_value.h"
#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/net/text_file.h"

namespace kubevigil {
namespace {

constexpr std::string_view kPrefix = "KUBEVIGIL_";

std::string child_path(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

// The value of a variable as the file would hold it, at a place in a file of the variable's name.
YamlNode node_of(const ConfigKey& key, const std::string& variable, const std::string& value) {
  YamlNode node;
  node.span = {variable, 1, 1, static_cast<uint32_t>(value.size())};
  node.kind = YamlNode::Kind::Scalar;
  node.text = value;
  if (!is_list(key.kind)) return node;
  node.kind = YamlNode::Kind::Sequence;
  for (const std::string_view part : split(value, ',')) {
    YamlNode item;
    item.kind = YamlNode::Kind::Scalar;
    item.text = trim(part);
    item.span = node.span;
    if (!item.text.empty()) node.items.push_back(std::move(item));
  }
  return node;
}

// KUBEVIGIL_PORT, KUBEVIGIL_WEBHOOK_PORT_9443_TCP_ADDR, KUBEVIGIL_SERVICE_PORT_HTTPS ...: what Kubernetes sets in pods
// for each Service (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
bool is_of_a_service(std::string_view variable) {
  variable.remove_prefix(kPrefix.size() - 1);
  return variable.find("_SERVICE_HOST") != std::string_view::npos ||
         variable.find("_SERVICE_PORT") != std::string_view::npos || variable.ends_with("_PORT") ||
         variable.find("_TCP") != std::string_view::npos || variable.find("_UDP") != std::string_view::npos;
}

class Loader {
 public:
  Loader(const ConfigSurroundings& around, LoadedConfig& loaded)
      : around_(around), loaded_(loaded), reader_{around.folder, loaded.diagnostics, loaded.sources} {}

  void read_file(const YamlNode& root) {
    read_section(config_keys(), root, &loaded_.config, "");
    report_variables();
  }

 private:
  void read_section(const ConfigSection& section, const YamlNode& node, void* object, const std::string& path) {
    if (!node.is_map() && !node.is_null()) {
      return report("bad-value", fmt::format("{}: expected a mapping", path.empty() ? "the file" : path), node.span);
    }
    for (const ConfigKey& key : section.keys) {
      const std::string below = child_path(path, key.name);
      const ConfigMember member = key.member(object);
      if (key.kind == ConfigKind::Section) {
        read_subsection(key, node, std::get<SectionMember>(member), below);
      } else if (key.kind == ConfigKind::Sections) {
        read_list(key, node, std::get<SectionsMember>(member), below);
      } else {
        read_key(key, node, member, below);
      }
    }
    report_unknown_keys(section, node, path);
  }

  void read_key(const ConfigKey& key, const YamlNode& section, const ConfigMember& member, const std::string& path) {
    const YamlNode* given = section.find(key.name);
    YamlNode node;
    ConfigOrigin origin;
    const bool secret = key.kind == ConfigKind::Secret || is_mapping(key.kind);
    const std::string variable = secret ? std::string() : variable_of(path);
    const auto set = around_.variables.find(variable);
    if (!variable.empty()) known_.insert(variable);
    if (set != around_.variables.end()) {
      blot_out_urls(loaded_.sources[variable] = set->second);
      node = node_of(key, variable, set->second);
      origin = {ConfigOrigin::From::Environment, node.span};
    } else if (given != nullptr) {
      node = *given;
      origin = {ConfigOrigin::From::File, node.span};
    } else if (key.required) {
      return missing(path, key, section.span);
    } else if (key.fallback.empty()) {
      loaded_.origins[path] = origin;
      return;
    } else {
      node = node_of(key, path, std::string(key.fallback));
    }
    loaded_.origins[path] = origin;
    read_value(key, node, member, path, reader_);
  }

  void read_subsection(const ConfigKey& key, const YamlNode& section, const SectionMember& member,
                       const std::string& path) {
    static const YamlNode kNothing;
    const YamlNode* given = section.find(key.name);
    const bool named = given != nullptr || any_variable_below(path);
    if (!named && key.required) return missing(path, key, section.span);
    if (!named && member.optional) return;
    if (given != nullptr) loaded_.origins[path] = {ConfigOrigin::From::File, given->span};
    YamlNode nothing = kNothing;
    nothing.span = section.span;
    read_section(*key.section, given != nullptr ? *given : nothing, member.make(member.object), path);
  }

  void read_list(const ConfigKey& key, const YamlNode& section, const SectionsMember& member, const std::string& path) {
    const YamlNode* given = section.find(key.name);
    if (given == nullptr || given->is_null()) {
      if (key.required) missing(path, key, section.span);
      return;
    }
    loaded_.origins[path] = {ConfigOrigin::From::File, given->span};
    if (!given->is_sequence()) {
      return report("bad-value", path + ": expected a list", given->span,
                    "write each entry behind \"- \", also when there is only one");
    }
    if (given->items.empty() && key.required) missing(path, key, given->span);
    if (given->items.size() > limits::kConfigEntries) {
      return report("bad-value", fmt::format("{}: more than {} entries", path, limits::kConfigEntries), given->span);
    }
    for (size_t i = 0; i < given->items.size(); ++i) {
      const std::string item = fmt::format("{}[{}]", path, i);
      loaded_.origins[item] = {ConfigOrigin::From::File, given->items[i].span};
      read_section(*key.section, given->items[i], member.append(member.object), item);
    }
  }

  bool any_variable_below(const std::string& path) const {
    const std::string prefix = variable_of(path) + "__";
    const auto at = around_.variables.lower_bound(prefix);
    return at != around_.variables.end() && at->first.starts_with(prefix);
  }

  void report_unknown_keys(const ConfigSection& section, const YamlNode& node, const std::string& path) {
    std::vector<std::string_view> names;
    for (const ConfigKey& key : section.keys) names.push_back(key.name);
    for (const YamlEntry& entry : node.entries) {
      if (std::ranges::find(names, entry.key.text) != names.end()) continue;
      blot_out_suspect(entry, loaded_.sources);
      const std::string_view meant = nearest(entry.key.text, names);
      report("unknown-key",
             fmt::format("{}: there is no key \"{}\"", path.empty() ? "the file" : path,
                         cut_to_bytes(entry.key.text, 100)),
             entry.key.span,
             meant.empty() ? fmt::format("keys here: {}", fmt::join(names, ", "))
                           : fmt::format("did you mean {}?", meant));
    }
  }

  void report_variables() {
    const std::vector<std::string_view> known(known_.begin(), known_.end());
    for (const auto& [name, value] : around_.variables) {
      if (!name.starts_with(kPrefix) || known_.contains(name) || is_of_a_service(name)) continue;
      const std::string_view meant = nearest(name, known);
      const bool meant_as_key = name.find("__") != std::string::npos;
      loaded_.diagnostics.add({meant_as_key ? Severity::Error : Severity::Warning,
                               "unknown-variable",
                               "the environment variable names no key of the configuration",
                               meant.empty() ? "" : fmt::format("did you mean {}?", meant),
                               {name, 0, 0, 0},
                               {}});
    }
  }

  void missing(const std::string& path, const ConfigKey& key, const SourceSpan& where) {
    report("missing-key", fmt::format("{} is missing: {}", path, key.doc), where);
  }
  void report(std::string code, std::string message, const SourceSpan& span, std::string hint = {}) {
    loaded_.diagnostics.error(std::move(code), std::move(message), span, std::move(hint));
  }

  const ConfigSurroundings& around_;
  LoadedConfig& loaded_;
  ValueReader reader_;
  std::set<std::string, std::less<>> known_;  // variables that the keys of this file may have
};

void fill_defaults_that_depend(Config& config, const ConfigSurroundings& around) {
  if (config.instance.empty()) config.instance = around.host;
  for (OutputConfig& output : config.outputs) {
    if (output.dead_letter.empty()) output.dead_letter = config.data + "/dead-letter/" + output.name + ".jsonl";
  }
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "kubevigil";
  return name.data();
}

}  // namespace

Variables environment() {
  Variables variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (text.starts_with(kPrefix) && equals != std::string_view::npos) {
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return variables;
}

std::string variable_of(std::string_view path) {
  std::string out(kPrefix);
  for (const char c : path) {
    if (c == ']') continue;
    if (c == '.' || c == '[') {
      out += "__";
    } else {
      out += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
    }
  }
  return out;
}

SourceSpan LoadedConfig::span_of(std::string_view path) const {
  for (;;) {
    const auto found = origins.find(path);
    if (found != origins.end() && found->second.from != ConfigOrigin::From::Default) return found->second.span;
    const size_t end = path.find_last_of(".[");
    if (end == std::string_view::npos) break;
    path = path.substr(0, end);
  }
  const auto root = origins.find("");
  return root == origins.end() ? SourceSpan{} : root->second.span;
}

LoadedConfig load_config_text(std::string_view text, const std::string& name, const ConfigSurroundings& around) {
  LoadedConfig loaded;
  loaded.sources[name] = std::string(text);
  const std::vector<YamlDocument> documents = parse_yaml(text, name, loaded.diagnostics);
  if (documents.size() > 1) {
    loaded.diagnostics.error("bad-value", "expected one document, found another behind \"---\"",
                             documents[1].root.span);
  }
  YamlNode root = documents.empty() ? YamlNode{} : documents.front().root;
  if (root.span.line == 0) root.span = {name, 1, 1, 1};
  loaded.origins[""] = {ConfigOrigin::From::File, root.span};
  const bool broken = std::ranges::any_of(loaded.diagnostics.entries(), [](const Diagnostic& d) {
    return d.code == "yaml-syntax" || d.code == "yaml-limit";
  });
  blot_out_urls(loaded.sources[name]);
  if (broken) {
    blot_out_suspects(loaded.sources[name]);
    return loaded;
  }
  loaded.is_yaml = true;
  Loader(around, loaded).read_file(root);
  fill_defaults_that_depend(loaded.config, around);
  loaded.diagnostics.sort();
  return loaded;
}

Result<LoadedConfig> load_config(const std::string& path, const Variables& variables) {
  const Result<std::string> text = read_text_file(path, limits::kRuleFileBytes);
  if (!text) return fail(text.error().message);
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return load_config_text(*text, path, {absolute.parent_path().string(), host_name(), variables});
}

}  // namespace kubevigil
