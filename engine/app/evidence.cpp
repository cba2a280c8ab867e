#include "engine/app/evidence.h"

#include <fmt/format.h>

#include <map>

#include "engine/app/private_file.h"
#include "engine/base/hash.h"
#include "engine/base/json_writer.h"

namespace kubevigil {
namespace {

// A rule name as part of a file name.
std::string file_name(size_t number, std::string_view rule) {
  std::string out = fmt::format("{:05}-", number);
  for (const char c : rule.substr(0, 80)) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    out += plain ? c : '_';
  }
  return out + ".ndjson";
}

std::string on_one_line(std::string_view record) {
  std::string out(record);
  for (char& c : out) c = c == '\n' || c == '\r' ? ' ' : c;
  return out + "\n";
}

}  // namespace

EvidenceItem evidence_of(const Alert& alert) {
  EvidenceItem item{alert.id, alert.rule_name, {}};
  for (const AlertEvent& event : alert.events) item.places.push_back({event.file, event.offset, event.line, ""});
  return item;
}

void collect_evidence(std::vector<std::unique_ptr<Input>>& inputs, std::vector<EvidenceItem>& items) {
  std::multimap<std::pair<std::string, uint64_t>, EvidenceItem::Place*> wanted;
  for (EvidenceItem& item : items) {
    for (EvidenceItem::Place& place : item.places) wanted.emplace(std::pair(place.file, place.offset), &place);
  }
  Batch batch;
  for (const auto& input : inputs) {
    for (batch = {}; input->next(batch); batch = {}) {
      for (const Record& record : batch.records) {
        const std::string& path = input->files()[record.position.file - input->first_file()].path;
        const auto [first, last] = wanted.equal_range(std::pair(path, record.position.offset));
        for (auto it = first; it != last; ++it) it->second->record = batch.text(record);
      }
    }
  }
}

Result<void> write_evidence(const std::string& folder, const std::vector<EvidenceItem>& items) {
  if (auto made = make_private_folder(folder); !made) return made;
  JsonWriter manifest;
  manifest.begin_object().member("schema", "kubevigil.evidence/v1").key("alerts").begin_array();
  for (size_t i = 0; i < items.size(); ++i) {
    const EvidenceItem& item = items[i];
    const std::string name = file_name(i + 1, item.rule);
    std::string records;
    manifest.begin_object().member("alert_id", item.id).member("rule", item.rule).member("records", name);
    manifest.key("events").begin_array();
    for (const EvidenceItem::Place& place : item.places) {
      manifest.begin_object().member("file", place.file).member("offset", place.offset).member("line", place.line);
      manifest.optional("sha256", place.record.empty() ? "" : sha256_hex(place.record));
      manifest.member("found", !place.record.empty()).end_object();
      if (!place.record.empty()) records += on_one_line(place.record);
    }
    manifest.end_array().end_object();
    if (auto written = write_private_file(folder + "/" + name, records); !written) return written;
  }
  manifest.end_array().end_object();
  return write_private_file(folder + "/manifest.json", manifest.text() + "\n");
}

}  // namespace kubevigil
