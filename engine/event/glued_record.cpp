#include "engine/event/glued_record.h"

#include "engine/event/document_scanner.h"
#include "engine/event/json_text.h"

namespace kubevigil {
namespace {

constexpr std::string_view kGluedEvent = "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/";
constexpr size_t kTries = 16;  // beginnings inside one broken line
constexpr size_t kLeastHead = 5;

// The bracket and the first key of a document, as far as its colon: `{"log":`.
std::string_view head_of(std::string_view document) {
  if (!document.starts_with("{\"")) return {};
  const size_t quote = closing_quote(document, 1);
  if (quote == std::string_view::npos || quote + 1 >= document.size() || document[quote + 1] != ':') return {};
  const std::string_view head = document.substr(0, quote + 2);
  return head.size() < kLeastHead ? std::string_view{} : head;
}

size_t find_beginning(std::string_view broken, std::string_view head) {
  size_t at = 0;
  for (size_t tries = 0; !head.empty() && tries < kTries; ++tries) {
    at = broken.find(head, at + 1);
    if (at == std::string_view::npos) break;
    const std::string_view candidate = broken.substr(at);
    DocumentScanner scanner;
    scanner.start_document(false);
    if (scanner.scan(candidate) == DocumentScanner::Outcome::End && scanner.at() == candidate.size()) return at;
  }
  return std::string_view::npos;
}

}  // namespace

size_t find_glued_record(std::string_view broken) {
  const size_t native = find_beginning(broken, kGluedEvent);
  return native != std::string_view::npos ? native : find_beginning(broken, head_of(broken));
}

}  // namespace kubevigil
