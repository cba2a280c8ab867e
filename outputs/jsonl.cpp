// JSON lines: every alert as engine/alert/alert.h writes it, one a line.
#include "outputs/registry.h"

namespace kubevigil {
namespace {

class Jsonl : public Encoding {
 public:
  void begin(std::string&) override {}
  void alert(const Alert& alert, std::string& out) override { (out += to_json(alert)) += '\n'; }
  void end(std::string&) override {}
};

}  // namespace

std::unique_ptr<Encoding> make_jsonl(const EncodingOptions&) { return std::make_unique<Jsonl>(); }

}  // namespace kubevigil
