#include "engine/event/bodies.h"

#include <algorithm>
#include <array>

#include "engine/base/limits.h"
#include "engine/base/one_of.h"
#include "engine/event/json_patch.h"
#include "engine/event/tree_path.h"

namespace kubevigil {
namespace {

constexpr std::array<std::string_view, 6> kReads = {"get", "list", "watch", "head", "options", "trace"};
constexpr std::array<std::string_view, 4> kConnects = {"exec", "attach", "portforward", "proxy"};

bool is_delete(std::string_view verb) { return verb == "delete" || verb == "deletecollection"; }

bool lost_to_level(const Event& event) { return event.truncated || event.text(FieldId::Level) == "Metadata"; }

Presence missing_request(const Event& event) {
  const std::string_view verb = event.text(FieldId::Verb);
  if (is_one_of(verb, kReads) || is_connect(event) || event.text(FieldId::ObjectResource).empty()) {
    return Presence::Absent;
  }
  if (event.body_defect(FieldId::RequestObject) != BodyDefect::None) return Presence::Unknown;
  if (is_delete(verb)) {
    return lost_to_level(event) || event.text(FieldId::Stage) == "RequestReceived" ? Presence::Unknown
                                                                                   : Presence::Absent;
  }
  return Presence::Unknown;
}

Presence missing_response(const Event& event) {
  if (event.text(FieldId::Verb) == "watch" || is_connect(event)) return Presence::Absent;
  const bool complete = event.text(FieldId::Level) == "RequestResponse" && !event.truncated &&
                        event.body_defect(FieldId::ResponseObject) == BodyDefect::None;
  return complete ? Presence::Absent : Presence::Unknown;
}

BodyDefect body_defect_of(JsonDefect defect) {
  switch (defect) {
    case JsonDefect::Grammar:
      return BodyDefect::Grammar;
    case JsonDefect::Depth:
      return BodyDefect::Depth;
    case JsonDefect::Nodes:
      return BodyDefect::Nodes;
  }
  return BodyDefect::Grammar;
}

bool is_object(const BodyView& view) { return view && (*view.tree)[view.node].value.type == ValueType::Object; }

// More elements than fields show: what stands behind them could hide there.
bool has_long_array(const JsonTree& tree) {
  if (tree.size() <= limits::kListValues) return false;
  for (uint32_t n = 0; n < tree.size(); ++n) {
    if (tree[n].value.type != ValueType::Array) continue;
    size_t count = 0;
    for (uint32_t c = tree.child(n); c != JsonNode::kNone && count <= limits::kListValues; c = tree[c].next) ++count;
    if (count > limits::kListValues) return true;
  }
  return false;
}

// Whether the response is the object itself. The client may ask for a table or for the metadata alone (Accept header),
// and so leave what it wrote out of the response.
bool is_whole_object(const BodyView& view) {
  constexpr std::array<std::string_view, 4> kOther = {"Status", "Table", "PartialObjectMetadata",
                                                      "PartialObjectMetadataList"};
  const uint32_t kind = view.tree->find(view.node, "kind");
  return kind == JsonNode::kNone || !is_one_of((*view.tree)[kind].value.text, kOther);
}

}  // namespace

bool is_connect(const Event& event) { return is_one_of(event.text(FieldId::ObjectSubresource), kConnects); }

bool writes_object(const Event& event) {
  const std::string_view verb = event.text(FieldId::Verb);
  return (verb == "create" || verb == "update" || verb == "patch") && !is_connect(event);
}

void Bodies::begin(const Event& event) {
  event_ = &event;
  for (Slot* slot : {&request_, &response_, &details_, &patch_}) {
    slot->done = false;
    slot->checked.reset();
  }
}

BodyView Bodies::parse(Slot& slot, FieldId body, Presence when_missing) {
  slot.done = true;
  slot.view = {&slot.tree, JsonNode::kNone, when_missing, PatchKind::None};
  slot.defect = BodyDefect::None;
  const std::string_view text = event_->raw(body);
  if (text.empty()) return slot.view;
  if (body != FieldId::ResponseDetails && event_->body_defect(body) != BodyDefect::None) {
    slot.view.missing = Presence::Unknown;
    return slot.view;
  }
  if (const auto parsed = slot.tree.parse(text); !parsed) {
    slot.defect = body_defect_of(parsed.error().defect);
    slot.view.missing = Presence::Unknown;
    return slot.view;
  }
  slot.view.node = slot.tree.root();
  slot.view.missing = Presence::Absent;
  return slot.view;
}

BodyDefect Bodies::defect(FieldId body) {
  if (body == FieldId::ResponseObject) {
    response();
    const BodyDefect read = event_->body_defect(body);
    return read != BodyDefect::None ? read : response_.defect;
  }
  if (event_->defect != BodyDefect::None) return event_->defect;
  if (!request_.done && !is_json_patch()) return checked_defect(request_, event_->raw(body));
  const bool rebuilt = request_as_object().tree == &patch_.tree;
  if (request_.defect != BodyDefect::None) return request_.defect;
  if (rebuilt && patch_.defect != BodyDefect::None) return patch_.defect;
  return request_.view && has_long_array(request_.tree) ? BodyDefect::Values : BodyDefect::None;
}

// A tree is not worth making for this question alone; most bodies are asked no other.
BodyDefect Bodies::checked_defect(Slot& slot, std::string_view text) {
  if (slot.checked) return *slot.checked;
  BodyDefect found = BodyDefect::None;
  if (const auto facts = check_json(text); !facts && !text.empty()) {
    found = body_defect_of(facts.error().defect);
  } else if (facts && facts->longest_array > limits::kListValues) {
    found = BodyDefect::Values;
  }
  slot.checked = found;
  return found;
}

Presence Bodies::missing(FieldId body) const {
  return body == FieldId::RequestObject ? missing_request(*event_) : missing_response(*event_);
}

bool Bodies::readable(FieldId body) {
  const std::string_view text = event_->raw(body);
  if (text.empty()) return missing(body) != Presence::Unknown;
  if (event_->body_defect(body) != BodyDefect::None) return false;
  Slot& slot = body == FieldId::RequestObject ? request_ : response_;
  if (slot.done) return slot.view && !has_long_array(slot.tree);
  return checked_defect(slot, text) == BodyDefect::None;
}

bool Bodies::is_json_patch() const { return is_patch() && event_->raw(FieldId::RequestObject).starts_with('['); }

bool Bodies::is_patch() const { return event_->text(FieldId::Verb) == "patch"; }

BodyView Bodies::request() {
  if (!request_.done) {
    parse(request_, FieldId::RequestObject, missing_request(*event_));
    if (request_.view && is_patch()) {
      request_.view.missing = Presence::Partial;
      const bool operations = request_.tree[request_.view.node].value.type == ValueType::Array;
      request_.view.patch = operations ? PatchKind::None : PatchKind::Merge;
    }
  }
  return request_.view;
}

BodyView Bodies::response() {
  return response_.done ? response_.view : parse(response_, FieldId::ResponseObject, missing_response(*event_));
}

BodyView Bodies::details() {
  return details_.done ? details_.view : parse(details_, FieldId::ResponseDetails, Presence::Absent);
}

BodyView Bodies::request_as_object() {
  const BodyView whole = request();
  if (!whole || !is_patch() || (*whole.tree)[whole.node].value.type != ValueType::Array) return whole;
  if (!patch_.done) {
    patch_.done = true;
    const PatchView rebuilt = rebuild_json_patch(*whole.tree, whole.node, patch_.tree);
    patch_.defect = rebuilt == PatchView::TooLarge ? BodyDefect::Nodes : BodyDefect::None;
    const Presence missing = rebuilt == PatchView::Partial ? Presence::Partial : Presence::Unknown;
    patch_.view = {&patch_.tree, rebuilt == PatchView::TooLarge ? JsonNode::kNone : patch_.tree.root(), missing,
                   PatchKind::Operations};
  }
  return patch_.view;
}

BodyView Bodies::written() {
  if (!writes_object(*event_)) return {};
  const BodyView asked = request_as_object();
  if (is_object(asked) && !is_patch()) return asked;
  const BodyView answer = response();
  if (is_object(answer) && is_whole_object(answer)) return answer;
  return asked;
}

}  // namespace kubevigil
