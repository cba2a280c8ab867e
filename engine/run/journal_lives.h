// The lives of a journal: what a cursor that is kept elsewhere (in a Kafka topic) says about this journal. Each start
// of the program begins a life, with an id that no other ever has. FOLDER/id keeps it, and of the lives before it how
// far the journal that we have goes back to them:
//
//   id = { LIFE " " END "\n" } LIFE "\n"     LIFE: 32 hexadecimal digits; END: a sequence
//
// A cursor of an earlier LIFE counts our entries if it lies in front of its END, the journal's end when the next life
// began here. Whatever was made of the folder then:
//
//   copied      up to END both have the same entries; what the other writes from then on is of a life that we do not
//               have, or, if it went on with the one that was copied, behind END
//   put back    from an older copy: cursors of the life that went on after the copy was made lie behind END
//   cut short   (entries lost, a copy that was not made at one moment): all ENDs are brought down to the journal's end
//
// Any other cursor is foreign. Kept are the newest kJournalLives: a cursor of an older one is foreign, too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/disk.h"
#include "engine/base/env.h"

namespace kubevigil {

inline constexpr size_t kJournalLives = 100;

struct JournalLives {
  struct Earlier {
    std::string id;
    uint64_t end = 0;
  };
  std::string now;
  std::vector<Earlier> earlier = {};

  // Whether a cursor of an earlier life counts our entries.
  bool had(std::string_view id, uint64_t sequence) const;
};

// Begins a life; on the disk when it returns. `end`: behind the journal's last entry. A damaged file is replaced.
// REQUIRES: the folder is there. Errors: the disk's; then new_journal_life() will do for this life, at the price that
// all cursors are foreign to it, and its own to the next one.
DiskResult<JournalLives> begin_journal_life(Disk& disk, const std::string& folder, uint64_t end, const Env& env);
JournalLives new_journal_life(const Env& env);

}  // namespace kubevigil
