// Variants of an event of a case: without bodies, and a create as each of the four kinds of patch.
//
// The audit event does not say which kind a patch was (the content type is not logged); it shows in the body:
//   merge      the new content as it is
//   strategic  the same with directives such as $setElementOrder/containers
//   apply      the whole object with apiVersion and kind, and ?fieldManager=... in the address
//   JSON       an array of operations, here one `add` for each member of spec, subjects, roleRef, ...
#include "engine/base/json_writer.h"
#include "engine/event/json_tree.h"
#include "engine/run/case_event.h"

namespace kubevigil {
namespace {

bool is_header(std::string_view key) { return key == "apiVersion" || key == "kind" || key == "metadata"; }

// Members of the body but for its header; `edit` may write more members into an object named spec.
template <typename F>
void write_content(JsonWriter& w, const JsonTree& tree, F&& edit) {
  for (uint32_t n = tree[tree.root()].first_child; n != JsonNode::kNone; n = tree[n].next) {
    if (is_header(tree[n].key)) continue;
    w.key(tree[n].key);
    if (tree[n].key != "spec") {
      w.raw(to_text(tree, n));
      continue;
    }
    w.begin_object();
    for (uint32_t m = tree[n].first_child; m != JsonNode::kNone; m = tree[m].next)
      w.key(tree[m].key).raw(to_text(tree, m));
    edit(w, n);
    w.end_object();
  }
}

std::string merge_body(const JsonTree& tree) {
  JsonWriter w;
  w.begin_object();
  write_content(w, tree, [](JsonWriter&, uint32_t) {});
  return w.end_object().take();
}

std::string strategic_body(const JsonTree& tree) {
  JsonWriter w;
  w.begin_object();
  write_content(w, tree, [&](JsonWriter& out, uint32_t spec) {
    const uint32_t containers = tree.find(spec, "containers");
    if (containers == JsonNode::kNone) return;
    out.key("$setElementOrder/containers").begin_array();
    for (uint32_t c = tree[containers].first_child; c != JsonNode::kNone; c = tree[c].next) {
      const uint32_t name = tree.find(c, "name");
      if (name != JsonNode::kNone) out.begin_object().member("name", tree[name].value.text).end_object();
    }
    out.end_array();
  });
  return w.end_object().take();
}

void write_operation(JsonWriter& w, const std::string& path, const std::string& value) {
  w.begin_object().member("op", "add").member("path", path).key("value").raw(value).end_object();
}

std::string json_patch_body(const JsonTree& tree) {
  JsonWriter w;
  w.begin_array();
  for (uint32_t n = tree[tree.root()].first_child; n != JsonNode::kNone; n = tree[n].next) {
    if (is_header(tree[n].key)) continue;
    const std::string path = "/" + std::string(tree[n].key);
    if (tree[n].key != "spec") {
      write_operation(w, path, to_text(tree, n));
      continue;
    }
    for (uint32_t m = tree[n].first_child; m != JsonNode::kNone; m = tree[m].next) {
      write_operation(w, path + "/" + std::string(tree[m].key), to_text(tree, m));
    }
  }
  return w.end_array().take();
}

}  // namespace

std::string_view to_text(PatchForm form) {
  switch (form) {
    case PatchForm::Merge:
      return "merge patch";
    case PatchForm::Strategic:
      return "strategic merge patch";
    case PatchForm::Apply:
      return "apply patch";
    case PatchForm::Json:
      return "JSON patch";
  }
  return "";
}

CaseEvent without_bodies(CaseEvent event) {
  event.body.clear();
  event.response.clear();
  event.level = "Metadata";
  return event;
}

CaseEvent as_patch(const CaseEvent& event, PatchForm form) {
  JsonTree tree;
  if (event.verb != "create" || event.body.empty() || !event.subresource.empty() || !tree.parse(event.body))
    return event;
  CaseEvent patch = event;
  patch.verb = "patch";
  patch.code = event.code == 0 || event.code == 201 ? 200 : event.code;
  switch (form) {
    case PatchForm::Merge:
      patch.body = merge_body(tree);
      break;
    case PatchForm::Strategic:
      patch.body = strategic_body(tree);
      break;
    case PatchForm::Apply:
      patch.query = "fieldManager=kubectl&force=true";
      break;
    case PatchForm::Json:
      patch.body = json_patch_body(tree);
      break;
  }
  return patch;
}

}  // namespace kubevigil
