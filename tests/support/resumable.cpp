#include "tests/support/resumable.h"

#include "engine/state/archive.h"

namespace kubevigil {
namespace {

std::string lines(const std::vector<Firing>& firings) {
  std::string text;
  for (const Firing& firing : firings) text += to_text(firing) + "\n";
  return text;
}

std::string saved(Operator& op) {
  Archive archive = Archive::saving();
  op.archive(archive);
  return archive.bytes();
}

}  // namespace

ResumeResult compare_resumed(const Rule& rule, const OperatorLimits& limits, const std::vector<StreamMatch>& stream,
                             size_t save_every) {
  ResumeResult result;
  const auto whole = make_operator(rule, limits);
  auto resumed = make_operator(rule, limits);
  OperatorDriver a(*whole, Duration{0}, limits.lateness), b(*resumed, Duration{0}, limits.lateness);
  std::vector<Firing> x, y;
  for (size_t i = 0; i < stream.size(); ++i) {
    if (i % save_every == 0) {
      const std::string bytes = saved(*resumed);
      resumed = make_operator(rule, limits);
      Archive loading = Archive::loading(bytes);
      resumed->archive(loading);
      b.continue_with(*resumed);
      if (loading.failed() || !loading.at_end()) result.difference = "loading failed";
      if (saved(*resumed) != bytes) result.difference = "saved again, the bytes differ";
    }
    a.feed(stream[i], x);
    b.feed(stream[i], y);
    if (lines(x) != lines(y)) result.difference = "before:\n" + lines(x) + "after:\n" + lines(y);
    if (!result.difference.empty()) return result;
    result.firings += x.size();
    x.clear();
    y.clear();
  }
  whole->finish(x);
  resumed->finish(y);
  if (lines(x) != lines(y)) result.difference = "at the end:\n" + lines(x) + "after:\n" + lines(y);
  if (whole->stats().bytes != resumed->stats().bytes) result.difference = "bytes are counted differently";
  result.firings += x.size();
  return result;
}

}  // namespace kubevigil
