#include "engine/run/yaml_json.h"

#include "engine/base/json_writer.h"

namespace kubevigil {
namespace {

void write(JsonWriter& w, const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::Null:
      w.raw("null");
      return;
    case YamlNode::Kind::Scalar:
      if (const auto flag = node.boolean())
        w.value(*flag);
      else if (const auto number = node.number())
        w.value(*number);
      else
        w.value(node.text);
      return;
    case YamlNode::Kind::Sequence:
      w.begin_array();
      for (const YamlNode& item : node.items) write(w, item);
      w.end_array();
      return;
    case YamlNode::Kind::Map:
      w.begin_object();
      for (const YamlEntry& entry : node.entries) {
        w.key(entry.key.text);
        write(w, entry.value);
      }
      w.end_object();
      return;
  }
}

}  // namespace

std::string to_json(const YamlNode& node) {
  JsonWriter w;
  write(w, node);
  return w.take();
}

}  // namespace kubevigil
