#include "engine/app/config_show.h"

#include <fmt/format.h>

#include <functional>

#include "engine/app/config_value.h"
#include "engine/base/json_writer.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

// One line of what is shown: a value, or a mapping or list that holds what follows.
struct Shown {
  std::string path;
  std::string label;  // "state", "- path": with the dash of a list's item where it is the first key of one
  size_t depth = 0;
  std::string value;  // empty: more follows below
};

class Walk {
 public:
  std::vector<Shown> lines;

  void section(const ConfigSection& keys, void* object, const std::string& path, size_t depth, bool item) {
    for (const ConfigKey& key : keys.keys) {
      const std::string below = path.empty() ? std::string(key.name) : fmt::format("{}.{}", path, key.name);
      const std::string label = fmt::format("{}{}", item ? "- " : "", key.name);
      const size_t before = lines.size();
      one(key, key.member(object), {below, label, depth - (item ? 1 : 0), ""}, depth);
      if (lines.size() > before) item = false;
    }
  }

 private:
  void one(const ConfigKey& key, const ConfigMember& member, Shown line, size_t depth) {
    if (key.kind == ConfigKind::Section) {
      const auto& to = std::get<SectionMember>(member);
      void* there = to.get(to.object);
      if (there == nullptr) return;
      lines.push_back(line);
      return section(*key.section, there, line.path, depth + 1, false);
    }
    if (key.kind == ConfigKind::Sections) {
      const auto& to = std::get<SectionsMember>(member);
      line.value = to.at(to.object, 0) == nullptr ? "[]" : "";
      lines.push_back(line);
      for (size_t i = 0; void* entry = to.at(to.object, i); ++i) {
        section(*key.section, entry, fmt::format("{}[{}]", line.path, i), depth + 2, true);
      }
      return;
    }
    line.value = value_text(key, member);
    if (!line.value.empty()) lines.push_back(line);
  }
};

std::vector<Shown> shown(Config& config) {
  Walk walk;
  walk.section(config_keys(), &config, "", 0, false);
  return walk.lines;
}

std::string origin_text(const ConfigOrigin& origin) {
  switch (origin.from) {
    case ConfigOrigin::From::File:
      return fmt::format("{}:{}", printable(origin.span.file), origin.span.line);
    case ConfigOrigin::From::Environment:
      return origin.span.file;
    case ConfigOrigin::From::Default:
      break;
  }
  return "default";
}

ConfigOrigin origin_of(const LoadedConfig& loaded, const std::string& path) {
  const auto found = loaded.origins.find(path);
  return found == loaded.origins.end() ? ConfigOrigin{} : found->second;
}

}  // namespace

std::string config_as_yaml(LoadedConfig& loaded) {
  constexpr size_t kOriginColumn = 60;
  std::string out;
  for (const Shown& line : shown(loaded.config)) {
    std::string text = fmt::format("{}{}:", std::string(2 * line.depth, ' '), line.label);
    if (!line.value.empty()) {
      text += ' ' + line.value;
      text += std::string(text.size() < kOriginColumn ? kOriginColumn - text.size() : 0, ' ');
      text += "  # " + origin_text(origin_of(loaded, line.path));
    }
    out += text + '\n';
  }
  return out;
}

std::string config_as_json(LoadedConfig& loaded) {
  JsonWriter json;
  json.begin_array();
  for (const Shown& line : shown(loaded.config)) {
    if (line.value.empty()) continue;
    const ConfigOrigin origin = origin_of(loaded, line.path);
    json.begin_object().member("path", line.path).member("value", line.value);
    if (origin.from == ConfigOrigin::From::File) {
      json.member("from", "file").member("file", origin.span.file).member("line", origin.span.line);
    } else if (origin.from == ConfigOrigin::From::Environment) {
      json.member("from", "environment").member("variable", origin.span.file);
    } else {
      json.member("from", "default");
    }
    json.end_object();
  }
  return json.end_array().text() + '\n';
}

}  // namespace kubevigil
