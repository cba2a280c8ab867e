#include "engine/app/process_facts.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

std::string read_proc(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<uint64_t> number(std::string_view text) {
  uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

uint64_t count_descriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  uint64_t entries = 0;
  while (const dirent* entry = ::readdir(folder)) entries += entry->d_name[0] != '.';
  ::closedir(folder);
  return entries == 0 ? 0 : entries - 1;  // the folder's own
}

}  // namespace

std::optional<ProcessFacts> parse_process_stat(std::string_view stat, std::string_view machine_stat, int64_t ticks,
                                               int64_t page_bytes) {
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  const auto fields = split(trim(stat.substr(name_end + 1)), ' ');  // from field 3 on
  const auto field = [&](size_t n) { return n - 3 < fields.size() ? number(fields[n - 3]) : std::nullopt; };
  const auto user = field(14), system = field(15), start = field(22), size = field(23), pages = field(24);
  if (!user || !system || !start || !size || !pages) return std::nullopt;
  ProcessFacts out;
  out.cpu_seconds = static_cast<double>(*user + *system) / static_cast<double>(ticks);
  out.virtual_bytes = *size;
  out.resident_bytes = *pages * static_cast<uint64_t>(page_bytes);
  for (std::string_view line : split(machine_stat, '\n')) {
    if (!line.starts_with("btime ")) continue;
    const auto boot = number(trim(line.substr(6)));
    if (boot) out.start_seconds = static_cast<double>(*boot) + static_cast<double>(*start) / static_cast<double>(ticks);
  }
  return out;
}

std::optional<ProcessFacts> process_facts() {
  auto out = parse_process_stat(read_proc("/proc/self/stat"), read_proc("/proc/stat"), ::sysconf(_SC_CLK_TCK),
                                ::sysconf(_SC_PAGESIZE));
  if (!out) return out;
  out->open_fds = count_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) out->max_fds = limit.rlim_cur;
  return out;
}

void set_process_metrics(MetricWriter& out) {
  const auto facts = process_facts();
  if (!facts) return;
  out.set(Metric::ProcessCpu, {}, facts->cpu_seconds);
  out.set(Metric::ProcessMemory, {}, static_cast<double>(facts->resident_bytes));
  out.set(Metric::ProcessVirtualMemory, {}, static_cast<double>(facts->virtual_bytes));
  out.set(Metric::ProcessOpenFds, {}, static_cast<double>(facts->open_fds));
  out.set(Metric::ProcessMaxFds, {}, static_cast<double>(facts->max_fds));
  out.set(Metric::ProcessStartTime, {}, facts->start_seconds);
}

}  // namespace kubevigil
