// Rule files into documents, several files at a time: reading YAML and lowering conditions is most of what loading a
// thousand rules takes. What comes out does not depend on the number of threads: each file has its own place.
#pragma once

#include <span>
#include <vector>

#include "engine/rule/rule_document.h"

namespace kubevigil {

struct ParsedSource {
  struct Document {
    ParsedDocument parsed;
    SourceSpan span;
    bool damaged = false;  // its YAML is broken
  };
  std::vector<Document> documents;
  Diagnostics diagnostics;  // of the YAML; the documents have their own
};

// One for each source. `options` is read by several threads.
std::vector<ParsedSource> parse_sources(std::span<const RuleSource* const> sources, const LoadOptions& options);

}  // namespace kubevigil
