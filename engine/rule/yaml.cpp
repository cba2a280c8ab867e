#include "engine/rule/yaml.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "engine/base/limits.h"
#include "engine/base/one_of.h"
#include "engine/rule/yaml_events.h"
#include "engine/rule/yaml_lines.h"
#include "engine/rule/yaml_merge.h"
#include "engine/rule/yaml_syntax.h"

namespace kubevigil {
namespace {

constexpr std::array<std::string_view, 5> kNulls = {"", "~", "null", "Null", "NULL"};

size_t node_count(const YamlNode& node) {
  size_t n = 1;
  for (const YamlNode& item : node.items) n += node_count(item);
  for (const YamlEntry& entry : node.entries) n += 1 + node_count(entry.value);
  return n;
}

size_t node_depth(const YamlNode& node) {
  size_t deepest = 0;
  for (const YamlNode& item : node.items) deepest = std::max(deepest, node_depth(item));
  for (const YamlEntry& entry : node.entries) deepest = std::max(deepest, node_depth(entry.value));
  return deepest + 1;
}

// Nodes from events. Every bound that bites ends the file.
class Builder {
 public:
  // `first_line`: lines of the file in front of the text that is read.
  Builder(std::string_view text, size_t first_line, const std::string& file, size_t& nodes, Diagnostics& diagnostics)
      : lines_(text), first_line_(first_line), file_(file), nodes_(nodes), diagnostics_(diagnostics) {}

  void take(YamlEvent event);
  bool stopped() const { return stopped_; }
  // Those that were read to their end and hold something.
  std::vector<YamlDocument>& documents() { return documents_; }

 private:
  struct Frame {
    YamlNode node;
    std::string anchor;
    std::optional<YamlNode> key;
    std::set<std::string, std::less<>> keys;
  };

  SourceSpan span_at(const YamlMark& mark, size_t size) {
    const size_t column = lines_.byte_column(mark.line, mark.column);
    return {file_, static_cast<uint32_t>(first_line_ + mark.line + 1), static_cast<uint32_t>(column + 1),
            size == 0 ? 1 : lines_.scalar_length(mark.line, column, size)};
  }
  void damage(std::string code, std::string message, const SourceSpan& span, std::string hint = {}) {
    document_.damaged = true;
    diagnostics_.error(std::move(code), std::move(message), span, std::move(hint));
  }
  void stop(std::string message, const SourceSpan& span) {
    damage("yaml-limit", std::move(message), span, "split the file");
    stopped_ = true;
  }
  void count(size_t nodes, const SourceSpan& span) {
    nodes_ += nodes;
    if (nodes_ <= limits::kYamlNodes || stopped_) return;
    stop("more than " + std::to_string(limits::kYamlNodes) + " nodes in one file, aliases expanded", span);
  }
  void finish(YamlNode node, const std::string& anchor) {
    count(1, node.span);
    if (!anchor.empty()) anchors_[anchor] = node;
    place(std::move(node));
  }
  void begin_document();
  void end_document();
  void problem(const YamlEvent& event);
  void alias(const YamlEvent& event);
  void scalar(YamlEvent event);
  void open(YamlNode::Kind kind, YamlEvent event);
  void close();
  void place(YamlNode node);
  void place_in_map(Frame& frame, YamlNode node);

