#include "engine/rule/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "engine/base/limits.h"
#include "engine/rule/yaml_merge.h"
#include "engine/rule/yaml_syntax.h"

namespace kubevigil {
namespace {

// Thrown by the handler to leave yaml-cpp when a bound bites; caught in parse_yaml.
struct Stop {};

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

// Finds the text of a scalar behind its start, so that a caret line covers it.
class LineIndex {
 public:
  explicit LineIndex(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }
  std::string_view line(size_t number) const {
    if (number >= starts_.size()) return {};
    const std::string_view rest = text_.substr(starts_[number]);
    return rest.substr(0, rest.find_first_of("\r\n"));
  }
  uint32_t scalar_length(size_t line, size_t column, size_t value_size) const {
    if (line >= starts_.size() || starts_[line] + column >= text_.size()) return 0;
    std::string_view rest = text_.substr(starts_[line] + column);
    rest = rest.substr(0, rest.find_first_of("\r\n"));
    if (rest.empty()) return 0;
    if (rest[0] == '"' || rest[0] == '\'') return static_cast<uint32_t>(quoted_length(rest));
    if (rest[0] == '|' || rest[0] == '>') return 1;
    return static_cast<uint32_t>(std::clamp<size_t>(value_size, 1, rest.size()));
  }

 private:
  static size_t quoted_length(std::string_view rest) {
    for (size_t i = 1; i < rest.size(); ++i) {
      if (rest[0] == '"' && rest[i] == '\\') {
        ++i;
      } else if (rest[i] == rest[0]) {
        if (rest[0] == '\'' && i + 1 < rest.size() && rest[i + 1] == '\'') {
          ++i;
        } else {
          return i + 1;
        }
      }
    }
    return rest.size();
  }
  std::string_view text_;
  std::vector<size_t> starts_;
};

class Builder : public YAML::EventHandler {
 public:
  // `first_line`: lines of the file in front of the text that is read.
  Builder(std::string_view text, size_t first_line, const std::string& file, size_t& nodes, Diagnostics& diagnostics)
      : lines_(text), first_line_(first_line), file_(file), nodes_(nodes), diagnostics_(diagnostics) {}

  // The document read last; `root` is empty when there was none.
  YamlDocument take() { return std::exchange(document_, {}); }

  void OnDocumentStart(const YAML::Mark&) override {
    document_ = {};
    anchors_.clear();
    frames_.clear();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node;
    node.span = span_at(mark, 0);
    finish(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node;
    node.kind = YamlNode::Kind::Scalar;
    node.text = value;
    node.quoted = tag != "?";  // yaml-cpp: "?" for plain scalars, "!" for quoted ones, else an explicit tag
    node.span = span_at(mark, value.size());
    finish(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::Sequence, mark, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::Map, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    YamlNode node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::optional<YamlNode> key;
    std::set<std::string, std::less<>> keys;
  };

  SourceSpan span_at(const YAML::Mark& mark, size_t size) const {
    if (mark.line < 0 || mark.column < 0) return {file_, 0, 0, 0};
    const auto line = static_cast<size_t>(mark.line);
    const auto column = static_cast<size_t>(mark.column);
    return {file_, static_cast<uint32_t>(first_line_ + line + 1), static_cast<uint32_t>(column + 1),
            size == 0 ? 1 : lines_.scalar_length(line, column, size)};
  }
  void damage(std::string code, std::string message, const SourceSpan& span, std::string hint = {}) {
    document_.damaged = true;
    diagnostics_.error(std::move(code), std::move(message), span, std::move(hint));
  }
  [[noreturn]] void stop(std::string message, const SourceSpan& span) {
    damage("yaml-limit", std::move(message), span, "split the file");
    throw Stop{};
  }
  void count(size_t nodes, const SourceSpan& span) {
    nodes_ += nodes;
    if (nodes_ > limits::kYamlNodes) {
      stop("more than " + std::to_string(limits::kYamlNodes) + " nodes in one file, aliases expanded", span);
    }
  }
  void open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    Frame frame;
    frame.node.kind = kind;
    frame.node.span = span_at(mark, 0);
    frame.anchor = anchor;
    if (frames_.size() >= kYamlDepth) {
      stop("nested deeper than " + std::to_string(kYamlDepth) + " levels", frame.node.span);
    }
    frames_.push_back(std::move(frame));
  }
  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (const auto offender = expand_merge_key(frame.node)) {
      damage("yaml-key", "\"<<\" merges mappings, and this is none", offender->span,
             "name an anchor of a mapping, or quote the key");
    }
    finish(std::move(frame.node), frame.anchor);
  }
  void finish(YamlNode node, YAML::anchor_t anchor) {
    count(1, node.span);
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    place(std::move(node));
  }
  void place(YamlNode node);
  void place_in_map(Frame& frame, YamlNode node);

