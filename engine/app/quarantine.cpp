#include "engine/app/quarantine.h"

#include <algorithm>

#include "engine/base/json_writer.h"
#include "inputs/kafka_place.h"

namespace kubevigil {
namespace {

// The stream of a Kafka input is a source of it, "kafka/NAME/TOPIC/PARTITION", and names have no '/'.
void add_partition(JsonWriter& json, std::string_view stream) {
  constexpr std::string_view kKafka = "kafka/";
  if (!stream.starts_with(kKafka)) return;
  const auto at = parse_kafka_source(stream.substr(0, stream.find('/', kKafka.size())), stream);
  if (!at) return;
  json.member("topic", at->topic);
  json.member("partition", at->partition);
}

// As many as are there and can be read.
uint64_t lines_of(Disk& disk, const std::string& path) {
  const auto file = disk.open(path);
  if (!file) return 0;
  std::string buffer(64u << 10, '\0');
  uint64_t lines = 0, at = 0;
  for (;;) {
    const auto read = (*file)->read_at(at, buffer);
    if (!read || *read == 0) return lines;
    lines += static_cast<uint64_t>(std::count(buffer.data(), buffer.data() + *read, '\n'));
    at += *read;
  }
}

}  // namespace

bool Quarantine::open_file() {
  if (file_ != nullptr) return true;
  auto opened = disk_.open(path_);
  if (!opened && opened.error().fault == DiskFault::Missing) opened = disk_.create(path_);
  if (opened) file_ = std::move(*opened);
  return opened.has_value();
}

bool Quarantine::open() {
  if (!open_file()) return false;
  if (file_->size() < bytes_) return true;
  const std::string older = path_ + ".1";
  const uint64_t lines = lines_of(disk_, older);
  file_.reset();
  if (!disk_.rename(path_, older)) return false;
  rotated_ += lines;
  return open_file();
}

bool Quarantine::write(const std::string& lines) {
  if (!open()) return false;
  const uint64_t size = file_->size();
  if (file_->append(lines)) return true;
  (void)file_->truncate(size);  // a full disk may have taken a part of them
  file_.reset();
  return false;
}

void Quarantine::add(const std::string& stream, std::span<const BadRecord> bad, Timestamp time) {
  if (bad.empty()) return;
  std::string lines;
  for (size_t i = 0; i < bad.size(); ++i) {
    const BadRecord& record = bad[i];
    JsonWriter json;
    json.begin_object();
    json.member("time", format_rfc3339(time));
    json.member("stream", stream);
    add_partition(json, stream);
    json.member("reason", to_text(record.reason));
    json.member("message", record.message);
    json.member("offset", record.position.offset);
    json.member("line", record.position.line);
    if (i < kQuarantinedTexts) json.member("text", redactor_.text(record.kept));
    json.end_object();
    lines += json.take() + '\n';
  }
  texts_left_out_ += bad.size() - std::min(bad.size(), kQuarantinedTexts);
  if (!write(lines)) unwritten_ += bad.size();
}

}  // namespace kubevigil
