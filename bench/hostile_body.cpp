#include "bench/hostile_body.h"

#include <fmt/format.h>

#include <array>

#include "bench/go_json.h"

namespace kubevigil::bench {
namespace {

// Values, from easy to nasty; GoJson escapes them.
constexpr std::array<std::string_view, 10> kTexts = {
    "}}]]\"},\"requestReceivedTimestamp\":\"1999-01-01T00:00:00.000000Z\",\"annotations\":{}}", "\\", "\\\"",
    "\\\\\\\\\\\\\\", "{{{{[[[[", "\"", "line\nbreak\ttab <b>&amp;</b>",
    "\xe5\xae\xa1\xe8\xae\xa1\xe6\x97\xa5\xe5\xbf\x97 \xd0\xb6\xd1\x83\xd1\x80\xd0\xbd\xd0\xb0\xd0\xbb",  // Chinese,
                                                                                                          // Russian
    "\xf0\x9f\x9a\xa8 \xc3\xa9\xc3\xa8 \xe2\x80\xa8 end of line", ""};

// Members that the envelope has, too.
void write_decoys(GoJson& json) {
  json.member("requestReceivedTimestamp", "1999-01-01T00:00:00.000000Z");
  json.member("stageTimestamp", "1999-01-01T00:00:00.000000Z").member("auditID", "decoy").member("verb", "get");
  json.open("user", '{').member("username", "system:admin").open("groups", '[').text("system:masters").close(']');
  json.close('}').open("responseStatus", '{').member("code", 200).close('}');
  json.open("annotations", '{').member("authorization.k8s.io/decision", "allow").close('}');
}

}  // namespace

std::string hostile_body(Random& random) {
  const size_t size = random.below(10) == 0 ? 100 * 1024 : random.between(1'000, 8'000);
  std::string out;
  GoJson json(out);
  json.open('{').member("kind", "Widget").member("apiVersion", "example.com/v1");
  write_decoys(json);
  json.open("spec", '{');
  const size_t depth = random.between(1, 40);
  for (size_t i = 0; i < depth; ++i) json.open("nested", '{').open("list", '[').open('{');
  write_decoys(json);
  for (size_t i = 0; i < depth; ++i) json.close('}').close(']').close('}');
  json.close('}').open("texts", '{');
  for (size_t i = 0; out.size() < size; ++i) {
    json.member(fmt::format("k\"{}\\", i), kTexts[random.below(kTexts.size())]);
  }
  json.close('}').close('}');
  return out;
}

}  // namespace kubevigil::bench