  YamlLines lines_;
  const size_t first_line_;
  const std::string& file_;
  size_t& nodes_;  // of the whole file
  Diagnostics& diagnostics_;
  bool stopped_ = false;
  YamlDocument document_;
  std::vector<YamlDocument> documents_;
  std::vector<Frame> frames_;
  std::map<std::string, YamlNode, std::less<>> anchors_;
};

void Builder::take(YamlEvent event) {
  switch (event.kind) {
    case YamlEvent::Kind::DocumentStart:
      return begin_document();
    case YamlEvent::Kind::DocumentEnd:
      return end_document();
    case YamlEvent::Kind::Alias:
      return alias(event);
    case YamlEvent::Kind::Scalar:
      return scalar(std::move(event));
    case YamlEvent::Kind::SequenceStart:
      return open(YamlNode::Kind::Sequence, std::move(event));
    case YamlEvent::Kind::MapStart:
      return open(YamlNode::Kind::Map, std::move(event));
    case YamlEvent::Kind::SequenceEnd:
    case YamlEvent::Kind::MapEnd:
      return close();
    case YamlEvent::Kind::Problem:
      return problem(event);
    case YamlEvent::Kind::End:
      return;
  }
}

void Builder::begin_document() {
  document_ = {};
  anchors_.clear();
  frames_.clear();
}

void Builder::end_document() {
  if (!document_.root.is_null() || document_.damaged) documents_.push_back(std::move(document_));
  document_ = {};
}

void Builder::problem(const YamlEvent& event) {
  std::string said = "not YAML: " + event.text;
  if (!event.context.empty()) {
    said += " " + event.context;
    if (event.context_mark.line < event.mark.line) {
      said += " that begins in line " + std::to_string(first_line_ + event.context_mark.line + 1);
    }
  }
  diagnostics_.error("yaml-syntax", said, span_at(event.mark, 0),
                     yaml_advice(event.text, lines_.line(event.mark.line)));
}

void Builder::alias(const YamlEvent& event) {
  const SourceSpan span = span_at(event.mark, 1);
  const auto found = anchors_.find(event.text);
  if (found == anchors_.end()) {
    const auto names = [&](const Frame& frame) { return frame.anchor == event.text; };
    const bool inside = std::any_of(frames_.begin(), frames_.end(), names);
    damage("yaml-syntax", inside ? "this alias stands inside the node that it names" : "no anchor has this name", span,
           inside ? "" : "quote a value that begins with *; an anchor (&name) stands before its aliases");
    YamlNode nothing;
    nothing.span = span;
    return place(std::move(nothing));
  }
  count(node_count(found->second), span);
  if (!stopped_ && frames_.size() + node_depth(found->second) > kYamlDepth) {
    stop("nested deeper than " + std::to_string(kYamlDepth) + " levels with its aliases", span);
  }
  if (!stopped_) place(found->second);
}

void Builder::scalar(YamlEvent event) {
  YamlNode node;
  const bool null = event.plain && is_one_of(event.text, kNulls);
  node.span = span_at(event.mark, null ? 0 : event.text.size());
  if (!null) {
    node.kind = YamlNode::Kind::Scalar;
    node.text = std::move(event.text);
    node.quoted = !event.plain;
  }
  finish(std::move(node), event.anchor);
}

void Builder::open(YamlNode::Kind kind, YamlEvent event) {
  Frame frame;
  frame.node.kind = kind;
  frame.node.span = span_at(event.mark, 0);
  frame.anchor = std::move(event.anchor);
  if (frames_.size() >= kYamlDepth) {
    stop("nested deeper than " + std::to_string(kYamlDepth) + " levels", frame.node.span);
  }
  frames_.push_back(std::move(frame));
}

void Builder::close() {
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  if (const auto offender = expand_merge_key(frame.node)) {
    damage("yaml-key", "\"<<\" merges mappings, and this is none", offender->span,
           "name an anchor of a mapping, or quote the key");
  }
  finish(std::move(frame.node), frame.anchor);
}

void Builder::place(YamlNode node) {
  if (frames_.empty()) {
    document_.root = std::move(node);
  } else if (Frame& frame = frames_.back(); frame.node.is_sequence()) {
    frame.node.items.push_back(std::move(node));
  } else {
    place_in_map(frame, std::move(node));
  }
}

void Builder::place_in_map(Frame& frame, YamlNode node) {
  if (!frame.key) {
    if (node.is_null()) {
      node.kind = YamlNode::Kind::Scalar;
      node.text = "null";
    } else if (!node.is_scalar()) {
      damage("yaml-key", "a key that is a list or a mapping", node.span, "keys are plain text; quote this one");
      node = YamlNode{
          .kind = YamlNode::Kind::Scalar, .text = "", .quoted = true, .span = node.span, .items = {}, .entries = {}};
    }
    frame.key = std::move(node);
    return;
  }
  YamlNode key = std::move(*frame.key);
  frame.key.reset();
  if (node.is_null()) node.span = key.span;  // libyaml: where the value would stand
  if (!frame.keys.insert(key.text).second) {
    damage("duplicate-key", "the key \"" + key.text + "\" stands here a second time", key.span,
           "merge the two, or make a list of mappings");
    return;
  }
  frame.node.entries.push_back({std::move(key), std::move(node)});
}

// A line that begins with three dashes starts a document wherever it stands (YAML 1.2, c-forbidden), so that one
// broken document does not cost those behind it. Directives and comments in front of it belong to it.
std::vector<std::string_view> document_texts(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  bool begun = false;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const std::string_view line = text.substr(at, end - at);
    if (begun && line.starts_with("---") && line.find_first_not_of(" \t\r\n", 3) != 3) {
      parts.push_back(text.substr(begin, at - begin));
      begin = at;
    }
    const size_t first = line.find_first_not_of(" \t\r\n");
    begun = begun || (first != line.npos && line[first] != '#' && line[0] != '%');
    at = end;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

// False: a bound of the whole file was met.
bool parse_part(std::string_view text, size_t first_line, const std::string& file, size_t& nodes,
                std::vector<YamlDocument>& documents, Diagnostics& diagnostics) {
  Builder builder(text, first_line, file, nodes, diagnostics);
  YamlEvents events(text);
  for (bool more = true; more && !builder.stopped();) {
    YamlEvent event = events.next();
    more = event.kind != YamlEvent::Kind::End && event.kind != YamlEvent::Kind::Problem;
    builder.take(std::move(event));
  }
  std::move(builder.documents().begin(), builder.documents().end(), std::back_inserter(documents));
  return !builder.stopped();
}

}  // namespace

std::vector<YamlDocument> parse_yaml(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  std::vector<YamlDocument> documents;
  if (text.size() > limits::kRuleFileBytes) {
    diagnostics.error("yaml-limit",
                      "the file has " + std::to_string(text.size()) + " bytes; at most " +
                          std::to_string(limits::kRuleFileBytes) + " are read",
                      {file, 1, 1, 0}, "split it");
    return documents;
  }
  if (const SourceSpan bad = first_bad_byte(text, file); bad.line > 0) {
    diagnostics.error("yaml-syntax", "the file is not UTF-8", bad, "save it as UTF-8");
    return documents;
  }
  size_t nodes = 0, line = 0;
  for (const std::string_view part : document_texts(text)) {
    if (!parse_part(part, line, file, nodes, documents, diagnostics)) break;
    line += static_cast<size_t>(std::count(part.begin(), part.end(), '\n'));
  }
  return documents;
}

}  // namespace kubevigil
