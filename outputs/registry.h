// The alert encodings by name. To add one: a file with a make_ function here, and a row in registry.cpp. Help texts,
// shell completion and the table in outputs/README.md follow the rows (tests hold the last one against them).
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "engine/run/output.h"

namespace kubevigil {

struct EncodingRow {
  std::string_view name, help;
  std::unique_ptr<Encoding> (*make)(const EncodingOptions&);
};

std::span<const EncodingRow> encodings();
// Null for an unknown name.
std::unique_ptr<Encoding> make_encoding(std::string_view name, const EncodingOptions& options);
// One line a row, "name: help": for option help.
std::string encoding_help();

std::unique_ptr<Encoding> make_table(const EncodingOptions& options);
std::unique_ptr<Encoding> make_json(const EncodingOptions& options);
std::unique_ptr<Encoding> make_jsonl(const EncodingOptions& options);
std::unique_ptr<Encoding> make_csv(const EncodingOptions& options);
std::unique_ptr<Encoding> make_text(const EncodingOptions& options);
std::unique_ptr<Encoding> make_falco(const EncodingOptions& options);
std::unique_ptr<Encoding> make_alertmanager(const EncodingOptions& options);
std::unique_ptr<Encoding> make_slack(const EncodingOptions& options);
std::unique_ptr<Encoding> make_ocsf(const EncodingOptions& options);
std::unique_ptr<Encoding> make_ecs(const EncodingOptions& options);
std::unique_ptr<Encoding> make_es_bulk(const EncodingOptions& options);
std::unique_ptr<Encoding> make_cef(const EncodingOptions& options);

}  // namespace kubevigil
