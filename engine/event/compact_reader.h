// The envelope of a record in the form in which API servers write it: JSON without white space between its tokens. One
// pass without an index of the record: strings are scanned once, bodies are stepped over by their brackets, outside
// strings. For each record it either fills the event exactly as the general reader does (event_reader.cpp), or gives up
// at the first thing that it does not expect, and the general reader reads that record. So it can be deleted without
// loss of function; tests hold the two against each other.
//
//   record = object                              and nothing behind it
//   object = "{" [ member *( "," member ) ] "}"
//   member = key ":" value                       in any order; no escapes in keys
//   value  = scalar | "[" [ scalar *( "," scalar ) ] "]" | object | body       as event_members.h has it; unknown
//                                                                              members are scalars and bodies
//   body   = bytes from a bracket to the one that ends it, whatever kind of brackets they are
//
// The end of a body is never looked for by the text behind it: an object may hold members named like the envelope's.
#pragma once

#include <string>
#include <string_view>

#include "engine/event/event.h"

namespace kubevigil {

enum class CompactRead : uint8_t {
  GaveUp,  // the event holds anything
  Read,
  NotAscii,  // read, if only the record is UTF-8: that was not checked
};

// `decoded` holds strings that had escapes; the event borrows from it and from the record. REQUIRES: kRecordPadding
// (event_reader.h) readable bytes behind the record; a cleared event.
CompactRead read_compact(std::string_view record, std::string& decoded, Event& event);

}  // namespace kubevigil
