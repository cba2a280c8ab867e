// Places of secrets in the configuration:
//
//   bearer: {file: /run/secrets/soc}        a file, read when it is needed
//   bearer: {env: SOC_TOKEN}                an environment variable
//   url: https://collector.example/hook     URLs and header values may be written out, too
//
// What may be a secret is shown nowhere: not by `config show`, not in the line under a message.
#pragma once

#include <string>

#include "engine/app/config_value.h"

namespace kubevigil {

// `kind`: Secret or Url.
void read_secret_source(ConfigKind kind, const YamlNode& node, const std::string& path, ValueReader& reader,
                        SecretSource& to);
void read_header_sources(const YamlNode& node, const std::string& path, ValueReader& reader, HeaderSources& to);

// Each text at and below the node.
void blot_out(const YamlNode& node, SourceTexts& sources);
// Of a key that is not known: its value is blotted out when its name has a word of secrets in it.
void blot_out_suspect(const YamlEntry& entry, SourceTexts& sources);
// For a text that is no YAML, of which nobody knows what is a value: in lines with a word of secrets (token, key, url
// ...) what stands behind it becomes asterisks.
void blot_out_suspects(std::string& text);
// Of every URL in the text what may be secret: login, path and query.
void blot_out_urls(std::string& text);

std::string secret_source_text(const SecretSource& source);
std::string header_sources_text(const HeaderSources& headers);

}  // namespace kubevigil
