#include "tests/soak/journal_copies.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace kubevigil::test {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAlerts = "alerts: ";  // and how many were the same byte for byte

void copy_data(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    if (entry.path().filename() == "reserve") continue;  // 64 MiB of nothing
    fs::copy(entry.path(), to / entry.path().filename(), fs::copy_options::recursive);
  }
}

}  // namespace

void JournalCopies::take() {
  const std::string copy = folder_.path(fmt::format("copy-{}", ++taken_));
  copy_data(folder_.data(), copy);
  running_.push_back(std::async(std::launch::async, [this, copy] { return replay(copy); }));
}

JournalCopies::Outcome JournalCopies::replay(const std::string& copy) const {
  const std::string command =
      fmt::format("'{}' replay --journal '{}' -o jsonl >'{}.jsonl' 2>'{}.said'", program_, copy, copy, copy);
  const int status = std::system(command.c_str());
  std::ifstream said(copy + ".said");
  Outcome outcome{WIFEXITED(status) ? WEXITSTATUS(status) : -1, {std::istreambuf_iterator<char>(said), {}}};
  fs::remove_all(copy);
  return outcome;
}

std::vector<std::string> JournalCopies::problems() {
  std::vector<std::string> out;
  for (auto& running : running_) {
    const Outcome outcome = running.get();
    if (outcome.code != 0)
      out.push_back(fmt::format("a journal does not run again, code {}: {}", outcome.code, outcome.said));
    const size_t at = outcome.said.find(kAlerts);
    if (at != std::string::npos) same_ += std::strtoull(outcome.said.c_str() + at + kAlerts.size(), nullptr, 10);
  }
  running_.clear();
  if (taken_ > 0 && same_ == 0) out.emplace_back("journals were run again, and no alert came of it");
  return out;
}

}  // namespace kubevigil::test
