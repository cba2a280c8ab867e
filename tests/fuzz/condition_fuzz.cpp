// Any text as a condition, and as an expression in text form. Seeds: seeds/condition.
#include <cstdint>
#include <cstdlib>

#include "engine/rule/sigma_condition.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kubevigil;
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<Selection> selections;
  for (const char* name : {"a", "b", "sel_1", "sel_2", "_hidden"}) {
    selections.push_back({name, parse_expr("verb equals [\"get\"]").value(), {}, false});
  }
  Diagnostics diagnostics;
  const Expr condition =
      parse_condition(text, {"f", 1, 1, static_cast<uint32_t>(size)}, false, selections, diagnostics);
  const Expr folded = simplified(condition);
  for (const Expr* expr : {&condition, &folded}) {
    const Result<Expr> back = parse_expr(to_text(*expr));
    if (!back || !(*back == *expr)) std::abort();
  }
  if (const Result<Expr> expr = parse_expr(text)) {
    const Result<Expr> back = parse_expr(to_text(*expr));
    if (!back || !(*back == *expr)) std::abort();
  }
  return 0;
}
