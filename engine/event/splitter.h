// Splitter: bytes of one file into records, streaming. The result does not depend on how the bytes are fed.
//
//   input    = { junk | document | list | line }
//   junk     = blanks, line feeds, commas, NULs, RS (RFC 7464), byte order marks
//   document = from '{' to its closing bracket: one record, or a container (container_grammar.h): an object with a
//              list of records in it. Each element is a record of its own, or a container again; the members in front
//              of the list become its Wrapper.
//   list     = a JSON array of documents and lists
//   line     = anything else up to the line feed: CRI, docker, syslog and CloudWatch prefixes, legacy text
//
// A line that begins like a native event (begins_native()) and ends with '}' is taken as it is (the fast path: one
// memchr); the reader of the record cuts it again, with native_lines off, if it does not parse.
// A broken document never takes a following one with it: see document_scanner.h. If a native event that ends with
// the line is found inside the broken line, it becomes a record marked `salvaged` (glued_record.h).
// Memory follows the record, not the container. A record above record_bytes loses its bodies while it streams by; when
// that does not do, and for text, only its head is handed on, both with BodyDefect::Oversize.
// One thread. Nothing throws.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/limits.h"
#include "engine/event/document_scanner.h"
#include "engine/event/record_sink.h"

namespace kubevigil {

// How API servers begin an event, and what comes first when a shipper has sorted the members. No container begins so.
inline constexpr std::array<std::string_view, 3> kNativeBegins = {R"({"kind":"Event",)", R"({"annotations":{")",
                                                                  R"({"auditID":")"};
inline bool begins_native(std::string_view text) {
  return std::any_of(kNativeBegins.begin(), kNativeBegins.end(),
                     [&](std::string_view begin) { return text.starts_with(begin); });
}

struct SplitterOptions {
  uint32_t file = 0;
  uint64_t offset = 0;  // position of the first byte fed
  uint64_t line = 1;
  bool native_lines = true;
  size_t record_bytes = limits::kRecordBytes;
  size_t streamed_bytes = limits::kStreamedBytes;
};

class Splitter {
 public:
  explicit Splitter(RecordSink& sink, SplitterOptions options = {});

  void feed(std::string_view bytes);
  // The input ends here. `cut_off`: it ended before its time, so that an unfinished record is not the writer's fault.
  void finish(bool cut_off);
  // True when everything fed was dealt with. What is still remembered of it, brackets that a broken list left behind,
  // is then forgotten: a new splitter that starts here goes on in the same way.
  bool settle() {
    if (state_ != State::Between || !lists_.empty() || begin_ != data_.size()) return false;
    stray_closers_ = false;
    return true;
  }

 private:
  enum class State : uint8_t { Between, NativeLine, TextLine, Document, Scalar, TornLine, SkipLine };
  struct List {
    std::shared_ptr<const Wrapper> wrapper;  // of its elements; null when there is none
    ListOf holds = ListOf::Records;
    size_t depth = 0;                 // brackets around the list in its container; 0: a plain array
    ListOf inside = ListOf::Records;  // what the container is an element of
  };

  void run();
  bool step();  // false: wants more bytes
  bool between();
  bool begin_value(char c);
  bool begin_array();
  bool end_list();
  bool native_line();
  bool text_line();
  bool document();
  bool scalar();
  bool torn_line();
  bool skip_line();

  // splitter_document.cpp
  void open_list();
  void end_document();
  void drop_what_is_too_large();
  void torn(size_t size, std::string_view why);
  void close_lists(std::string_view why);

  void emit(std::string_view text, RecordPosition position, BodyDefect defect, bool salvaged);
  void bad(BadReason reason, RecordPosition position, std::string message, std::string_view kept);
  std::string_view rest() const { return std::string_view(data_).substr(begin_); }
  RecordPosition position(size_t index);
  static constexpr size_t kListDepth = 8;  // lists in lists; deeper ones are records

  size_t head_bytes() const { return options_.record_bytes / 4; }  // of a record that is handed on without its end
  ListOf inside() const { return lists_.empty() ? ListOf::Records : lists_.back().holds; }
  void start(State state);
  void consume_to(size_t index);

  RecordSink& sink_;
  SplitterOptions options_;
  std::string data_;
  size_t begin_ = 0;   // what is before it was dealt with
  size_t looked_ = 0;  // behind begin_: searched for a line feed already
  uint64_t base_ = 0;  // offset of data_[0] in the input
  uint64_t line_ = 1;  // line of data_[counted_]
  size_t counted_ = 0;
  bool final_ = false;
  bool cut_off_ = false;
  State state_ = State::Between;
  DocumentScanner scanner_;
  RecordPosition record_position_;
  std::string record_head_;  // first bytes of a record that is being dropped
  uint64_t dropped_ = 0;     // bytes taken out of the current record
  bool oversize_ = false;
  bool too_long_ = false;
  bool rest_of_container_ = false;
  std::vector<List> lists_;
  bool comma_needed_ = false;                    // an element ended, and no comma came yet
  bool stray_closers_ = false;                   // a broken list left its closing brackets behind
  std::shared_ptr<const Wrapper> rest_wrapper_;  // of the container whose rest is being scanned
};

}  // namespace kubevigil
