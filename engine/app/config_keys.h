// THE TABLE of configuration keys: for each mapping of the file its keys, with kind, default, bounds and one line of
// documentation. Everything else follows from it: the loader (config_load.h), the JSON Schema (config_schema.h),
// `config show`, the names of environment variables.
//
// To add a key: the member in config.h, the row in config_keys.cpp, its line in deploy/kubevigil.yaml; a test holds the
// three against each other. A check that needs more than one key goes to config_check.cpp.
#pragma once

#include <span>
#include <string_view>
#include <variant>

#include "engine/app/config.h"

namespace kubevigil {

enum class ConfigKind : uint8_t {
  Section,   // a mapping with keys of its own
  Sections,  // a list of them
  Text,
  Name,        // letters, digits, . _ -
  Cluster,     // is_cluster_name
  File,        // a file that must be there and readable
  OutFile,     // a file that is written, in a folder that may be made
  LogFile,     // a file that may come later
  Folder,      // one that is made if need be, and written to
  Flag,        // true, false, on, off
  Count,       // a whole number
  Size,        // bytes
  Span,        // a duration
  Choice,      // one of the words in `bounds`
  Encoding,    // one of outputs/registry.h that serve can send
  Endpoint,    // host:port
  Listen,      // address:port
  Url,         // http or https; or {file} or {env}
  Secret,      // {file} or {env}
  Headers,     // a mapping of header names to texts, {file} or {env}
  Properties,  // a mapping of librdkafka's properties to texts; no secrets
  Secrets,     // a mapping of librdkafka's properties to {file} or {env}
  Names,       // lists
  Clusters,
  RulePaths,
  Networks,
  Formats,  // engine/event/formats.h
};

struct ConfigSection;

// The member that a row fills.
struct ChoiceMember {
  void* object;
  void (*set)(void*, size_t);
  size_t (*get)(const void*);
};
struct SectionMember {
  void* object;
  void* (*make)(void*);  // makes it there
  void* (*get)(void*);   // null: it is not there
  bool optional;
};
struct SectionsMember {
  void* object;
  void* (*append)(void*);
  void* (*at)(void*, size_t);  // null behind the last
};
using HeaderSources = std::vector<std::pair<std::string, SecretSource>>;
using ConfigMember = std::variant<std::string*, bool*, uint64_t*, Duration*, std::vector<std::string>*, HostPort*,
                                  SecretSource*, HeaderSources*, ChoiceMember, SectionMember, SectionsMember>;

struct ConfigKey {
  std::string_view name;
  ConfigKind kind;
  ConfigMember (*member)(void* section);  // of the struct that belongs to the section
  std::string_view fallback;              // as it would be written; "": none, or said in `doc`
  std::string_view bounds;                // "1..64", "1s..", or the words of a choice: "oldest|live|end"
  bool required;
  std::string_view doc;
  const ConfigSection* section = nullptr;  // Section, Sections
};

struct ConfigSection {
  std::span<const ConfigKey> keys;
};

// The whole file; its struct is Config.
const ConfigSection& config_keys();

}  // namespace kubevigil
