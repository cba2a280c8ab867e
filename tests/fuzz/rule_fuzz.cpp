// Any bytes as a rule file: loading must end, throw nothing, stay inside its bounds, and what it accepts must have a
// text form that reads back. Seeds: seeds/rule.
#include <cstdint>
#include <cstdlib>

#include "engine/rule/check_report.h"
#include "engine/rule/rule_loader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kubevigil;
  LoadOptions options;
  options.lists["lists/names"] = "[alice, bob]";
  options.today = "2026-01-31";
  const std::string text(reinterpret_cast<const char*>(data), size);
  const LoadedRules loaded = load_rules({{"fuzz.yaml", text, false}}, options);
  for (const Rule& rule : loaded.rules.rules) {
    if (to_text(rule, loaded.rules).empty() || rule.semantic_hash.size() != 64) std::abort();
    if (!rule.is_detection()) continue;
    const Expr& condition = rule.detection().condition;
    const Result<Expr> back = parse_expr(to_text(condition));
    if (!back || !(*back == condition)) std::abort();
  }
  check_report(loaded, CheckFormat::Text, {true, "1"});
  check_report(loaded, CheckFormat::Sarif, {});
  return 0;
}
