// Bodies: the parsed requestObject and responseObject of one event, parsed when first asked for, and the object that
// the request writes. One per worker; begin() starts a new event.
//
// A body that is not in the event is judged by what such a request must have had (design/rules.md 3):
//   request   get, list, watch and other reads; exec, attach, portforward, proxy; non-resource requests: Absent
//             delete, deletecollection: Unknown at level Metadata or when truncated, else Absent
//             create, update, patch, post, put and unknown verbs: Unknown
//   response  Absent at level RequestResponse when not truncated, and for watch and the connecting subresources;
//             else Unknown
// A body with a defect is Unknown. What is missing in the body of a patch is Partial, or Unknown when a JSON Patch
// copies from what the event does not show.
#pragma once

#include <optional>
#include <string_view>

#include "engine/event/event.h"
#include "engine/event/json_tree.h"
#include "engine/event/patch_list.h"
#include "engine/event/presence.h"

namespace kubevigil {

// A body or an object in it. Without a node, `missing` is the presence of the body; with one, that of fields that the
// node does not have; Unknown then spreads to all fields.
struct BodyView {
  const JsonTree* tree = nullptr;
  uint32_t node = JsonNode::kNone;
  Presence missing = Presence::Absent;
  PatchKind patch = PatchKind::None;  // what lists mean in it
  explicit operator bool() const { return node != JsonNode::kNone; }
};

class Bodies {
 public:
  void begin(const Event& event);

  BodyView request();   // requestObject as it stands
  BodyView response();  // responseObject as it stands
  BodyView details();   // responseStatus.details
  // The request body as an object: of a JSON Patch, what its operations set.
  BodyView request_as_object();
  // The object as create, update or patch write it. For a patch the whole object of the response where the event has
  // one, else the patch. Absent for other verbs.
  BodyView written();

  // RequestObject: the reader's defect, of whatever part of the event, else what parsing that body found.
  // ResponseObject: of that body alone. Parses the body: the answer must not depend on what was asked before.
  BodyDefect defect(FieldId body);

  // Whether all that the body says can be read, or it is known to say nothing. Parses no body for that.
  bool readable(FieldId body);

 private:
  struct Slot {
    JsonTree tree;
    BodyView view;
    BodyDefect defect = BodyDefect::None;
    bool done = false;
    std::optional<BodyDefect> checked;  // what reading without a tree found
  };
  BodyView parse(Slot& slot, FieldId body, Presence when_missing);
  static BodyDefect checked_defect(Slot& slot, std::string_view text);
  Presence missing(FieldId body) const;
  bool is_patch() const;
  bool is_json_patch() const;

  const Event* event_ = nullptr;
  Slot request_, response_, details_, patch_;
};

// Whether the request writes an object: create, update, patch on a resource.
bool writes_object(const Event& event);
// exec, attach, portforward, proxy: the connection is the request, there is no body.
bool is_connect(const Event& event);

}  // namespace kubevigil
