// The machine under the engine: configuration, data folder, disk and clock.
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/app/config_check.h"
#include "engine/app/doctor.h"
#include "engine/base/limits.h"
#include "engine/base/size.h"
#include "engine/net/descriptor.h"

namespace kubevigil {
namespace {

constexpr int kSyncs = 30;
constexpr Duration kSlowSync = Duration{50'000};  // the time in which a batch should be acknowledged

// Times of `kSyncs` writes of 4 KiB with their fdatasync, sorted; the error of the first that failed.
Result<std::vector<Duration>> sync_times(const std::string& path, const Env& env) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return fail(fmt::format("{}: {}", path, strerror(errno)));
  const std::array<char, 4096> block{};
  std::vector<Duration> times;
  for (int i = 0; i < kSyncs; ++i) {
    const Duration before = env.monotonic();
    if (write(file.get(), block.data(), block.size()) != static_cast<ssize_t>(block.size()) ||
        fdatasync(file.get()) != 0) {
      return fail(fmt::format("{}: {}", path, strerror(errno)));
    }
    times.push_back(env.monotonic() - before);
  }
  std::ranges::sort(times);
  return times;
}

std::string milliseconds(Duration d) { return fmt::format("{:.2f} ms", static_cast<double>(d.micros) / 1000); }

void examine_rights(const std::string& folder, Findings& out) {
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0) return;
  if (info.st_uid != geteuid()) {
    const passwd* owner = getpwuid(info.st_uid);
    const std::string name = owner != nullptr ? owner->pw_name : fmt::format("#{}", info.st_uid);
    out.warn("data",
             fmt::format("{} belongs to {}, and doctor runs as another user: what {} may read and write it cannot tell",
                         folder, name, name),
             fmt::format("sudo -u {} kubevigil doctor ...", name));
  }
  const unsigned rights = info.st_mode & 0777u;
  if ((rights & 077u) != 0) {
    out.warn("data", fmt::format("{} has rights {:o}: others can read bodies of requests", folder, rights),
             "chmod 0700 " + folder);
  }
}

void examine_room(const Config& config, Findings& out) {
  struct statvfs disk {};
  if (statvfs(config.data.c_str(), &disk) != 0) return;
  const uint64_t free = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  const uint64_t budget = config.inputs.webhook ? config.inputs.webhook->spool_budget : 0;
  const uint64_t wanted = budget + 2 * limits::kDiskReserveBytes;
  const std::string room = fmt::format("{:.1f} GB free", static_cast<double>(free) / 1e9);
  if (free < 2 * limits::kDiskReserveBytes) {
    out.fail("data", fmt::format("{}: {}, less than the reserve and the journal need", config.data, room),
             "make room, or move data: to a larger disk");
  } else if (free < wanted) {
    out.warn("data", fmt::format("{}: {}, the spool's budget is {}", config.data, room, format_size(budget)),
             "lower inputs.webhook.spool-budget or make room: a full disk means 429 to the API servers");
  } else {
    out.ok("data", fmt::format("{}: {}, spool budget {}", config.data, room, format_size(budget)));
  }
}

}  // namespace

void examine_config(LoadedConfig& loaded, Findings& out, const Env& env) {
  check_config(loaded);
  check_config_files(loaded, env);
  for (const Diagnostic& d : loaded.diagnostics.entries()) {
    const std::string what = fmt::format("{}:{}: {}", d.span.file, d.span.line, d.message);
    const std::string mend = d.hint.empty() ? "mend this place: kubevigil config check shows it" : d.hint;
    if (d.severity == Severity::Error) {
      out.fail("config", what, mend);
    } else {
      out.warn("config", what, mend);
    }
  }
  if (loaded.diagnostics.empty()) out.ok("config", "no problem found");
}

void examine_data(const Config& config, Findings& out, const Env& env) {
  std::error_code error;
  if (!std::filesystem::is_directory(config.data, error)) {
    return out.fail("data", config.data + " is no folder",
                    fmt::format("install -d -m 0700 -o USER {}, with the user that runs kubevigil", config.data));
  }
  examine_rights(config.data, out);
  examine_room(config, out);
  const std::string path = config.data + "/doctor.tmp";
  const auto times = sync_times(path, env);
  unlink(path.c_str());
  if (!times) {
    return out.fail("data", "cannot be written and synced: " + times.error().message,
                    "run doctor as the user that runs kubevigil, and give it the folder");
  }
  const Duration median = (*times)[times->size() / 2], worst = times->back();
  const std::string measured =
      fmt::format("fdatasync of 4 KiB takes {}, at worst {}", milliseconds(median), milliseconds(worst));
  if (median > kSlowSync) {
    out.warn("data", measured, "use a disk that syncs faster: no batch is acknowledged sooner");
  } else {
    out.ok("data", measured);
  }
}

void examine_clock(Findings& out) {
  timex state{};
  const int kept = adjtimex(&state);
  if (kept < 0) return out.warn("clock", "its state cannot be read", "see that NTP keeps it");
  if (kept == TIME_ERROR || (state.status & STA_UNSYNC) != 0) {
    return out.warn("clock", "the kernel does not know that anything keeps the clock",
                    "timedatectl set-ntp true: late events and silent senders are judged by the clock");
  }
  out.ok("clock", fmt::format("kept by NTP, within {:.1f} ms", static_cast<double>(state.maxerror) / 1000));
}

}  // namespace kubevigil
