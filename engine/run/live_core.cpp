#include "engine/run/live_core.h"

#include <utility>

#include "engine/run/record_bytes.h"

namespace kubevigil {

LiveCore::LiveCore(std::shared_ptr<const LiveRules> rules)
    : rules_(std::move(rules)), detector_(std::make_unique<Detector>(rules_->program, rules_->detector)) {}

const std::string& LiveCore::process(const std::string& input, const LiveBatch& info, JudgedBatch& judged,
                                     std::vector<Alert>& out) {
  positions_[input] = info.to;
  const std::string& stream = detector_->process(info, judged, out);
  if (detector_->watermarks().is_active(stream)) {
    idle_after_[stream] = info.idle_after;
  } else if (const auto found = idle_after_.find(stream); found != idle_after_.end()) {
    idle_after_.erase(found);
  }
  return stream;
}

void LiveCore::idle(std::string_view stream, std::vector<Alert>& out) {
  detector_->idle(stream, out);
  if (const auto found = idle_after_.find(stream); found != idle_after_.end()) idle_after_.erase(found);
}

void LiveCore::swap(std::shared_ptr<const LiveRules> rules, std::vector<Alert>& out) {
  auto detector = std::make_unique<Detector>(rules->program, rules->detector);
  detector->take_over(*detector_, out);
  detector_ = std::move(detector);
  rules_ = std::move(rules);
}

Duration LiveCore::idle_after(std::string_view stream) const {
  const auto found = idle_after_.find(stream);
  return found == idle_after_.end() ? Duration{} : found->second;
}

// Bytes: u32 streams, for each: text name, u64 microseconds; then the Detector's.
std::string LiveCore::save() {
  std::string out;
  put_u32(out, static_cast<uint32_t>(idle_after_.size()));
  for (const auto& [stream, after] : idle_after_) {
    put_text(out, stream);
    put_u64(out, static_cast<uint64_t>(after.micros));
  }
  return out + detector_->save();
}

Result<void> LiveCore::load(std::string_view bytes, std::map<std::string, std::string> positions) {
  positions_ = std::move(positions);
  RecordBytes in{bytes};
  for (uint32_t i = in.u32(); i > 0 && !in.bad; --i) {
    std::string stream = in.text();
    idle_after_[std::move(stream)] = Duration{static_cast<int64_t>(in.u64())};
  }
  if (in.bad) return fail("the saved state is shorter than it says");
  return detector_->load(in.rest);
}

JournalAlert journal_alert(const Alert& alert) { return {alert.id, alert.revision, to_json(alert)}; }

}  // namespace kubevigil
