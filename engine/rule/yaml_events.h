// A YAML text as a stream of events (YAML 1.2, chapter 3.1), read by libyaml, which is behind this header and nowhere
// else. Aliases are not resolved, and anchors not checked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kubevigil {

// Counted from 0; the column in characters, not bytes.
struct YamlMark {
  size_t line = 0, column = 0;
};

struct YamlEvent {
  enum class Kind : uint8_t {
    DocumentStart,
    DocumentEnd,
    Alias,
    Scalar,
    SequenceStart,
    SequenceEnd,
    MapStart,
    MapEnd,
    End,      // of the text
    Problem,  // not YAML: `text` is libyaml's word for it, `context` what it was reading. Nothing comes after it.
  };
  Kind kind = Kind::End;
  std::string text;     // of a Scalar; the name of an Alias
  std::string context;  // "while parsing a flow sequence"; may be empty
  std::string anchor;   // empty: none
  bool plain = false;   // Scalar: without quotes, block and tag
  YamlMark mark;
  YamlMark context_mark;  // where that begins
};

class YamlEvents {
 public:
  // `text` must outlive it.
  explicit YamlEvents(std::string_view text);
  ~YamlEvents();
  YamlEvent next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kubevigil
