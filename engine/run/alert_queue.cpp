#include "engine/run/alert_queue.h"

#include <algorithm>

#include "engine/alert/alert_reader.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr size_t kProblemsAtOnce = 100, kProblemBytes = 64u << 10;
constexpr uint64_t kLookBack = 1000;

std::optional<Timestamp> arrival_of(const JournalEntry& entry) {
  if (const auto* input = std::get_if<JournalInput>(&entry)) return input->taken;
  if (const auto* control = std::get_if<JournalControl>(&entry)) return control->time;
  return std::nullopt;
}

std::optional<Timestamp> arrival_before(const Journal& journal, uint64_t from) {
  std::optional<Timestamp> arrived;
  JournalReader reader(journal, std::max(journal.first_sequence(), from > kLookBack ? from - kLookBack : 0));
  while (reader.position() < from) {
    const auto step = reader.next();
    if (!step || *step == JournalReader::Step::End) break;
    if (*step != JournalReader::Step::Entry || reader.sequence() >= from) continue;
    if (const auto time = arrival_of(reader.entry())) arrived = time;
  }
  return arrived;
}

}  // namespace

AlertQueue::AlertQueue(const Journal& journal, uint64_t from, const Encoding& encoding, AlertQueueOptions options)
    : encoding_(encoding),
      options_(std::move(options)),
      reader_(journal, from),
      rate_(options_.rate, options_.sink),
      arrived_before_(arrival_before(journal, from)) {}

DiskResult<bool> AlertQueue::fill(Duration now, Timestamp wall, std::vector<JournalProblem>& problems, bool fold) {
  if (const auto due = rate_.digest_due(); due && (!fold || now >= *due)) push_digest();
  for (size_t entries = 0; entries < options_.entries; ++entries) {
    if (alerts_.size() >= options_.alerts || bytes_ >= options_.bytes) return true;
    if (problems.size() >= kProblemsAtOnce) return false;
    const auto step = reader_.next();
    if (!step) return tl::unexpected(step.error());
    if (*step == JournalReader::Step::End) return true;
    if (*step == JournalReader::Step::Entry) {
      take(reader_.entry(), now, wall, fold, problems);
      continue;
    }
    ++counts_.gaps;
    counts_.lost_entries += reader_.gap().end - reader_.gap().first;
    problems.push_back({reader_.gap().first, to_text(reader_.gap()), {}});
  }
  return false;
}

void AlertQueue::take(const JournalEntry& entry, Duration now, Timestamp wall, bool fold,
                      std::vector<JournalProblem>& problems) {
  if (const auto time = arrival_of(entry)) arrived_ = time;
  const auto* written = std::get_if<JournalAlert>(&entry);
  if (written == nullptr) return;
  auto alert = alert_from_json(written->body);
  if (!alert) {
    problems.push_back({reader_.sequence(), alert.error().message, cut_to_bytes(written->body, kProblemBytes)});
    return;
  }
  const Place place{reader_.sequence(), arrived_.value_or(arrived_before_.value_or(wall)), written->body.size(), false};
  if (!passes(options_.filter, *alert) || !encoding_.wants(*alert)) {
    ++counts_.filtered;
    return;
  }
  if (fold && !rate_.admits(*alert, now)) {
    ++counts_.folded;
    if (!first_folded_) first_folded_ = place;
    return;
  }
  push(std::move(*alert), place);
}

void AlertQueue::push(Alert alert, Place place) {
  bytes_ += place.bytes;
  alerts_.push_back(std::move(alert));
  places_.push_back(place);
}

void AlertQueue::push_digest() {
  push(rate_.take_digest(), *first_folded_);
  first_folded_.reset();
}

void AlertQueue::forget_done() {
  size_t kept = 0;
  for (size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].done) {
      bytes_ -= places_[i].bytes;
      continue;
    }
    if (kept != i) {
      alerts_[kept] = std::move(alerts_[i]);
      places_[kept] = places_[i];
    }
    ++kept;
  }
  alerts_.resize(kept);
  places_.resize(kept);
}

uint64_t AlertQueue::done_up_to() const {
  uint64_t first = first_folded_ ? std::min(first_folded_->sequence, reader_.position()) : reader_.position();
  for (const Place& place : places_) {
    if (!place.done) first = std::min(first, place.sequence);
  }
  return first - 1;
}

std::optional<Timestamp> AlertQueue::oldest() const {
  std::optional<Timestamp> oldest;
  const auto holds = [&](const Place& place) { oldest = std::min(oldest.value_or(place.arrived), place.arrived); };
  if (first_folded_) holds(*first_folded_);
  for (const Place& place : places_) {
    if (!place.done) holds(place);
  }
  return oldest;
}

std::optional<Timestamp> AlertQueue::settled() const {
  const auto open = oldest();
  if (!open || !arrived_) return open ? std::optional(*open - Duration{1}) : arrived_;
  return std::min(*arrived_, *open - Duration{1});
}

}  // namespace kubevigil
