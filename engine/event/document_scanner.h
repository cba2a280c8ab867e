// DocumentScanner: finds where one JSON document ends, by brackets and quotes, fed in growing pieces. It judges
// only what tells a whole document from a broken one; whether it is JSON is for the parser to say.
//
// A document is torn when
//   * a string runs over a line feed or a NUL, or a NUL stands between tokens (JSON forbids both);
//   * a string begins or ends where no string may (the quotes are out of step), unless told to be lenient;
//   * a line begins with a byte that cannot continue it;
//   * a line begins with '{' in its first column, and the document is compact (its first line goes on behind the
//     opening bracket) or indented: then that is the next document.
//
// On the way it notes the members that the splitter cares about: lists of records (container_grammar.h), and bodies
// that may be left out of a record that is too large.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/container_grammar.h"

namespace kubevigil {

class DocumentScanner {
 public:
  enum class Outcome : uint8_t {
    More,  // the text is used up
    End,   // at() is behind the closing bracket
    List,  // at() is behind the '[' of a member that holds records
    Torn,  // at() is the byte that cannot be; see torn_line_begin()
  };

  // `inside`: the list that the document is an element of; Records when it stands on its own.
  void start_document(bool lenient, ListOf inside = ListOf::Records);
  // Behind the list of a container, `depth` brackets deep: scans the rest of its members.
  void start_rest(ListOf inside, size_t depth);

  // `text` begins where the document begins and only grows from call to call.
  Outcome scan(std::string_view text);

  size_t at() const { return at_; }
  // After Outcome::List: the member, and how many brackets enclose its list.
  const ListMember& list() const { return *list_; }
  size_t depth_of_list() const { return depth_ - 1; }
  // Torn at the beginning of a line: that line is the next document's. Otherwise at() is inside the torn line.
  bool torn_at_line_begin() const { return torn_at_line_begin_; }
  size_t line_begin() const { return line_begin_; }

  // Bytes from the beginning to at(), without bodies and without a member that may yet turn out to be one: never
  // falls as the scan goes on.
  size_t size_without_bodies() const;
  // Takes the bodies seen so far out of `text` (at `begin`); returns how many bytes and line feeds went away.
  struct Dropped {
    size_t bytes = 0;
    size_t lines = 0;
  };
  Dropped drop_bodies(std::string& text, size_t begin);
  // Everything before at() was thrown away by the caller.
  void forget() { shift(0, at_); }

 private:
  struct Body {
    size_t begin;  // the ',' or '{' in front of the key
    size_t value;  // behind the ':'
    size_t end;    // the ',' or '}' behind the value; kOpen while inside
  };
  static constexpr size_t kOpen = SIZE_MAX;
  static constexpr size_t kBodies = 16;     // repeated keys; more are kept as they are
  static constexpr size_t kKeyBytes = 256;  // of the key of a body, with the blanks around it

  // document_blocks.cpp
  struct Block;
  void scan_blocks(std::string_view text);
  size_t step_over(const Block& block, std::string_view text);
  void remember_token(const Block& block, size_t begin, size_t size);

  bool scan_string(std::string_view text);
  bool line_may_go_on(char c) const;
  bool structural(char c);
  void end_string(std::string_view text);
  void end_key(std::string_view name);
  void close_body();
  void shift(size_t from, size_t count);

  size_t at_ = 0;
  size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool lenient_ = false;
  char last_ = 0;  // last byte that is not a blank, outside strings; '"' for a string
  size_t last_at_ = 0;
  char before_string_ = 0;
  size_t string_begin_ = 0;
  bool object_ = false;  // the outermost bracket is '{'
  bool compact_ = false;
  bool indented_ = false;
  bool second_line_ = false;
  size_t lines_ = 0;  // line feeds so far
  bool line_begins_ = false;
  bool first_column_ = false;
  size_t line_begin_ = 0;
  bool torn_at_line_begin_ = false;
  size_t undecided_ = kOpen;  // the comma of a member of the outermost object, until its colon
  size_t slow_until_ = 0;     // up to here byte by byte
  size_t member_ = 0;         // where the current member of the outermost object begins
  enum class Key : uint8_t { Other, List, Body, Data } key_ = Key::Other;
  ListOf inside_ = ListOf::Records;
  const ListMember* list_ = nullptr;  // for Key::List
  bool in_data_ = false;              // inside the object under `data`, a member of the outermost one
  bool is_event_ = false;             // an auditID was seen: no container
  std::vector<Body> bodies_;
};

}  // namespace kubevigil
