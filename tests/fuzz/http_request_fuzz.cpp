// Any bytes as a request: header, body in whole and in single bytes, and the way of its path through the credentials.
// Seeds: seeds/http_request.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/net/body_reader.h"
#include "engine/net/credentials.h"
#include "engine/net/request_head.h"

namespace {

using namespace kubevigil;

struct Body {
  std::string bytes, rest;
  bool failed = false;
  bool operator==(const Body&) const = default;
};

Body read_body(BodyReader reader, std::string_view input, size_t piece_size) {
  Body out;
  for (size_t at = 0; at < input.size() && !out.failed; at += piece_size) {
    std::string_view piece = input.substr(at, piece_size);
    while (!piece.empty() && !reader.done() && !out.failed) {
      const auto part = reader.next(piece);
      out.failed = !part;
      if (part) out.bytes.append(*part);
    }
    if (!out.failed) out.rest.append(piece);
  }
  return out;
}

const CredentialTable& table() {
  static const CredentialTable made = [] {
    Credential token, anyone;
    token.spec.name = "token", token.spec.clusters = {"a", "b"};
    token.token_hashes = {token_hash("0123456789abcdef")};
    anyone.spec.name = "anyone", anyone.spec.anonymous = true, anyone.spec.clusters = {"mesh"};
    return CredentialTable{token, anyone};
  }();
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  const auto head = parse_request_head(bytes.substr(0, end + 4), 100);
  if (!head) return head.error().status >= 400 && !head.error().what.empty() ? 0 : (std::abort(), 1);

  const BodyReader reader = head->chunked ? BodyReader::chunked() : BodyReader(head->content_length.value_or(0));
  const std::string_view rest = bytes.substr(end + 4);
  if (!(read_body(reader, rest, rest.size() + 1) == read_body(reader, rest, 1))) std::abort();

  const auto sender = authorize(
      table(),
      {.path = head->path, .authorization = only_header(head->headers, "authorization"), .anonymous_allowed = true});
  if (sender && !is_cluster_name(sender->cluster)) std::abort();
  // Only the path's own spelling can name another cluster than the sender's.
  if (sender && sender->cluster != "mesh" && head->path.find("/" + sender->cluster) == std::string::npos) std::abort();
  return 0;
}
