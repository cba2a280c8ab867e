// The id of a journal: whose sequences a cursor that is kept elsewhere (in a Kafka topic) counts. It stands in the
// journal's folder, FOLDER/id, and goes with it: a new journal, which counts from 1 again, has another one.
//
//   id = 32 hexadecimal digits, line feed
#pragma once

#include <string>

#include "engine/base/disk.h"
#include "engine/base/env.h"

namespace kubevigil {

// Makes it if need be, also for one that is damaged. REQUIRES: the folder is there. Errors: the disk's; then any id
// that is new in this life will do, at the price that the cursors of this life are not known in the next.
DiskResult<std::string> journal_id(Disk& disk, const std::string& folder, const Env& env);
std::string new_journal_id(const Env& env);

}  // namespace kubevigil
