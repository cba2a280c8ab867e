// The subject that a certificate signing request asks for.
#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/codec/base64.h"
#include "engine/codec/pkcs10.h"
#include "engine/event/derived.h"
#include "engine/event/tree_path.h"

namespace kubevigil {

// spec.request = base64 of a PEM request
Presence csr_subject(const DerivedInput& in, Values& out) {
  if (in.event.text(FieldId::ObjectResource) != "certificatesigningrequests") return Presence::Absent;
  const BodyView body = in.bodies.written();
  if (!body) return body.missing;
  const uint32_t node = find_path(*body.tree, body.node, {"spec", "request"});
  if (node == JsonNode::kNone) return body.missing;
  const auto pem = base64_decode((*body.tree)[node].value.text);
  const auto parts = pem ? pkcs10_subject(*pem) : std::nullopt;
  if (!parts) return Presence::Unknown;  // what the server reads there, if anything, is not known
  size_t repaired = 0;
  for (const std::string& part : *parts) out.push_back(Value::string(in.texts.keep(repair_utf8(part, repaired))));
  return parts->size() < limits::kListValues ? Presence::Present : Presence::Unknown;
}

}  // namespace kubevigil
