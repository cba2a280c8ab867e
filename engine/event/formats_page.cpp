#include <fmt/format.h>

#include "engine/event/formats.h"

namespace kubevigil {
namespace {

constexpr std::string_view kHead = R"(# Formats

What `formats:` of an input of `kubevigil serve` may name: out of what its records are taken. What is not named is not
taken, and counts as a bad record that says what it was; whoever writes into a log that others write to, too, could
forge the rest. `any` takes all of them, by shape, as replay does. Made by `kubevigil schema formats`; a test holds this
page against the program.

Formats with KEY are shippers, which put lines of anybody into strings: KEY is the member of the shipper's record that
holds the event (`fluent-bit log`). Where other programs' lines come the same way, say which record is the audit log's by
what the shipper itself writes: `fluent-bit log kubernetes.container_name=kube-apiserver`,
`vector message file=/var/log/kubernetes/audit/audit.log`. Several MEMBER=TEXT must all be so. A wrapper within a wrapper: name
both. Shippers that merge what was printed into their records (fluent-bit's Merge_Log) let anybody print any of these.

| format | carries |
|---|---|
)";

}  // namespace

std::string formats_page() {
  std::string out(kHead);
  for (const FormatInfo& row : format_table()) {
    out += fmt::format("| `{}{}` | {} |\n", row.name, row.keyed ? " KEY [MEMBER=TEXT ...]" : "", row.description);
  }
  return out;
}

}  // namespace kubevigil
