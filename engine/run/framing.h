// Framing: puts the records of an encoding together. DocumentWriter for one whole output (replay, demo), bodies() for
// messages of bounded size (serve). Both write the same bytes around a record. Pure; one thread.
//
// Grammar, R a record and NL a newline:
//   Document  heading (R NL)+ | nothing
//   Lines     (R NL)*
//   Array     "[" NL R ("," NL R)* NL "]" NL | "[]" NL
//   Single    in a message R; in a document as Lines
//   Apart     (R | "[" NL R NL "]" NL | R NL)*      as a consumer of one record at a time wants it: bare, but for those
//                                                    that know arrays only, or that judge lines (es-bulk)
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/run/output.h"

namespace kubevigil {

// Writes one document record by record. The encoding must outlive it.
class DocumentWriter {
 public:
  explicit DocumentWriter(const Encoding& encoding);
  // Both append.
  void alert(const Alert& alert, std::string& out);
  void end(std::string& out);

 private:
  const Encoding& encoding_;
  Framing framing_;
  bool first_ = true;
};

struct BodyLimits {
  size_t records = 500;     // in one message
  size_t bytes = 4u << 20;  // of one body; a single record that is larger still goes, alone
};

// Whether the consumer of `format` understands `framing`; Apart is its own for one record.
bool understands(const Format& format, Framing framing);

// The alerts, all of them and in their order, as messages in `framing`. REQUIRES: understands(encoding.format(),
// framing). The messages borrow from `alerts`, which the caller has filtered by Encoding::wants().
std::vector<Message> bodies(const Encoding& encoding, Framing framing, std::span<const Alert> alerts,
                            const BodyLimits& limits = {});

}  // namespace kubevigil
