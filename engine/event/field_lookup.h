// FieldLookup: the values of any field (envelope, body path, derived) of the current event, computed once per
// event and only when asked for. One per worker; begin() starts a new event.
//
// Paths below requestObject read the body as it stands. When it is a JSON Patch, they read the object that its
// operations set, unless they begin with a member of an operation (op, path, value, from) or an index.
// (keywords) are all scalars of envelope and bodies; Unknown (with the values that are there) when the request's body
// is missing. Fields of hits have no values here.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/event/derived_config.h"
#include "engine/event/event.h"
#include "engine/event/field_ref.h"
#include "engine/event/json_tree.h"
#include "engine/event/patch_list.h"
#include "engine/event/presence.h"

namespace kubevigil {

struct FieldValues {
  std::span<const Value> values;
  Presence presence = Presence::Absent;
};

// Elements of the array at a path, for array blocks.
struct ArrayElement {
  const JsonTree* tree = nullptr;
  uint32_t node = JsonNode::kNone;
  Presence missing = Presence::Absent;  // of fields that it does not have: Partial in a patch
  PatchKind patch = PatchKind::None;    // what lists mean in it
  Value scalar;                         // for lists of the envelope (user.groups): the element itself; tree is null
};
struct ArrayValues {
  std::span<const ArrayElement> elements;
  Presence presence = Presence::Absent;
};

class FieldLookup {
 public:
  explicit FieldLookup(DerivedConfig config = {});
  ~FieldLookup();
  FieldLookup(const FieldLookup&) = delete;
  FieldLookup& operator=(const FieldLookup&) = delete;

  // REQUIRES: `event` outlives the use; spans returned before are dead.
  void begin(const Event& event);

  // Forgets the event and gives back the memory that its bodies took; begin() comes next.
  void release();

  // Spans stay valid until the next begin().
  FieldValues values(const FieldRef& field);
  ArrayValues elements(const FieldRef& array);
  // Inside an array block: a path relative to an element.
  FieldValues values(const ArrayElement& element, const FieldRef& field);
  ArrayValues elements(const ArrayElement& element, const FieldRef& array);

  // What is wrong with that body (Bodies::defect); of RequestObject: what body.defect shows.
  BodyDefect defect(FieldId body = FieldId::RequestObject);
  bool readable(FieldId body);  // Bodies::readable

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kubevigil
