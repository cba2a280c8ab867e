#include "engine/app/evidence.h"

#include <fmt/format.h>

#include <filesystem>
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

class Collector {
 public:
  Collector(const std::string& folder, std::vector<EvidenceItem>& items) : folder_(folder), items_(items) {
    for (size_t i = 0; i < items.size(); ++i) {
      for (EvidenceItem::Place& place : items[i].places) wanted_[place.file].emplace(place.offset, Want{i, &place});
    }
  }

  Result<size_t> collect(std::vector<std::unique_ptr<Input>>& inputs) {
    for (const auto& input : inputs) {
      if (auto read = read_source(*input); !read) return tl::unexpected(read.error());
    }
    size_t missing = 0;
    for (size_t i = 0; i < items_.size(); ++i) {
      for (const EvidenceItem::Place& place : items_[i].places) missing += place.sha256.empty() ? 1 : 0;
      if (auto there = append_private_file(path_of(i), ""); !there) return tl::unexpected(there.error());
    }
    return missing;
  }

 private:
  struct Want {
    size_t item;
    EvidenceItem::Place* place;
  };

  std::string path_of(size_t item) const { return folder_ + "/" + file_name(item + 1, items_[item].rule); }

  // Until nothing of its files is wanted any more.
  Result<void> read_source(Input& input) {
    size_t left = 0;
    for (const InputFile& file : input.files()) left += wanted_.contains(file.path) ? wanted_[file.path].size() : 0;
    Batch batch;
    for (; left > 0 && input.next(batch); batch = {}) {
      for (const Record& record : batch.records) {
        const auto file = wanted_.find(input.files()[record.position.file - input.first_file()].path);
        if (file == wanted_.end()) continue;
        const auto [first, last] = file->second.equal_range(record.position.offset);
        for (auto it = first; it != last; ++it, --left) {
          it->second.place->sha256 = sha256_hex(batch.text(record));
          const auto kept = append_private_file(path_of(it->second.item), on_one_line(batch.text(record)));
          if (!kept) return kept;
        }
      }
    }
    return {};
  }

  const std::string& folder_;
  std::vector<EvidenceItem>& items_;
  std::map<std::string, std::multimap<uint64_t, Want>> wanted_;  // by file and offset
};

std::string manifest_text(const std::vector<EvidenceItem>& items) {
  JsonWriter manifest;
  manifest.begin_object().member("schema", "kubevigil.evidence/v1").key("alerts").begin_array();
  for (size_t i = 0; i < items.size(); ++i) {
    manifest.begin_object().member("alert_id", items[i].id).member("rule", items[i].rule);
    manifest.member("records", file_name(i + 1, items[i].rule)).key("events").begin_array();
    for (const EvidenceItem::Place& place : items[i].places) {
      manifest.begin_object().member("file", place.file).member("offset", place.offset).member("line", place.line);
      manifest.optional("sha256", place.sha256).member("found", !place.sha256.empty()).end_object();
    }
    manifest.end_array().end_object();
  }
  return manifest.end_array().end_object().take() + "\n";
}

}  // namespace

EvidenceItem evidence_of(const Alert& alert) {
  EvidenceItem item{alert.id, alert.rule_name, {}};
  for (const AlertEvent& event : alert.events) item.places.push_back({event.file, event.offset, event.line, ""});
  return item;
}

Result<void> make_evidence_folder(const std::string& folder) {
  std::error_code error;
  const bool there = std::filesystem::is_directory(folder, error);
  const bool empty = !there || std::filesystem::is_empty(folder, error);
  if (there && error) return fail(fmt::format("cannot list the folder {}: {}", folder, error.message()));
  if (empty) return make_private_folder(folder);  // a folder of other things keeps its rights
  return fail(
      fmt::format("--evidence {}: the folder is not empty, and evidence of two runs must not be mixed; name a new "
                  "one",
                  folder));
}

Result<size_t> write_evidence(const std::string& folder, std::vector<EvidenceItem>& items,
                              std::vector<std::unique_ptr<Input>>& inputs) {
  auto missing = Collector(folder, items).collect(inputs);
  if (!missing) return missing;
  const auto written = write_private_file(folder + "/manifest.json", manifest_text(items));
  if (!written) return tl::unexpected(written.error());
  return missing;
}

}  // namespace kubevigil
