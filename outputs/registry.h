// The alert encodings by name. To add one: a file with a make_ function here, and a row in registry.cpp.
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

std::unique_ptr<Encoding> make_table(const EncodingOptions& options);
std::unique_ptr<Encoding> make_json(const EncodingOptions& options);
std::unique_ptr<Encoding> make_jsonl(const EncodingOptions& options);
std::unique_ptr<Encoding> make_csv(const EncodingOptions& options);

}  // namespace kubevigil
