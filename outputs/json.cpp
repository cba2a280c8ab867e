// One JSON array of alerts, one a line inside it.
#include "outputs/registry.h"

namespace kubevigil {
namespace {

class JsonArray : public Encoding {
 public:
  void begin(std::string& out) override { out += "["; }
  void alert(const Alert& alert, std::string& out) override {
    out += first_ ? "\n" : ",\n";
    out += to_json(alert);
    first_ = false;
  }
  void end(std::string& out) override { out += first_ ? "]\n" : "\n]\n"; }

 private:
  bool first_ = true;
};

}  // namespace

std::unique_ptr<Encoding> make_json(const EncodingOptions&) { return std::make_unique<JsonArray>(); }

}  // namespace kubevigil
