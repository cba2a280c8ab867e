// AlertBuilder: an episode and the event that opened it become an Alert, all values redacted and cut to a displayable
// length; later revisions of the episode update it. One thread (the correlator's); called once an opening, so it may
// read the whole event again.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/alert/alert.h"
#include "engine/alert/message.h"
#include "engine/alert/opening_facts.h"
#include "engine/alert/redaction.h"
#include "engine/event/field_lookup.h"
#include "engine/match/program.h"
#include "engine/state/episode.h"

namespace kubevigil {

// An alert that is not final yet, and its message with the fields filled in.
struct OpenAlert {
  Alert alert;
  std::vector<MessagePart> message;
};

// The event that opened an episode, where it is at hand. Firings at the watermark (absence, upper bounds) come later
// than their anchor; their alerts take what they can from the group key.
struct OpeningEvent {
  const Event* event = nullptr;
  FieldLookup* fields = nullptr;  // begun on the event
  bool salvaged = false;
};

// Path of a file by RecordPosition::file.
using FileNames = std::function<std::string(uint32_t)>;

class AlertBuilder {
 public:
  AlertBuilder(std::shared_ptr<const Program> program, Redactor redactor, FileNames files);

  OpenAlert opened(const Episode& episode, const OpeningEvent& opening) const;
  // The same from what facts() read of the event for this rule among others; null: the event is not at hand.
  OpenAlert opened(const Episode& episode, const OpeningFacts* facts) const;
  // What alerts of `rules` (indices) would say of the event. REQUIRES: it is at hand.
  OpeningFacts facts(const OpeningEvent& opening, std::span<const uint32_t> rules) const;
  // Takes count, times, values, sample and status of a later revision.
  void update(OpenAlert& open, const Episode& episode) const;

 private:
  void add_rule(Alert& alert, const Rule& rule) const;
  std::vector<AlertWhy> why_of(uint32_t rule, const OpeningEvent& opening) const;
  // For each entry of the group that it fills in: which element of the rule's key it is; SIZE_MAX where that is null.
  std::vector<size_t> add_group(Alert& alert, const Rule& rule, const Episode& episode) const;
  std::vector<std::string> values_of(const Rule& rule, const Episode& episode) const;

  std::shared_ptr<const Program> program_;
  Redactor redactor_;
  FileNames files_;
};

// At most limits::kDisplayBytes, cut between characters with an ellipsis.
std::string displayed(std::string_view text);
// Canonical text of a binary UUID; "" for zero.
std::string uuid_text(const std::array<uint8_t, 16>& id);
// "value_count of objectRef.namespace >= 4 within 10m": a correlation's condition for people; "" for detections.
std::string condition_text(const Rule& rule);

}  // namespace kubevigil
