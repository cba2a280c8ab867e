#include "outputs/registry.h"

#include <array>

namespace kubevigil {

std::span<const EncodingRow> encodings() {
  static constexpr std::array<EncodingRow, 4> kRows = {{
      {"table", "for people: level, time, rule, actor, target, message", make_table},
      {"jsonl", "one JSON object a line (schema: kubevigil schema alert)", make_jsonl},
      {"json", "one JSON array", make_json},
      {"csv", "RFC 4180 with a header line, safe to open in a spreadsheet", make_csv},
  }};
  return kRows;
}

std::unique_ptr<Encoding> make_encoding(std::string_view name, const EncodingOptions& options) {
  for (const EncodingRow& row : encodings()) {
    if (row.name == name) return row.make(options);
  }
  return nullptr;
}

}  // namespace kubevigil
