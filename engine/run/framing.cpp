#include "engine/run/framing.h"

namespace kubevigil {
namespace {

void open_record(Framing framing, bool first, std::string& out) {
  if (framing == Framing::Array) out += first ? "[\n" : ",\n";
}

void close_record(Framing framing, std::string& out) {
  if (framing == Framing::Lines || framing == Framing::Document) out += '\n';
}

// One record as a message of its own.
void lone_record(const Format& format, std::string_view record, std::string& out) {
  const bool array = format.framing == Framing::Array && format.fixed;
  if (array) open_record(Framing::Array, true, out);
  out += record;
  if (array) out += "\n]\n";
  if (format.judges_records) out += '\n';
}

std::string_view content_type(const Format& format, Framing framing) {
  const bool json_lines = framing == Framing::Lines && format.content_type == "application/json";
  return json_lines ? "application/x-ndjson" : format.content_type;
}

}  // namespace

bool Encoding::wants(const Alert&) const { return true; }
void Encoding::heading(std::string&) const {}
void Encoding::nothing(std::string&) const {}

DocumentWriter::DocumentWriter(const Encoding& encoding) : encoding_(encoding), framing_(encoding.format().framing) {
  if (framing_ == Framing::Single) framing_ = Framing::Lines;
}

void DocumentWriter::alert(const Alert& alert, std::string& out) {
  if (first_) encoding_.heading(out);
  open_record(framing_, first_, out);
  encoding_.record(alert, out);
  close_record(framing_, out);
  first_ = false;
}

void DocumentWriter::end(std::string& out) {
  if (framing_ == Framing::Array) out += first_ ? "[]\n" : "\n]\n";
  if (first_) encoding_.nothing(out);
}

bool understands(const Format& format, Framing framing) {
  if (framing == Framing::Document || format.framing == Framing::Document) return false;
  if (framing == Framing::Apart) return true;
  return framing == format.framing || !format.fixed;
}

std::vector<Message> bodies(const Encoding& encoding, Framing framing, std::span<const Alert> alerts,
                            const BodyLimits& limits) {
  const Format format = encoding.format();
  const std::string_view type = content_type(format, framing);
  const size_t most = framing == Framing::Single ? 1 : limits.records;
  std::vector<Message> out;
  std::string record;
  size_t begin = 0;
  Message current{.body = {}, .content_type = type, .alerts = {}};
  const auto finish = [&](size_t end) {
    if (end == begin) return;
    if (framing == Framing::Array) current.body += "\n]\n";
    current.alerts = alerts.subspan(begin, end - begin);
    out.push_back(std::move(current));
    current = Message{.body = {}, .content_type = type, .alerts = {}};
    begin = end;
  };
  for (size_t i = 0; i < alerts.size(); ++i) {
    record.clear();
    encoding.record(alerts[i], record);
    constexpr size_t kAround = 4;  // bytes of framing a record
    if (i - begin >= most || (i > begin && current.body.size() + record.size() + kAround > limits.bytes)) finish(i);
    if (framing == Framing::Apart) {
      lone_record(format, record, current.body);
      current.ends.push_back(current.body.size());
      continue;
    }
    open_record(framing, i == begin, current.body);
    current.body += record;
    close_record(framing, current.body);
  }
  finish(alerts.size());
  return out;
}

}  // namespace kubevigil
