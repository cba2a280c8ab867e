#include "tests/support/log_writer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "inputs/tail_input.h"
#include "tests/support/compress.h"

namespace kubevigil::test {
namespace {

namespace fs = std::filesystem;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

constexpr std::string_view kId = "\"auditID\":\"";

}  // namespace

std::string event_line(int n) {
  return fmt::format(
      "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/"
      "v1\",\"level\":\"Metadata\",{}{:06}\",\"stage\":\"Panic\"}}\n",
      kId, n);
}

std::string words(const TailBatch& batch) {
  std::string out;
  size_t bad = 0;
  for (size_t i = 0; i <= batch.batch.records.size(); ++i) {
    for (; bad < batch.batch.bad.size() && batch.batch.bad[bad].before <= i; ++bad) {
      out += fmt::format("{} ", to_text(batch.batch.bad[bad].reason));
    }
    if (i == batch.batch.records.size()) break;
    const std::string_view text = batch.batch.text(batch.batch.records[i]);
    const size_t id = text.rfind(kId);
    out += id == std::string_view::npos ? "? "
                                        : fmt::format("{} ", std::stoi(std::string(text.substr(id + kId.size(), 6))));
  }
  if (batch.gap) out += fmt::format("gap:{}@{} ", to_text(batch.gap->kind), batch.gap->from);
  return out;
}

LogWriter::LogWriter(Names names) : names_(names) {
  std::string pattern = (fs::temp_directory_path() / "kubevigil_log_XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
}

LogWriter::~LogWriter() { fs::remove_all(folder_); }

void LogWriter::append(std::string_view bytes) {
  std::fstream out(path(), std::ios::binary | std::ios::in | std::ios::out);
  if (!out.is_open()) out.open(path(), std::ios::binary | std::ios::out);
  out.seekp(static_cast<std::streamoff>(at_));
  out << bytes;
  at_ += bytes.size();
}

std::string LogWriter::new_name() {
  if (names_ == Names::Times) {
    ++made_;
    return fmt::format("{}/audit-2024-01-01T{:02}-{:02}-{:02}.000.log", folder_, made_ / 3600, made_ / 60 % 60,
                       made_ % 60);
  }
  for (size_t i = 0; i < rotated_.size(); ++i) {  // the oldest has the highest number, and moves first
    const std::string to =
        fmt::format("{}.{}{}", path(), rotated_.size() - i + 1, rotated_[i].ends_with(".gz") ? ".gz" : "");
    fs::rename(rotated_[i], to);
    rotated_[i] = to;
  }
  return path() + ".1";
}

void LogWriter::rotate() {
  const std::string name = new_name();
  fs::rename(path(), name);
  rotated_.push_back(name);
  write_file(path(), "");
  at_ = 0;
}

void LogWriter::append_to_rotated(std::string_view bytes) {
  std::ofstream(rotated_.back(), std::ios::binary | std::ios::app) << bytes;
}

bool LogWriter::compress() {
  for (std::string& file : rotated_) {
    if (file.ends_with(".gz")) continue;
    write_file(file + ".gz", gzip(read_file(file)));
    fs::remove(file);
    file += ".gz";
    return true;
  }
  return false;
}

void LogWriter::truncate(bool copy) {
  if (copy) {
    const std::string name = new_name();
    fs::copy_file(path(), name);
    rotated_.push_back(name);
  }
  fs::resize_file(path(), 0);
  at_ = 0;
}

void LogWriter::truncate_under_writer() { fs::resize_file(path(), 0); }

bool LogWriter::remove_oldest() {
  if (rotated_.empty()) return false;
  fs::remove(rotated_.front());
  rotated_.erase(rotated_.begin());
  return true;
}

void LogWriter::write_beside(std::string_view suffix, std::string_view bytes) {
  write_file(rotated_.back() + std::string(suffix), bytes);
}

void LogWriter::damage_compressed() { fs::resize_file(rotated_.front(), fs::file_size(rotated_.front()) / 2); }

}  // namespace kubevigil::test
