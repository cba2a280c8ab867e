#include "inputs/tail_follower.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace kubevigil {
namespace {

constexpr Duration kDrainWait{100'000};

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
}

}  // namespace

TailInput::Follower::Follower(TailOptions options)
    : options_(std::move(options)), watch_(folder_of(options_.path)), cutter_(options_.held_bytes) {
  reported_ = options_.from;
}

TailStep TailInput::Follower::poll(TailBatch& batch, size_t most_pieces) {
  batch.gap.reset();
  batch.batch.memory.clear();
  batch.batch.records.clear();
  batch.batch.wrappers.clear();
  batch.batch.bad.clear();
  const uint64_t bytes = counters_.bytes;
  end_seen_now_ = false;
  cutter_.open(batch.batch, most_pieces, options_.batch_bytes);
  Next next = Next::GoOn;
  const auto stopped = [this] { return options_.stop != nullptr && options_.stop->load() != 0; };
  while (!cutter_.full() && !gap_ && next != Next::Wait && !stopped()) next = step();
  batch.gap = std::exchange(gap_, std::nullopt);
  cutter_.close();
  batch.batch.input_bytes = counters_.bytes - bytes;
  counters_.records += cutter_.count();
  measure_lag();
  const auto now = position();
  if (now) {
    batch.from = reported_.value_or(*now);
    batch.to = *now;
    reported_ = now;
  }
  return batch.pieces() > 0 || batch.gap ? TailStep::Batch : TailStep::Waiting;
}

TailInput::Follower::Next TailInput::Follower::step() {
  if (!file_) {
    if (!begin()) return Next::Wait;
    if (!reported_) reported_ = position();
    return Next::GoOn;
  }
  if (cut_ == filled_) {
    if (file_->truncated()) return cut_in_place() ? Next::GoOn : Next::Wait;
    read_.resize(std::max<size_t>(options_.read_bytes, 1));
    cut_ = 0;
    const bool beginning = file_->offset() == 0 && !file_->compressed();
    filled_ = file_->read({read_.data(), read_.size()});
    if (beginning && is_live() && read_copies_first()) return Next::GoOn;
    if (filled_ == 0) return at_end() ? Next::GoOn : Next::Wait;
    ends_seen_ = 0;
  }
  const size_t n = cutter_.feed(std::string_view(read_).substr(cut_, filled_ - cut_));
  cut_ += n;
  counters_.bytes += n;
  return Next::Read;
}

void TailInput::Follower::wait(Duration most) {
  watch_.wait(ends_seen_ > 0 ? std::min(most, kDrainWait) : most, options_.stop);
}

std::optional<TailPosition> TailInput::Follower::position() const {
  if (!file_) return reported_;
  const TailCutter::Mark& mark = cutter_.mark();
  const bool here = mark.number == number_;
  TailPosition p;
  p.file = here ? file_->identity() : last_.file;
  p.number = mark.number;
  p.offset = mark.offset;
  p.line = mark.line;
  p.given = cutter_.given();
  p.tail = fingerprint(mark.last);
  const Predecessor& before = here ? before_ : last_.before;
  p.before = before.head;
  p.after_us = before.closed_us;
  return p;
}

TailCounters TailInput::Follower::counters() const {
  TailCounters out = counters_;
  out.records_given_up = cutter_.given_up();
  return out;
}

bool TailInput::Follower::is_live() const {
  struct stat status {};
  if (::stat(options_.path.c_str(), &status) != 0) return false;
  const FileIdentity file = file_->identity();
  return status.st_dev == file.device && status.st_ino == file.inode;
}

std::optional<LogFolder> TailInput::Follower::look() {
  auto folder = read_log_folder(options_.path);
  if (!folder) return std::nullopt;
  counters_.files_ignored = folder->ignored;
  problem_ = folder->problem;
  return folder;
}

void TailInput::Follower::measure_lag() {
  counters_.lag_bytes = behind_ + (file_ ? file_->unread() + (filled_ - cut_) : 0);
}

void TailInput::Follower::adopt(std::unique_ptr<TailedFile> file, Predecessor before) {
  file_ = std::move(file);
  before_ = before;
  cut_ = filled_ = 0;
  ends_seen_ = 0;
  missed_ = 0;
}

}  // namespace kubevigil
