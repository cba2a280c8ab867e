#include "engine/app/threats.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/rule/map_reader.h"

namespace kubevigil {
namespace {

class Reader {
 public:
  Reader(Threats& threats, Diagnostics& diagnostics) : threats_(threats), diagnostics_(diagnostics) {}

  void read(const YamlNode& root) {
    MapReader map(root, "the threats", diagnostics_);
    if (const YamlNode* ideas = map.get("ideas")) {
      for (const YamlNode& item : ideas->items) read_idea(item);
    }
    if (const YamlNode* seed = map.get("seed")) {
      for (const YamlNode& item : seed->items) read_threat(item);
    }
    map.finish();
  }

 private:
  void read_idea(const YamlNode& item) {
    MapReader map(item, "an idea", diagnostics_);
    Idea idea{map.text("id"), map.texts("rules"), map.text("missing"), map.text("left-out")};
    map.finish();
    const int said = (idea.rules.empty() ? 0 : 1) + (idea.missing.empty() ? 0 : 1) + (idea.left_out.empty() ? 0 : 1);
    if (idea.id.empty() || said != 1) {
      diagnostics_.error("bad-value", "an idea has an id and one of rules, missing, left-out", item.span);
    }
    if (threats_.find(idea.id) != nullptr) {
      diagnostics_.error("duplicate-id", "the idea \"" + printable(idea.id) + "\" stands twice", item.span);
    }
    threats_.ideas.push_back(std::move(idea));
  }

  void read_threat(const YamlNode& item) {
    MapReader map(item, "a threat", diagnostics_);
    Threat threat{map.text("id"), map.text("threat"), {}, map.text("unseen"), map.flag("visible", true)};
    for (NameAt& name : map.names("ideas")) {
      if (threats_.find(name.text) == nullptr) {
        diagnostics_.error("unknown-idea", "no idea has the id \"" + printable(name.text) + "\"", name.span);
      }
      threat.ideas.push_back(std::move(name.text));
    }
    map.finish();
    if (threat.id.empty() || threat.text.empty() || threat.unseen.empty()) {
      diagnostics_.error("bad-value", "a threat has an id, a text and what is unseen of it", item.span);
    }
    threats_.seed.push_back(std::move(threat));
  }

  Threats& threats_;
  Diagnostics& diagnostics_;
};

}  // namespace

const Idea* Threats::find(std::string_view id) const {
  const auto found = std::find_if(ideas.begin(), ideas.end(), [&](const Idea& idea) { return idea.id == id; });
  return found == ideas.end() ? nullptr : &*found;
}

Threats parse_threats(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  Threats threats;
  const std::vector<YamlDocument> documents = parse_yaml(text, file, diagnostics);
  if (!documents.empty()) Reader(threats, diagnostics).read(documents.front().root);
  return threats;
}

}  // namespace kubevigil
