// RecordReader: a record into events: as a native event if it is one, else out of its envelope. One per worker.
#pragma once

#include <string>

#include "engine/event/envelope.h"
#include "engine/event/event_reader.h"
#include "engine/event/record.h"

namespace kubevigil {

class EventSink {
 public:
  virtual ~EventSink() = default;
  // The event and all it borrows are dead when this returns.
  virtual void event(const Event& event) = 0;
  virtual void bad(BadRecord bad) = 0;
};

class RecordReader {
 public:
  // `cluster`: the name to use when the envelope has none; a name in the envelope wins, and Batch::cluster over both.
  explicit RecordReader(std::string cluster = {});

  // Every event of the record, in order; and one BadRecord for each part that gave none. A record that holds another
  // log (reason OtherLog) is no fault of the input: count it, but do not report it.
  // `previous`: the time of the record before this one, for events that have no time at all.
  // REQUIRES: `batch` ends with kRecordPadding bytes of slack (BatchBuilder::finish).
  void read(const Batch& batch, const Record& record, Timestamp previous, EventSink& sink);

 private:
  struct Context {
    RecordPosition position;
    Timestamp previous;
    BodyDefect defect;
    bool salvaged;
    const Batch& batch;
    const EnvelopeContext& envelope;
  };
  bool read_native(std::string_view text, const Context& context, EventSink& sink, ReadError& error);
  void read_wrapped(std::string_view text, const Context& context, const ReadError& error, EventSink& sink);
  bool read_unwrapped(const UnwrappedEvent& wrapped, const Context& context, EventSink& sink, ReadError& error);
  bool cut_again(std::string_view text, const Context& context, EventSink& sink);

  const EnvelopeContext& envelope_of(const std::shared_ptr<const Wrapper>& wrapper, const Formats* formats);

  std::string cluster_;
  std::shared_ptr<const Wrapper> wrapper_;  // of the last record, and what it says
  EnvelopeContext envelope_;
  EventReader reader_;
  Event event_;
};

}  // namespace kubevigil
