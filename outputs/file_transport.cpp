#include "outputs/file_transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "engine/base/hash.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

// What may stand behind a position: one message. More was not written by us since.
constexpr uint64_t kMostUndone = 32u << 20;
constexpr size_t kHashed = 4096;

struct Place {
  uint64_t number = 0, size = 0;  // its hash is compared as text
};

std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool plain = !text.empty() && text.size() <= 18 && (text == "0" || text.front() != '0');
  if (!plain || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Place> parse_place(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() != 3) return std::nullopt;
  const auto number = parse_number(parts[0]), size = parse_number(parts[1]);
  if (!number || !size) return std::nullopt;
  return Place{*number, *size};
}

// At most `most` bytes in front of `end`.
DiskResult<std::string> bytes_before(const DiskFile& file, uint64_t end, size_t most) {
  std::string bytes(static_cast<size_t>(std::min<uint64_t>(end, most)), '\0');
  const auto got = file.read_at(end - bytes.size(), bytes);
  if (!got) return tl::unexpected(got.error());
  bytes.resize(*got);
  return bytes;
}

}  // namespace

FileTransport::FileTransport(const FileTransportOptions& options, Disk& disk) : options_(options), disk_(disk) {
  const size_t slash = options_.path.rfind('/');
  folder_ = slash == std::string::npos ? "." : slash == 0 ? "/" : options_.path.substr(0, slash);
  name_ = slash == std::string::npos ? options_.path : options_.path.substr(slash + 1);
  options_.keep = std::max<size_t>(options_.keep, 1);
}

Result<std::unique_ptr<FileTransport>> FileTransport::open(const FileTransportOptions& options,
                                                           std::string_view position, Disk& disk) {
  std::unique_ptr<FileTransport> transport(new FileTransport(options, disk));
  if (transport->name_.empty()) return fail("the path of a file output ends in a folder");
  transport->position_ = position;
  if (const auto made = disk.make_folder(transport->folder_); !made) return fail(made.error().message);
  const auto opened = transport->reopen();
  if (!opened && opened.error().fault != DiskFault::Full) return fail(opened.error().message);  // send() opens it then
  return transport;
}

std::string FileTransport::rotated(uint64_t number) const { return fmt::format("{}.{}", options_.path, number); }

