// Formats: what an input takes audit events out of, declared. A log, file or topic that carries the lines of other
// programs, too, carries what those choose to print: a whole wrapper with a forged event in it. So a live input takes
// what its configuration declares and nothing else; an archive is told apart by shape (no Formats at all).
//
//   formats = "any" | format {, format}
//   format  = NAME                           a row of the table: all that it carries
//           | NAME KEY {" " MEMBER=TEXT}     of a shipper: the event is the text in member KEY of the shipper's record,
//           and
//                                            each MEMBER of that record has exactly this TEXT
//
//   native    native, event-hubs    fluent-bit log kubernetes.container_name=kube-apiserver
//
// A shipper writes lines of anybody into strings, so a string counts only in the member that the configuration names;
// where other logs share the topic, MEMBER=TEXT says which record is the audit log's (a path, a container, a tag: what
// the shipper writes, not the one who prints). KEY and MEMBER are paths: "event.original" is that member, or `original`
// in `event`. KEY, MEMBER and TEXT hold printable ASCII without blank, comma and semicolon; MEMBER has no '='.
//
// Each wrapper on the way in must be declared. A native event in a declared wrapper is taken; a bare one only where
// `native` is declared (shippers that merge a line's JSON into their record make bare ones of what anybody prints).
//
// Values; shared between threads once made.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/event/envelope.h"

namespace kubevigil {

// A row of THE TABLE of formats: the parser below, `config check` and the generated documentation read it.
struct FormatInfo {
  std::string_view name;
  std::string_view description;
  uint32_t kinds;  // bits 1 << EnvelopeKind
  bool keyed;      // KEY must be said
};
std::span<const FormatInfo> format_table();

struct DeclaredFormat {
  const FormatInfo* info = nullptr;
  std::string key;
  std::vector<std::pair<std::string, std::string>> proof;
};

class Formats {
 public:
  // In the order of `texts`. The error says which is wrong, and what was expected; "any" is none of them.
  static Result<Formats> parse(std::span<const std::string> texts);

  // All that this kind of wrapper carries.
  bool takes(EnvelopeKind kind) const { return (kinds_ >> static_cast<unsigned>(kind) & 1u) != 0; }
  bool takes_lines() const;  // what is no JSON document
  std::span<const DeclaredFormat> shippers() const { return shippers_; }
  const std::string& text() const { return text_; }  // "native, fluent-bit log"

 private:
  uint32_t kinds_ = 0;
  std::vector<DeclaredFormat> shippers_;
  std::string text_;
};

// The table for people, in Markdown: deploy/formats.md.
std::string formats_page();

// Null: any.
using FormatsPtr = std::shared_ptr<const Formats>;
const FormatsPtr& native_formats();

// [any], or as Formats::parse.
Result<FormatsPtr> parse_formats(std::span<const std::string> texts);

// One word, for settings that are kept: no blank. decode_formats takes what format_word gave; of other words: native.
std::string format_word(std::span<const std::string> texts);
FormatsPtr decode_formats(std::string_view word);

}  // namespace kubevigil
