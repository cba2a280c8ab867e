#include "engine/rule/rule_draft.h"

namespace kubevigil {

void RuleContext::impossible(std::string code, std::string message, const SourceSpan& span, std::string hint) {
  if (strict) {
    diagnostics().error(std::move(code), std::move(message), span, std::move(hint));
  } else {
    diagnostics().warning(std::move(code), std::move(message), span, std::move(hint));
  }
}

void RuleContext::not_portable(std::string reason) {
  if (draft.not_portable.empty()) draft.not_portable = std::move(reason);
}

}  // namespace kubevigil
