#include "engine/run/watermarks.h"

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

constexpr std::string_view kOthers = "others";  // the stream that clusters share

}  // namespace

Watermarks::Streams::iterator Watermarks::add(const std::string& name, bool shared) {
  const auto added = streams_.emplace(name, Stream{}).first;
  added->second.number = next_number_++;
  added->second.shared = shared;
  added->second.left = next_left_++;
  sharing_ += shared ? 1 : 0;
  names_.emplace(added->second.number, name);
  if (names_.size() <= limits::kStreamNames) return added;
  for (auto it = names_.begin();; ++it) {  // fewer streams than names: one of them belongs to none
    const auto owner = streams_.find(it->second);
    if (owner != streams_.end() && owner->second.number == it->first) continue;
    names_.erase(it);
    return added;
  }
}

// The stream that has been idle longest leaves when there are too many.
bool Watermarks::make_room() {
  if (streams_.size() - sharing_ < limits::kStreams) return true;
  auto longest = streams_.end();
  for (auto it = streams_.begin(); it != streams_.end(); ++it) {
    if (it->second.active || it->second.shared) continue;
    if (longest == streams_.end() || it->second.left < longest->second.left) longest = it;
  }
  if (longest == streams_.end()) return false;
  streams_.erase(longest);
  return true;
}

Watermarks::Streams::iterator Watermarks::place_of(std::string_view stream, std::string_view cluster) {
  if (const auto known = streams_.find(stream); known != streams_.end()) return known;
  if (make_room()) return add(std::string(stream), false);
  ++shared_;
  const std::string others = "others/" + std::string(cluster);
  if (const auto known = streams_.find(others); known != streams_.end()) return known;
  if (sharing_ < kSharedStreams) return add(others, true);
  const auto last = streams_.find(kOthers);
  return last != streams_.end() ? last : add(std::string(kOthers), true);
}

const std::string& Watermarks::begin(std::string_view stream, std::string_view cluster, Duration slack) {
  current_ = place_of(stream, cluster);
  Stream& s = current_->second;
  s.cluster = current_->first == kOthers ? "" : cluster;
  s.slack = s.shared ? std::max(s.slack, slack) : slack;
  settle();
  return current_->first;
}

void Watermarks::settle() {
  Timestamp lowest = Timestamp::max(), behind = Timestamp::max();
  for (const auto& [name, stream] : streams_) {
    Timestamp& of_its_kind = stream.behind ? behind : lowest;
    if (stream.active) of_its_kind = std::min(of_its_kind, stream.watermark());
  }
  if (lowest == Timestamp::max()) lowest = behind;
  if (lowest == Timestamp::max()) return;  // none is active: time stands still
  lowest_ = lowest;
  watermark_ = std::max(watermark_, lowest_);
}

bool Watermarks::look_behind(Stream& s, Timestamp taken) {
  const Duration passed = taken - s.checked;
  const bool first = s.checked == Timestamp::min() || passed < Duration{0};
  if (!first && passed < kCheckEvery) return false;
  const Duration came_on = s.newest - s.newest_then;
  const bool behind = !first && taken - s.newest > kFarBehind && came_on < Duration{2 * passed.micros};
  s.checked = taken;
  s.newest_then = s.newest;
  return std::exchange(s.behind, behind) != behind;
}

Watermarks::Step Watermarks::event(const EventMark& mark, Timestamp taken) {
  Stream& s = current_->second;
  const bool held = !s.active || s.watermark() <= lowest_;
  const bool timed = mark.time_source != TimeSource::Previous;
  Step step;
  step.time = timed ? mark.time : s.last_time == Timestamp::min() ? taken : s.last_time;
  s.last_time = step.time;
  s.newest = std::max(s.newest, std::min(step.time, taken + kAhead));
  s.active = true;
  ++s.events;
  if (look_behind(s, taken) || held) settle();
  step.robust_time = s.newest;
  step.watermark = watermark_;
  return step;
}

void Watermarks::late(Duration behind) {
  LateData& late = current_->second.late;
  late.least = late.events == 0 ? behind : std::min(late.least, behind);
  late.most = std::max(late.most, behind);
  ++late.events;
}

bool Watermarks::is_active(std::string_view name) const {
  const auto at = streams_.find(name);
  return at != streams_.end() && at->second.active;
}

Timestamp Watermarks::idle(std::string_view name) {
  if (!is_active(name)) return watermark_;
  const auto at = streams_.find(name);
  at->second.active = false;
  at->second.left = next_left_++;
  settle();
  return watermark_;
}

std::vector<std::string> Watermarks::active() const {
  std::vector<std::string> out;
  for (const auto& [name, stream] : streams_) {
    if (stream.active) out.push_back(name);
  }
  return out;
}

std::vector<StreamReport> Watermarks::report() const {
  std::vector<StreamReport> out;
  for (const auto& [name, s] : streams_) {
    out.push_back({name, s.cluster, s.active, s.behind, s.watermark(), s.events});
  }
  return out;
}

std::vector<LateData> Watermarks::take_late() {
  std::vector<LateData> out;
  for (auto& [name, stream] : streams_) {
    if (stream.late.events == 0) continue;
    out.push_back(stream.late);
    out.back().stream = name;
    out.back().cluster = stream.cluster;
    stream.late = {};
  }
  return out;
}

std::string Watermarks::name(uint32_t number) const {
  const auto at = names_.find(number);
  return at == names_.end() ? "(forgotten stream)" : at->second;
}

void Watermarks::archive(Archive& archive) {
  std::vector<std::pair<std::string, Stream>> streams(streams_.begin(), streams_.end());
  archive.each(streams, [&](auto& item) {
    archive(item.first);
    Stream& s = item.second;
    archive(s.number);
    archive(s.active);
    archive(s.shared);
    archive(s.behind);
    archive(s.left);
    archive(s.slack.micros);
    archive(s.newest);
    archive(s.last_time);
    archive(s.checked);
    archive(s.newest_then);
  });
  std::vector<std::pair<uint32_t, std::string>> names(names_.begin(), names_.end());
  archive.each(names, [&](auto& item) {
    archive(item.first);
    archive(item.second);
  });
  archive(next_number_);
  archive(next_left_);
  archive(shared_);
  archive(watermark_);
  if (archive.is_saving()) return;
  streams_ = {std::make_move_iterator(streams.begin()), std::make_move_iterator(streams.end())};
  names_ = {std::make_move_iterator(names.begin()), std::make_move_iterator(names.end())};
  current_ = streams_.end();
  sharing_ = 0;
  for (const auto& [name, stream] : streams_) sharing_ += stream.shared ? 1 : 0;
  settle();
}

}  // namespace kubevigil