DiskResult<std::vector<uint64_t>> FileTransport::rotated_numbers() {
  const auto names = disk_.list(folder_);
  if (!names) return tl::unexpected(names.error());
  std::vector<uint64_t> numbers;
  for (const std::string& name : *names) {
    if (!name.starts_with(name_ + ".")) continue;
    const auto number = parse_number(std::string_view(name).substr(name_.size() + 1));
    if (number && *number > 0) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

DiskResult<void> FileTransport::reopen() {
  file_.reset();
  const auto numbers = rotated_numbers();
  if (!numbers) return tl::unexpected(numbers.error());
  number_ = numbers->empty() ? 1 : numbers->back() + 1;
  if (const auto undone = undo_rotation(); !undone) return undone;
  if (const auto opened = open_active(); !opened) return opened;
  const auto cut = cut_back();
  if (!cut) file_.reset();
  return cut;
}

// The delivered part ends in the newest rotated file: it takes the active one's place again. What was active holds at
// most the message that will be sent again.
DiskResult<void> FileTransport::undo_rotation() {
  const auto place = parse_place(position_);
  if (!place || place->number + 1 != number_) return {};
  const auto active = disk_.open(options_.path);
  if (!active && active.error().fault != DiskFault::Missing) return tl::unexpected(active.error());
  if (active && (*active)->size() > kMostUndone) return {};
  const auto before = disk_.open(rotated(place->number));
  if (!before) return tl::unexpected(before.error());
  const auto fitting = fits(**before);
  if (!fitting) return tl::unexpected(fitting.error());
  if (!*fitting) return {};
  if (const auto renamed = disk_.rename(rotated(place->number), options_.path); !renamed) return renamed;
  --number_;
  return disk_.sync_folder(folder_);
}

DiskResult<void> FileTransport::open_active() {
  auto opened = disk_.open(options_.path);
  if (!opened && opened.error().fault == DiskFault::Missing) {
    opened = disk_.create(options_.path);
    if (opened) {
      if (const auto synced = disk_.sync_folder(folder_); !synced) return synced;
    }
  }
  if (!opened) return tl::unexpected(opened.error());
  file_ = std::move(*opened);
  file_->reread();
  return {};
}

DiskResult<std::string> FileTransport::position_at(const DiskFile& file, uint64_t size) const {
  const auto last = bytes_before(file, size, kHashed);
  if (!last) return tl::unexpected(last.error());
  return fmt::format("{}:{}:{:016x}", number_, size, siphash(options_.path + '\0' + *last).high);
}

// Whether position_ was taken of this file, which is or was the active one, and little stands behind it.
DiskResult<bool> FileTransport::fits(const DiskFile& file) const {
  const auto place = parse_place(position_);
  if (!place || place->size > file.size() || file.size() - place->size > kMostUndone) return false;
  const auto is = position_at(file, place->size);
  if (!is) return tl::unexpected(is.error());
  return position_.substr(position_.find(':')) == is->substr(is->find(':'));
}

DiskResult<void> FileTransport::cut_back() {
  const auto place = parse_place(position_);
  const auto fitting = fits(*file_);
  if (!fitting) return tl::unexpected(fitting.error());
  DiskResult<void> changed;
  if (*fitting && place->number == number_) {
    if (place->size == file_->size()) return {};
    changed = file_->truncate(place->size);
  } else {
    if (!position_.empty()) {
      note_ = fmt::format("{} is not as this sink left it (position {}): writing goes on behind what is there",
                          printable(options_.path), printable(position_));
    }
    const auto last = bytes_before(*file_, file_->size(), 1);
    if (!last) return tl::unexpected(last.error());
    if (!last->empty() && *last != "\n") changed = file_->append("\n");
  }
  if (!changed) return changed;
  if (const auto synced = file_->sync(); !synced) return synced;  // it may be rotated before anything is written
  return take_position();
}

DiskResult<void> FileTransport::take_position() {
  auto position = position_at(*file_, file_->size());
  if (!position) return tl::unexpected(position.error());
  position_ = std::move(*position);
  return {};
}

DiskResult<void> FileTransport::rotate() {
  file_.reset();
  if (const auto renamed = disk_.rename(options_.path, rotated(number_)); !renamed) return renamed;
  // Names are not made durable in their order: without this the new file might take the old one's place.
  if (const auto synced = disk_.sync_folder(folder_); !synced) return synced;
  auto created = disk_.create(options_.path);
  if (!created) return tl::unexpected(created.error());
  if (const auto synced = disk_.sync_folder(folder_); !synced) return synced;
  file_ = std::move(*created);
  ++number_;
  return remove_old();
}

DiskResult<void> FileTransport::remove_old() {
  const auto numbers = rotated_numbers();
  if (!numbers) return tl::unexpected(numbers.error());
  for (const uint64_t number : *numbers) {
    if (number + options_.keep >= number_) break;
    if (const auto removed = disk_.remove(rotated(number)); !removed) return removed;
  }
  return {};
}

// Somebody removed, renamed or replaced the active file: the name is ours to begin anew, what stands there is not ours.
void FileTransport::forget_file() {
  file_.reset();
  position_.clear();
}

DiskResult<void> FileTransport::write(std::string_view text) {
  if (file_ != nullptr && !file_->has_name(options_.path)) forget_file();
  if (file_ == nullptr) {
    if (const auto opened = reopen(); !opened) return opened;
  }
  if (file_->size() > 0 && file_->size() + text.size() > options_.rotate_bytes) {
    if (const auto done = rotate(); !done) return done;
  }
  if (const auto written = file_->append(text); !written) return written;
  if (options_.sync) {
    if (const auto synced = file_->sync(); !synced) return synced;
  }
  if (!file_->has_name(options_.path)) {
    forget_file();
    return disk_fail(DiskFault::Missing, printable(options_.path) + " was removed or replaced by another program");
  }
  return take_position();
}

Delivery FileTransport::send(const Message& message) {
  std::string text = message.body;
  if (text.empty() || text.back() != '\n') text += '\n';
  if (text.size() > kMostUndone) return {Delivery::Kind::Refused, "the message is larger than 32 MiB"};
  const auto written = write(text);
  if (written) return {};
  file_.reset();  // the next send opens the file again and cuts off what came of this one
  return {Delivery::Kind::Retry, written.error().message};
}

}  // namespace kubevigil
