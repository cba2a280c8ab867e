#include "engine/app/quarantine.h"

#include <algorithm>

#include "engine/base/json_writer.h"

namespace kubevigil {

bool Quarantine::open() {
  if (file_ != nullptr && file_->size() < bytes_) return true;
  if (file_ != nullptr) {
    file_.reset();
    if (!disk_.rename(path_, path_ + ".1")) return false;
  }
  auto opened = disk_.open(path_);
  if (!opened && opened.error().fault == DiskFault::Missing) opened = disk_.create(path_);
  if (opened) file_ = std::move(*opened);
  return opened.has_value();
}

void Quarantine::add(const std::string& stream, std::span<const BadRecord> bad, Timestamp time) {
  if (bad.empty() || !open()) return;
  std::string lines;
  for (const BadRecord& record : bad.first(std::min(bad.size(), kQuarantined))) {
    JsonWriter json;
    json.begin_object();
    json.member("time", format_rfc3339(time));
    json.member("stream", stream);
    json.member("reason", to_text(record.reason));
    json.member("message", record.message);
    json.member("offset", record.position.offset);
    json.member("line", record.position.line);
    json.member("text", redactor_.text(record.kept));
    json.end_object();
    lines += json.take() + '\n';
  }
  const uint64_t size = file_->size();
  if (file_->append(lines)) return;
  (void)file_->truncate(size);  // a full disk may have taken a part of them
  file_.reset();
}

}  // namespace kubevigil
