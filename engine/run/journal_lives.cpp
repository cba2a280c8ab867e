#include "engine/run/journal_lives.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr size_t kDigits = 32;
constexpr size_t kLineBytes = kDigits + 22;  // with the longest number

bool is_id(std::string_view text) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == kDigits && std::ranges::all_of(text, digit);
}

std::optional<JournalLives::Earlier> earlier_of(std::string_view line) {
  const std::vector<std::string_view> words = split(line, ' ');
  if (words.size() != 2 || !is_id(words[0])) return std::nullopt;
  JournalLives::Earlier out{std::string(words[0])};
  const char* const last = words[1].data() + words[1].size();
  const auto [end, error] = std::from_chars(words[1].data(), last, out.end);
  if (error != std::errc() || end != last) return std::nullopt;
  return out;
}

// nullopt: it is damaged.
std::optional<JournalLives> lives_of(std::string_view text) {
  if (text.empty() || text.back() != '\n') return std::nullopt;
  text.remove_suffix(1);
  std::vector<std::string_view> lines = split(text, '\n');
  if (!is_id(lines.back())) return std::nullopt;
  JournalLives out{std::string(lines.back())};
  lines.pop_back();
  for (const std::string_view line : lines) {
    auto earlier = earlier_of(line);
    if (!earlier) return std::nullopt;
    out.earlier.push_back(std::move(*earlier));
  }
  return out;
}

std::string text_of(const JournalLives& lives) {
  std::string out;
  for (const JournalLives::Earlier& life : lives.earlier) out += fmt::format("{} {}\n", life.id, life.end);
  return out + lives.now + "\n";
}

// nullopt: there is none, or it is damaged.
DiskResult<std::optional<JournalLives>> read_lives(Disk& disk, const std::string& path) {
  const auto file = disk.open(path);
  if (!file && file.error().fault == DiskFault::Missing) return std::nullopt;
  if (!file) return tl::unexpected(file.error());
  std::string text((kJournalLives + 1) * kLineBytes, '\0');
  const auto read = (*file)->read_at(0, text);
  if (!read) return tl::unexpected(read.error());
  text.resize(*read);
  return lives_of(text);
}

DiskResult<void> write_lives(Disk& disk, const std::string& folder, const std::string& path, std::string_view text) {
  const std::string temporary = path + ".tmp";
  if (const auto removed = disk.remove(temporary); !removed && removed.error().fault != DiskFault::Missing) {
    return tl::unexpected(removed.error());
  }
  auto file = disk.create(temporary);
  if (!file) return tl::unexpected(file.error());
  if (const auto written = (*file)->append(text); !written) return tl::unexpected(written.error());
  if (const auto synced = (*file)->sync(); !synced) return tl::unexpected(synced.error());
  if (const auto renamed = disk.rename(temporary, path); !renamed) return tl::unexpected(renamed.error());
  return disk.sync_folder(folder);
}

// As it was, and one more; what the journal does not have any longer is not ours to know.
DiskResult<JournalLives> next_lives(Disk& disk, const std::string& path, uint64_t end, const Env& env) {
  auto known = read_lives(disk, path);
  if (!known) return tl::unexpected(known.error());
  JournalLives out = new_journal_life(env);
  if (!*known) return out;
  out.earlier = std::move((*known)->earlier);
  out.earlier.push_back({(*known)->now, end});
  for (JournalLives::Earlier& life : out.earlier) life.end = std::min(life.end, end);
  const size_t kept = std::min(out.earlier.size(), kJournalLives - 1);
  out.earlier.erase(out.earlier.begin(), out.earlier.end() - static_cast<std::ptrdiff_t>(kept));
  return out;
}

}  // namespace

bool JournalLives::had(std::string_view id, uint64_t sequence) const {
  return std::ranges::any_of(earlier, [&](const Earlier& life) { return life.id == id && sequence < life.end; });
}

JournalLives new_journal_life(const Env& env) { return {fmt::format("{:016x}{:016x}", env.random(), env.random())}; }

DiskResult<JournalLives> begin_journal_life(Disk& disk, const std::string& folder, uint64_t end, const Env& env) {
  const std::string path = folder + "/id";
  auto lives = next_lives(disk, path, end, env);
  if (lives) {
    const auto written = write_lives(disk, folder, path, text_of(*lives));
    if (written) return lives;
    lives = tl::unexpected(written.error());
  }
  static_cast<void>(disk.remove(path));  // what it says holds up to `end` only, which a later start would not know
  return lives;
}

}  // namespace kubevigil
