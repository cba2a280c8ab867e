// One value of the configuration: from its YAML node into the member, and back as text for people. What each kind of
// value looks like stands here once: for the reader, for messages and for the JSON Schema.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/app/config_keys.h"
#include "engine/rule/yaml.h"

namespace kubevigil {

// "a size such as 256MiB": what a value of this kind is.
std::string_view expectation(ConfigKind kind);
bool is_list(ConfigKind kind);
bool is_mapping(ConfigKind kind);  // of names that are not ours
// Of Choice, Choices and Encoding; empty for the other kinds.
std::vector<std::string_view> words_of(const ConfigKey& key);
// The two ends of `bounds` as they are written; "" where there is none, and for words.
std::pair<std::string_view, std::string_view> limits_of(const ConfigKey& key);

struct ValueReader {
  std::string folder;  // where paths that are not absolute begin
  Diagnostics& diagnostics;
  SourceTexts& sources;  // values that may be secret are blotted out here, so that no message shows them
};
// Fills the member; what is wrong is reported (bad-value) under the name of `path`, and leaves the member as it was.
void read_value(const ConfigKey& key, const YamlNode& node, const ConfigMember& member, const std::string& path,
                ValueReader& reader);

// As it could stand in the file, with "redacted" for what may be secret; "" for an empty text or place of a secret.
std::string value_text(const ConfigKey& key, const ConfigMember& member);

// A word of YAML for any text: plain where that is safe, else quoted; nothing in it can disturb a terminal.
std::string yaml_word(std::string_view text);

}  // namespace kubevigil
