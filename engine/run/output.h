// The two connector interfaces of alerts on their way out, implemented under outputs/ and composed by engine/app.
//
//   Encoding   one revision of an alert -> one record, in the words of one consumer. Knows nothing of where it goes.
//   Transport  one message (a body with one or more records) -> the world, and what became of it.
//
// Between them stands engine/run/framing.h, which puts records together: one document for `replay -o NAME`, or messages
// of bounded size for `serve`. An encoding says what its consumer expects in `Format`; nobody else knows.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/alert/alert.h"
#include "engine/base/env.h"

namespace kubevigil {

// How records stand together.
enum class Framing : uint8_t {
  Document,  // a heading, then records: a whole output (table, csv). Not for messages.
  Lines,     // every record is closed by a newline; any number in one message
  Array,     // one JSON array; any number in one message
  Single,    // one record a message; in a file one a line
  Apart,     // not of a consumer: each record as a message of its own, one behind the other; Message::ends
};

struct Format {
  Framing framing = Framing::Lines;  // what the consumer expects
  bool fixed = true;                 // false: any other but Document would also be understood (JSON records)
  std::string_view content_type;     // of a message with one record
  bool judges_records = false;       // over HTTP the consumer answers for each record (Elasticsearch's _bulk)
};

struct EncodingOptions {
  bool color = false;
  size_t width = 0;  // columns of the terminal; 0: no limit
  // false (replay): each alert comes once, in its last revision. true (serve): every revision comes, and the encoding
  // says in its own words what is new, what goes on and what is over.
  bool revisions = false;
  const Env* env = nullptr;                 // serve: the clock by which a consumer's time-outs run
  std::string version = {};                 // of this program, where the format names it
  std::string host = {};                    // of this instance, where the format names it; "": "kubevigil"
  std::string link = {};                    // address that an alert's id is appended to; "": none
  Duration expiry = Duration::minutes(15);  // alertmanager: how long after its last event an alert fires
  bool few_fields = false;                  // falco: only what stays the same from one alert of a kind to the next
};

// One thread at a time; no errors. Without `env` the output depends on the alerts alone.
class Encoding {
 public:
  virtual ~Encoding() = default;
  virtual Format format() const = 0;
  // Whether the consumer should hear of this revision (only asked when options.revisions).
  virtual bool wants(const Alert& alert) const;
  // Appends the record: what the values hold is escaped, lists and texts are bounded, no newline at the end.
  virtual void record(const Alert& alert, std::string& out) const = 0;
  // Document only: in front of the first record; and the whole output where there is no record.
  virtual void heading(std::string& out) const;
  virtual void nothing(std::string& out) const;
};

// Where an alert stands in the journal, and when what caused it arrived.
struct JournalPlace {
  uint64_t sequence = 0;
  Timestamp arrived;
};

// A body on its way. `alerts` are those whose records it holds, in their order; borrowed from the caller of bodies().
struct Message {
  std::string body;
  std::string_view content_type;
  std::span<const Alert> alerts;
  std::vector<size_t> ends = {};          // Framing::Apart: where each record ends in the body
  std::vector<JournalPlace> places = {};  // of each alert; empty: a reminder, a test
};

struct Delivery {
  enum class Kind : uint8_t {
    Delivered,  // the consumer has it: the cursor may move behind it
    Retry,      // not now (time-out, 429, 5xx, no connection): send the same message later
    Refused,    // never as it is (400, too large): for the dead-letter file
  };
  // A record of the message that fared otherwise than the rest (Elasticsearch judges each).
  struct Item {
    size_t index = 0;  // of Message::alerts
    Kind kind = Kind::Retry;
    std::string reason;
  };
  Kind kind = Kind::Delivered;
  std::string reason;            // what was found and where; no secrets; printable
  Duration retry_after{};        // Retry: what the consumer asked for; 0: the caller's back-off
  std::vector<Item> items = {};  // Delivered: exceptions
  std::string note = {};         // for the log: what was not as it should be, even so
};

// One instance a sink, used by that sink's thread alone. send() blocks, but no longer than the limits that the
// implementation names. A transport never retries by itself; it reconnects in the next send().
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Delivery send(const Message& message) = 0;
  // Any thread, at shutdown: a send under way that waits ends soon with Retry, and so do all later ones.
  virtual void cancel() {}
  // There is nothing to send: what has to be done by the clock. Blocks as send() does. Returns how long it need not be
  // called again.
  virtual Duration rest() { return Duration::hours(24); }
  // For the file: where the last delivered message ends. Stored with the sink's cursor (Outbox::delivered) and given
  // back at the next start, it makes redelivery after a crash leave no record twice. Opaque; "": no such place.
  virtual std::string position() const { return {}; }
};

// For consumers that forget (an Alertmanager keeps alerts in memory only): what they have to hear again and again.
// Used by the sink's thread alone.
class Reminders {
 public:
  virtual ~Reminders() = default;
  // `alert` was delivered at `now`. An older revision than the one that is known changes nothing.
  virtual void delivered(const Alert& alert, Timestamp now) = 0;
  // At a start: `alert` was delivered in an earlier life, nobody knows when. One that was long over stays over.
  virtual void recalled(const Alert& alert, Timestamp now) { delivered(alert, now); }
  // What to send now, longest waiting first, at most `most`.
  virtual std::vector<Alert> due(Timestamp now, size_t most) = 0;
  // Everything there is to remind of: told again after a restart, it goes on.
  virtual std::vector<Alert> all() const = 0;
};

}  // namespace kubevigil