  const LineIndex lines_;
  const size_t first_line_;
  const std::string& file_;
  size_t& nodes_;  // of the whole file
  Diagnostics& diagnostics_;
  YamlDocument document_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
};

void Builder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const SourceSpan span = span_at(mark, 1);
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) {
    damage("yaml-syntax", "this alias stands inside the node that it names", span);
    place(
        YamlNode{.kind = YamlNode::Kind::Null, .text = {}, .quoted = false, .span = span, .items = {}, .entries = {}});
    return;
  }
  count(node_count(found->second), span);
  if (frames_.size() + node_depth(found->second) > kYamlDepth) {
    stop("nested deeper than " + std::to_string(kYamlDepth) + " levels with its aliases", span);
  }
  place(found->second);
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
  if (node.is_null()) node.span = key.span;  // yaml-cpp: the place of the next token
  if (!frame.keys.insert(key.text).second) {
    damage("duplicate-key", "the key \"" + key.text + "\" stands here a second time", key.span,
           "merge the two, or make a list of mappings");
    return;
  }
  frame.node.entries.push_back({std::move(key), std::move(node)});
}

// A line that begins with three dashes starts a document wherever it stands (YAML 1.2, c-forbidden), so that one
// broken document does not cost those behind it.
std::vector<std::string_view> document_texts(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const std::string_view line = text.substr(at, end - at);
    if (at > begin && line.starts_with("---") && line.find_first_not_of(" \t\r\n", 3) != 3) {
      parts.push_back(text.substr(begin, at - begin));
      begin = at;
    }
    at = end;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

// False: a bound of the whole file was met.
bool parse_part(std::string_view text, size_t first_line, const std::string& file, size_t& nodes,
                std::vector<YamlDocument>& documents, Diagnostics& diagnostics) {
  Builder builder(text, first_line, file, nodes, diagnostics);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
      YamlDocument document = builder.take();
      if (!document.root.is_null() || document.damaged) documents.push_back(std::move(document));
    }
  } catch (const Stop&) {
    return false;
  } catch (const YAML::Exception& e) {
    SourceSpan span{file, static_cast<uint32_t>(first_line + 1), 1, 1};
    if (!e.mark.is_null()) {
      span.line = static_cast<uint32_t>(first_line + static_cast<size_t>(e.mark.line) + 1);
      span.column = static_cast<uint32_t>(e.mark.column + 1);
    }
    const auto line = static_cast<size_t>(std::max(e.mark.is_null() ? 0 : e.mark.line, 0));
    diagnostics.error("yaml-syntax", "not YAML: " + e.msg, span, yaml_advice(e.msg, LineIndex(text).line(line)));
  } catch (const std::exception& e) {
    diagnostics.error("yaml-syntax", std::string("not YAML: ") + e.what(),
                      {file, static_cast<uint32_t>(first_line + 1), 1, 0});
  }
  return true;
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const YamlEntry& entry : entries) {
    if (entry.key.text == key) return &entry.value;
  }
  return nullptr;
}

std::optional<double> YamlNode::number() const {
  if (!is_scalar() || quoted || text.empty() || text.size() > 40) return std::nullopt;
  std::string_view digits = text;
  if (digits.starts_with("0x") || digits.starts_with("0o")) {
    uint64_t value = 0;
    const int base = digits[1] == 'x' ? 16 : 8;
    const auto [end, error] = std::from_chars(digits.data() + 2, digits.data() + digits.size(), value, base);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return static_cast<double>(value);
  }
  if (digits[0] == '+') digits.remove_prefix(1);
  const bool starts_well = !digits.empty() && (digits[0] == '-' || digits[0] == '.' || isdigit(digits[0]) != 0);
  if (!starts_well || digits.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<bool> YamlNode::boolean() const {
  if (!is_scalar() || quoted) return std::nullopt;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

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
