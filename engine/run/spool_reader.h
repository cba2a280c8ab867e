// SpoolReader: the committed bodies of a spool in the order of their commits, from any position on, while it is
// written.
//
//   SpoolReader reader(spool, position);          // {} for the beginning
//   reader.next() -> Body: reader.body()          // take it; its `position` goes into the journal when it is processed
//                 -> Gap:  reader.gap()           // damage: `input_gap`; position() lies behind it
//                 -> End:  spool.wait_past(reader.seen()), then next() again
//
// Memory: 24 bytes for each 256 KiB of bodies that are not finished, and one block while a body is read.
// One thread; bodies that were taken may be read on others. The spool outlives reader and bodies, and must not be
// trimmed beyond a body that is still read.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "engine/codec/byte_stream.h"
#include "engine/run/log_reader.h"
#include "engine/run/spool.h"

namespace kubevigil {

struct SpooledBody {
  SpoolSource source;
  uint64_t sequence = 0;   // of its commit: its name
  uint64_t raw_bytes = 0;  // how long it is
  SpoolPosition position;  // behind it: a reader from here gives the next one
  // Exactly what was written. After damage: everything before it, then StreamEnd::Corrupt with a message. ReadError:
  // the disk refused; take the body again from the position before it.
  std::unique_ptr<ByteStream> bytes;
};

class SpoolReader {
 public:
  SpoolReader(const Spool& spool, SpoolPosition from);

  enum class Step : uint8_t { Body, Gap, End };
  DiskResult<Step> next();
  SpooledBody& body() { return body_; }
  const LogDamage& gap() const { return gap_; }
  SpoolPosition position() const;
  // The last record that was looked at, whatever it was.
  uint64_t seen() const { return reader_.position() - 1; }
  // Records that belong to no spool; only a mistake in this program could write them.
  uint64_t unknown_records() const { return unknown_; }

 private:
  struct Unfinished {
    uint64_t first = 0;  // sequence of the first block seen
    std::vector<LogPlace> blocks;
  };

  void block(std::string_view payload);
  bool commit(std::string_view payload);  // a body to give?

  const SegmentLog& log_;
  LogReader reader_;
  uint64_t after_;
  std::map<uint64_t, Unfinished> unfinished_;
  SpooledBody body_;
  LogDamage gap_;
  uint64_t unknown_ = 0;
};

}  // namespace kubevigil
