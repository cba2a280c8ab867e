#include "outputs/registry.h"

#include <array>

namespace kubevigil {

std::span<const EncodingRow> encodings() {
  static constexpr std::array<EncodingRow, 12> kRows = {{
      {"table", "for people: level, time, rule, actor, target, message", make_table},
      {"jsonl", "one JSON object a line (schema: kubevigil schema alert)", make_jsonl},
      {"json", "one JSON array", make_json},
      {"csv", "RFC 4180 with a header line, safe to open in a spreadsheet", make_csv},
      {"text", "one line an alert, for people and syslog", make_text},
      {"falco", "Falco's JSON with ka.* fields, for falcosidekick and Talon", make_falco},
      {"alertmanager", "Prometheus Alertmanager API v2", make_alertmanager},
      {"slack", "Slack incoming webhook", make_slack},
      {"ocsf", "OCSF 1.6 Detection Finding, one a line", make_ocsf},
      {"ecs", "Elastic Common Schema, one document a line", make_ecs},
      {"es-bulk", "the same for Elasticsearch's and OpenSearch's _bulk", make_es_bulk},
      {"cef", "ArcSight Common Event Format, one record a line", make_cef},
  }};
  return kRows;
}

std::unique_ptr<Encoding> make_encoding(std::string_view name, const EncodingOptions& options) {
  for (const EncodingRow& row : encodings()) {
    if (row.name == name) return row.make(options);
  }
  return nullptr;
}

std::string encoding_help() {
  std::string out;
  for (const EncodingRow& row : encodings()) {
    out.append(out.empty() ? "" : "\n").append(row.name).append(": ").append(row.help);
  }
  return out;
}

}  // namespace kubevigil
