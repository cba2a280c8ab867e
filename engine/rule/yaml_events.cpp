#include "engine/rule/yaml_events.h"

#include <yaml.h>

#include <algorithm>
#include <cassert>

namespace kubevigil {
namespace {

std::string text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string() : reinterpret_cast<const char*>(text);
}

YamlMark mark_of(const yaml_mark_t& mark) { return {mark.line, mark.column}; }

void read_scalar(const yaml_event_t& from, YamlEvent& out) {
  const auto& scalar = from.data.scalar;
  out.kind = YamlEvent::Kind::Scalar;
  out.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
  out.anchor = text_of(scalar.anchor);
  out.plain = scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.tag == nullptr;
}

// False: an event that says nothing about documents.
bool read_event(const yaml_event_t& from, YamlEvent& out) {
  out.mark = mark_of(from.start_mark);
  switch (from.type) {
    case YAML_DOCUMENT_START_EVENT:
      out.kind = YamlEvent::Kind::DocumentStart;
      return true;
    case YAML_DOCUMENT_END_EVENT:
      out.kind = YamlEvent::Kind::DocumentEnd;
      return true;
    case YAML_ALIAS_EVENT:
      out.kind = YamlEvent::Kind::Alias;
      out.text = text_of(from.data.alias.anchor);
      return true;
    case YAML_SCALAR_EVENT:
      read_scalar(from, out);
      return true;
    case YAML_SEQUENCE_START_EVENT:
      out.kind = YamlEvent::Kind::SequenceStart;
      out.anchor = text_of(from.data.sequence_start.anchor);
      return true;
    case YAML_SEQUENCE_END_EVENT:
      out.kind = YamlEvent::Kind::SequenceEnd;
      return true;
    case YAML_MAPPING_START_EVENT:
      out.kind = YamlEvent::Kind::MapStart;
      out.anchor = text_of(from.data.mapping_start.anchor);
      return true;
    case YAML_MAPPING_END_EVENT:
      out.kind = YamlEvent::Kind::MapEnd;
      return true;
    case YAML_STREAM_END_EVENT:
      out.kind = YamlEvent::Kind::End;
      return true;
    default:
      return false;
  }
}

}  // namespace

struct YamlEvents::State {
  explicit State(std::string_view t) : text(t) {
    [[maybe_unused]] const int made = yaml_parser_initialize(&parser);
    assert(made == 1);  // else no memory
    const char* begin = text.empty() ? "" : text.data();
    yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(begin), text.size());
  }
  ~State() { yaml_parser_delete(&parser); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  YamlEvent problem() const {
    YamlEvent out;
    out.kind = YamlEvent::Kind::Problem;
    out.text = parser.problem == nullptr ? "it cannot be read" : parser.problem;
    out.mark = parser.error == YAML_READER_ERROR ? mark_at(parser.problem_offset) : mark_of(parser.problem_mark);
    if (parser.context != nullptr) out.context = parser.context;
    out.context_mark = mark_of(parser.context_mark);
    return out;
  }

  // What cannot even be a character has only an offset.
  YamlMark mark_at(size_t offset) const {
    const std::string_view before = text.substr(0, offset);
    const size_t line = before.rfind('\n') + 1;  // 0: none
    return {static_cast<size_t>(std::count(before.begin(), before.end(), '\n')), before.size() - line};
  }

  const std::string_view text;
  yaml_parser_t parser;
};

YamlEvents::YamlEvents(std::string_view text) : state_(std::make_unique<State>(text)) {}
YamlEvents::~YamlEvents() = default;

YamlEvent YamlEvents::next() {
  for (;;) {
    yaml_event_t event;
    if (yaml_parser_parse(&state_->parser, &event) == 0) return state_->problem();
    YamlEvent out;
    const bool told = read_event(event, out);
    yaml_event_delete(&event);
    if (told) return out;
  }
}

}  // namespace kubevigil
