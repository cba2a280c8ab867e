#include "engine/run/live_alerts.h"

#include <algorithm>

#include "engine/alert/alert_reader.h"
#include "engine/run/alert_order.h"

namespace kubevigil {
namespace {

// The values of such a rule are the stages of one actor.
bool counts_stages(const Rule& rule) {
  if (rule.is_detection()) return false;
  const std::vector<std::string>& fields = rule.correlation().condition_fields;
  return std::find(fields.begin(), fields.end(), "hit.stage") != fields.end();
}

// Has what the analyst must know at once changed since `sent`?
bool is_urgent(const Rule& rule, const Episode& episode, const Alert& sent) {
  if (level_at(rule, episode.measure) != sent.level) return true;
  return counts_stages(rule) && episode.values.size() > sent.values.size();
}

void archive_message(Archive& archive, std::vector<MessagePart>& message) {
  archive.each(message, [&](MessagePart& part) {
    archive(part.kind);
    archive(part.text);
    archive(part.limit);
  });
}

void archive_alert(Archive& archive, Alert& alert) {
  std::string json = archive.is_saving() ? to_json(alert) : std::string();
  archive(json);
  if (archive.is_saving() || archive.failed()) return;
  auto read = alert_from_json(json);
  if (!read) return archive.fail();
  alert = std::move(*read);
}

}  // namespace

LiveAlerts::LiveAlerts(std::shared_ptr<const Program> program, Redactor redactor, FileNames files, size_t bytes)
    : program_(program), builder_(std::move(program), redactor, std::move(files)), max_bytes_(bytes) {}

void LiveAlerts::measure(Held& held) {
  bytes_ -= held.bytes;
  held.bytes = memory_of(held.open.alert) + sizeof(Held);
  for (const MessagePart& part : held.open.message) held.bytes += sizeof(part) + part.text.size();
  bytes_ += held.bytes;
}

void LiveAlerts::forget_due(uint64_t number, Held& held) {
  if (held.waiting) due_.erase({held.due, number});
  held.waiting = false;
}

void LiveAlerts::send(uint64_t number, Held& held, const Episode& episode, Timestamp watermark,
                      std::vector<Alert>& out) {
  forget_due(number, held);
  held.due = watermark + kUpdateEvery;
  builder_.update(held.open, episode);
  measure(held);
  out.push_back(held.open.alert);
}

void LiveAlerts::open(const Episode& episode, const OpeningEvent& opening, Timestamp watermark,
                      std::vector<Alert>& out) {
  Held& held = held_[episode.number];
  held.open = builder_.opened(episode, opening);
  held.due = watermark + kUpdateEvery;
  measure(held);
  out.push_back(held.open.alert);
}

void LiveAlerts::join(const Episode& episode, Timestamp watermark, std::vector<Alert>& out) {
  const auto at = held_.find(episode.number);
  if (at == held_.end()) return;
  Held& held = at->second;
  const Rule& rule = program_->rules().rules[episode.rule];
  if (watermark >= held.due || is_urgent(rule, episode, held.open.alert)) {
    return send(episode.number, held, episode, watermark, out);
  }
  if (held.waiting) return;
  held.waiting = true;
  due_.emplace(held.due, episode.number);
}

void LiveAlerts::close(const Episode& episode, std::vector<Alert>& out) {
  const auto at = held_.find(episode.number);
  if (at == held_.end()) return;
  send(episode.number, at->second, episode, Timestamp::min(), out);
  bytes_ -= at->second.bytes;
  held_.erase(at);
}

void LiveAlerts::flush(Timestamp watermark, const FindEpisode& find, std::vector<Alert>& out) {
  while (!due_.empty() && due_.begin()->first <= watermark) {
    const uint64_t number = due_.begin()->second;
    Held& held = held_.at(number);
    const Episode* episode = find(number);
    if (episode == nullptr) {
      forget_due(number, held);
    } else {
      send(number, held, *episode, watermark, out);
    }
  }
}

void LiveAlerts::archive(Archive& archive) {
  std::vector<uint64_t> numbers;
  for (const auto& [number, held] : held_) numbers.push_back(number);
  if (!archive.is_saving()) {
    held_.clear();
    due_.clear();
    bytes_ = 0;
  }
  archive.each(numbers, [&](uint64_t& number) {
    archive(number);
    Held& held = held_[number];
    archive_alert(archive, held.open.alert);
    archive_message(archive, held.open.message);
    archive(held.due);
    archive(held.waiting);
    if (archive.is_saving()) return;
    measure(held);
    if (held.waiting) due_.emplace(held.due, number);
  });
}

void LiveAlerts::take_over(LiveAlerts& old) {
  held_ = std::move(old.held_);
  due_ = std::move(old.due_);
  bytes_ = old.bytes_;
}

}  // namespace kubevigil
