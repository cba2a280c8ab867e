#include "tests/support/oracle_event.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>

namespace kubevigil::oracle {
namespace {

struct Segment {
  std::string key;
  std::optional<size_t> index;
};

bool one_of(const std::string& text, std::initializer_list<const char*> list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// Splits at dots; a backslash takes the meaning from the next character. Behind a map of free keys the rest is one key.
std::vector<Segment> split(const std::string& name) {
  std::vector<std::string> keys(1);
  for (size_t i = 0; i < name.size(); ++i) {
    const bool map =
        one_of(keys.back(), {"annotations", "labels", "matchLabels"}) || (keys.size() == 2 && keys.back() == "extra");
    if (name[i] == '\\' && i + 1 < name.size()) {
      keys.back() += name[++i];
    } else if (name[i] == '.' && (keys.size() == 1 || keys.back().find('\1') == std::string::npos)) {
      keys.emplace_back(map ? "\1" : "");  // \1 marks a key that keeps its dots
    } else {
      keys.back() += name[i];
    }
  }
  std::vector<Segment> segments;
  for (std::string& key : keys) {
    Segment segment;
    if (key.starts_with('\1')) {
      segment.key = key.substr(1);
    } else if (const size_t bracket = key.find('['); bracket != std::string::npos) {
      segment.index = std::strtoul(key.c_str() + bracket + 1, nullptr, 10);
      segment.key = key.substr(0, bracket);
    } else {
      segment.key = key;
    }
    segments.push_back(std::move(segment));
  }
  return segments;
}

// Every node that the path leads to: a key crosses arrays and takes every repeated member.
void walk(const Json& from, const std::vector<Segment>& path, size_t at, std::vector<const Json*>& out) {
  if (at == path.size()) {
    out.push_back(&from);
    return;
  }
  for (const Json& item : from.items) walk(item, path, at, out);
  for (const auto& [key, value] : from.members) {
    if (key != path[at].key) continue;
    if (!path[at].index) {
      walk(value, path, at + 1, out);
    } else if (*path[at].index < value.items.size()) {
      walk(value.items[*path[at].index], path, at + 1, out);
    }
  }
}

void flatten(const Json& node, std::vector<const Json*>& out) {
  if (node.kind == Json::Kind::Array) {
    for (const Json& item : node.items) flatten(item, out);
  } else if (node.kind != Json::Kind::Null) {
    out.push_back(&node);
  }
}

const Json* member(const Json& object, const std::string& key) {
  for (const auto& [name, value] : object.members) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string text(const Json& event, const std::string& key) {
  const Json* found = member(event, key);
  return found ? found->text : "";
}

bool truncated(const Json& event) {
  const Json* annotations = member(event, "annotations");
  return annotations && text(*annotations, "audit.k8s.io/truncated") == "true";
}

// A body that is not there: was there one?
Missing missing_body(const Json& event, const std::string& body) {
  const Json* object = member(event, "objectRef");
  const std::string verb = text(event, "verb"), level = text(event, "level");
  const bool connects = object && one_of(text(*object, "subresource"), {"exec", "attach", "portforward", "proxy"});
  if (connects || verb == "watch") return Missing::Nothing;
  const bool cut = truncated(event);
  if (body == "responseObject") return level == "RequestResponse" && !cut ? Missing::Nothing : Missing::Unknown;
  if (one_of(verb, {"get", "list", "head", "options", "trace"})) return Missing::Nothing;
  if (!object || text(*object, "resource").empty()) return Missing::Nothing;
  if (verb == "delete" || verb == "deletecollection") {
    return cut || level == "Metadata" || text(event, "stage") == "RequestReceived" ? Missing::Unknown
                                                                                   : Missing::Nothing;
  }
  return Missing::Unknown;
}

bool is_index(const std::string& key) {
  return key == "-" || (!key.empty() && key.find_first_not_of("0123456789") == std::string::npos);
}

// The object that the operations of a JSON Patch set; a member that is set twice has both values, as a repeated key.
// While it grows, an array is an object whose keys are indexes.
void put(Json& object, const std::vector<std::string>& path, size_t at, const Json& value) {
  if (at == path.size()) {
    object = value;
    return;
  }
  object.kind = Json::Kind::Object;
  for (auto& [key, child] : object.members) {
    const bool known = key == path[at] && key != "-" && at + 1 < path.size();
    if (known) return put(child, path, at + 1, value);
  }
  object.members.emplace_back(path[at], Json());
  put(object.members.back().second, path, at + 1, value);
}

void restore_arrays(Json& json) {
  const bool array = !json.members.empty() && std::all_of(json.members.begin(), json.members.end(),
                                                          [](const auto& m) { return is_index(m.first); });
  for (auto& [key, child] : json.members) {
    restore_arrays(child);
    if (array) json.items.push_back(child);
  }
  if (!array) return;
  json.kind = Json::Kind::Array;
  json.by_index = true;
  json.members.clear();
}

std::vector<std::string> path_of(const Json& operation) {
  std::vector<std::string> path;
  for (const char c : text(operation, "path")) {
    if (c == '/') {
      path.emplace_back();
    } else {
      path.back() += c;
    }
  }
  return path;
}

Json patched_object(const Json& patch) {
  Json out;
  for (const Json& operation : patch.items) {
    const Json* value = member(operation, "value");
    const std::string op = text(operation, "op");
    if (!value || (op != "add" && op != "replace")) continue;
    put(out, path_of(operation), 0, *value);
  }
  restore_arrays(out);
  return out;
}

// Whether an element is reached by its number after one was appended: they may be the same one, whose parts then stand
// in two. (Random events neither insert nor remove elements by number, nor count them from the end.)
bool names_elements_twice(const Json& patch) {
  std::set<std::string> appended;  // paths of arrays
  bool twice = false;
  for (const Json& operation : patch.items) {
    const std::vector<std::string> path = path_of(operation);
    std::string array;
    for (size_t i = 0; i < path.size(); ++i) {
      const bool last = i + 1 == path.size();
      if (path[i] == "-" && last && text(operation, "op") == "add") appended.insert(array);
      if (path[i] != "-" && is_index(path[i]) && !last && appended.contains(array)) twice = true;
      array += "/" + path[i];
    }
  }
  return twice;
}

struct Nodes {
  std::vector<const Json*> nodes;
  std::shared_ptr<Json> owner;         // of nodes that are not in the event
  Missing missing = Missing::Nothing;  // of nodes
  bool partial = false;                // they stand in a patch
  bool merges = false;
  bool unclear = false;  // in one that may have more of everything
};

// A list in a patch to which the object may have more: one of objects (no random event has lists of objects that are
// replaced as a whole), one that is empty, one that a JSON Patch fills by index.
bool is_open(const Json& list, bool merges) {
  if (list.by_index) return true;
  const auto nested = [](const Json& item) {
    return item.kind == Json::Kind::Object || item.kind == Json::Kind::Array;
  };
  return merges && (list.items.empty() || std::any_of(list.items.begin(), list.items.end(), nested));
}

bool passes_open_list(const Json& from, const std::vector<Segment>& path, size_t at, bool merges) {
  if (from.kind == Json::Kind::Array && is_open(from, merges)) return true;
  for (const Json& item : from.items) {
    if (passes_open_list(item, path, at, merges)) return true;
  }
  for (const auto& [key, value] : from.members) {
    if (at < path.size() && key == path[at].key && passes_open_list(value, path, at + 1, merges)) return true;
  }
  return false;
}

Nodes nodes_at(const Place& place, const std::string& name) {
  Nodes out;
  if (name == ".") {
    out.nodes.push_back(place.node);
    out.partial = place.partial;
    out.merges = place.merges;
    out.unclear = place.unclear;
    if (out.partial && passes_open_list(*place.node, {}, 0, out.merges)) out.missing = Missing::Partial;
    if (out.unclear) out.missing = Missing::Unknown;
    return out;
  }
  const std::vector<Segment> path = split(name);
  const std::string& first = path.front().key;
  out.merges = place.merges;
  out.unclear = place.unclear;
  const bool body = place.top && (first == "requestObject" || first == "responseObject");
  out.partial = body ? first == "requestObject" && text(*place.node, "verb") == "patch" : place.partial;
  if (body) {
    const Json* object = member(*place.node, first);
    if (!object || object->kind == Json::Kind::Null) {
      out.missing = missing_body(*place.node, first);
      return out;
    }
    out.merges = out.partial && object->kind != Json::Kind::Array;
    if (out.partial && !out.merges) out.owner = std::make_shared<Json>(patched_object(*object));
    out.unclear = out.owner && names_elements_twice(*object);
  }
  const std::vector<Segment> rest(path.begin() + (out.owner ? 1 : 0), path.end());
  const Json& from = out.owner ? *out.owner : *place.node;
  walk(from, rest, 0, out.nodes);
  if (out.partial && (out.nodes.empty() || passes_open_list(from, rest, 0, out.merges))) out.missing = Missing::Partial;
  if (out.unclear) out.missing = Missing::Unknown;
  return out;
}

void collect_scalars(const Json& node, std::vector<const Json*>& out) {
  if (node.is_scalar()) out.push_back(&node);
  for (const Json& item : node.items) collect_scalars(item, out);
  for (const auto& [key, value] : node.members) collect_scalars(value, out);
}

}  // namespace

Found find(const Place& place, const std::string& name) {
  const Nodes nodes = nodes_at(place, name);
  Found found;
  found.present = !nodes.nodes.empty();
  found.missing = nodes.missing;
  found.owner = nodes.owner;
  for (const Json* node : nodes.nodes) flatten(*node, found.values);
  return found;
}

FoundElements find_elements(const Place& place, const std::string& name) {
  const Nodes nodes = nodes_at(place, name);
  FoundElements found;
  found.missing = nodes.missing;
  found.owner = nodes.owner;
  for (const Json* node : nodes.nodes) {
    for (const Json& item : node->items)
      found.elements.push_back({&item, false, nodes.partial, nodes.merges, nodes.unclear});
    const bool single = node->kind != Json::Kind::Array && node->kind != Json::Kind::Null;  // a list of one
    if (single) found.elements.push_back({node, false, nodes.partial, nodes.merges, nodes.unclear});
  }
  return found;
}

Found all_values(const Json& event) {
  Found found;
  collect_scalars(event, found.values);
  const Json* body = member(event, "requestObject");
  if (!body || body->kind == Json::Kind::Null) found.missing = missing_body(event, "requestObject");
  return found;
}

}  // namespace kubevigil::oracle
