// The alert as engine/alert/alert.h writes it (schema kubevigil.alert/v1): JSON lines, or one JSON array.
// Later revisions: every one is a record of its own; (id, revision) is unique.
#include "outputs/registry.h"

namespace kubevigil {
namespace {

class Native : public Encoding {
 public:
  explicit Native(Framing framing) : framing_(framing) {}
  Format format() const override { return {framing_, false, "application/json"}; }
  void record(const Alert& alert, std::string& out) const override { out += to_json(alert); }

 private:
  Framing framing_;
};

}  // namespace

std::unique_ptr<Encoding> make_jsonl(const EncodingOptions&) { return std::make_unique<Native>(Framing::Lines); }
std::unique_ptr<Encoding> make_json(const EncodingOptions&) { return std::make_unique<Native>(Framing::Array); }

}  // namespace kubevigil
