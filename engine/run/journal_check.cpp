#include "engine/run/journal_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/alert/alert_reader.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr size_t kShown = 60;  // bytes of a text around a difference

std::string name_of(const std::string& id, uint32_t revision) {
  return fmt::format("alert {} revision {}", printable(id), revision);
}

// Where two texts part.
std::string parting(std::string_view journal, std::string_view now) {
  const auto [at, other] = std::mismatch(journal.begin(), journal.end(), now.begin(), now.end());
  const auto place = static_cast<size_t>(at - journal.begin());
  const size_t from = place > kShown / 2 ? place - kShown / 2 : 0;
  const auto part = [&](std::string_view text) { return printable(text.substr(std::min(from, text.size()), kShown)); };
  return fmt::format("from byte {}: the journal has `{}`, now it is `{}`", place, part(journal), part(now));
}

}  // namespace

void JournalCheck::give(const Alert& alert) {
  ++counts_.given;
  give_(alert);
}

void JournalCheck::differ(std::string text) {
  ++counts_.different;
  if (differences_.size() < kKept) differences_.push_back(std::move(text));
}

// What is left of the last entry: the journal has gone on without it.
void JournalCheck::settle() {
  for (const Alert& alert : waiting_) {
    give(alert);
    if (!comparable_) {
      ++counts_.not_compared;
    } else {
      differ(fmt::format("entry {}: {} follows from it, and the journal does not hold it", entry_,
                         name_of(alert.id, alert.revision)));
    }
  }
  waiting_.clear();
}

void JournalCheck::derived(uint64_t entry, const std::vector<Alert>& alerts, bool comparable) {
  settle();
  entry_ = entry;
  comparable_ = comparable;
  waiting_.assign(alerts.begin(), alerts.end());
}

void JournalCheck::journaled(uint64_t entry, const JournalAlert& alert) {
  const auto read = alert_from_json(alert.body);
  if (read && is_self_alert(read->rule_id)) {
    ++counts_.self;
    return give(*read);
  }
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Alert& a) { return a.id == alert.id && a.revision == alert.revision; });
  if (found == waiting_.end()) {
    if (!comparable_) return;
    return differ(fmt::format("entry {}: {} is in the journal, and does not follow from its inputs", entry,
                              name_of(alert.id, alert.revision)));
  }
  give(*found);
  const std::string now = to_json(*found);
  if (!comparable_) {
    ++counts_.not_compared;
  } else if (found != waiting_.begin()) {
    differ(fmt::format("entry {}: {} comes in another order", entry, name_of(alert.id, alert.revision)));
  } else if (now != alert.body) {
    differ(fmt::format("entry {}: {} differs {}", entry, name_of(alert.id, alert.revision), parting(alert.body, now)));
  } else {
    ++counts_.same;
  }
  waiting_.erase(found);
}

void JournalCheck::finish() {
  counts_.unwritten = waiting_.size();
  for (const Alert& alert : waiting_) give(alert);
  waiting_.clear();
}

}  // namespace kubevigil
