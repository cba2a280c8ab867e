#include "engine/rule/parsed_sources.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>

namespace kubevigil {
namespace {

constexpr size_t kThreads = 4;       // at most; more would mostly wait for memory
constexpr size_t kFilesForOne = 16;  // fewer are read sooner than a thread is made
constexpr size_t kFilesAtATime = 4;  // so that threads seldom ask for more

ParsedSource parse_source(const RuleSource& source, const LoadOptions& options) {
  ParsedSource out;
  for (const YamlDocument& document : parse_yaml(source.text, source.name, out.diagnostics)) {
    out.documents.push_back({parse_rule_document(document, source, options), document.root.span, document.damaged});
  }
  return out;
}

}  // namespace

std::vector<ParsedSource> parse_sources(std::span<const RuleSource* const> sources, const LoadOptions& options) {
  std::vector<ParsedSource> out(sources.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t begin = next.fetch_add(kFilesAtATime); begin < sources.size(); begin = next.fetch_add(kFilesAtATime)) {
      const size_t end = std::min(begin + kFilesAtATime, sources.size());
      for (size_t i = begin; i < end; ++i) out[i] = parse_source(*sources[i], options);
    }
  };
  const size_t cores = std::max(1u, std::thread::hardware_concurrency());
  const size_t threads = std::min({kThreads, cores, sources.size() / kFilesForOne});
  std::vector<std::jthread> others;
  try {
    while (others.size() + 1 < threads) others.emplace_back(work);
  } catch (const std::system_error&) {  // no more threads to be had: the rest does it
  }
  work();
  others.clear();  // waits for them
  return out;
}

}  // namespace kubevigil
