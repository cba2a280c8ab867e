// The key of what state keeps as hashes, and of the identity of events: 16 random bytes in DATA/hash-key (32
// hexadecimal digits and a line feed, 0600), made once. Alert ids depend on it.
//
// With `standby` two instances have to give the same ids: the key then also stands beside the lease file, in
// LEASE-FILE.key. Whoever comes first puts its own there, the other takes it over. A data folder that has another one
// already is an error: its state was made with it. DATA/hash-key.lease then names the lease file: where the shared key
// of this one is not there any more, the folder is not the shared one (a mount is missing), and gets no key.
#pragma once

#include <string>

#include "engine/base/disk.h"
#include "engine/base/env.h"
#include "engine/base/hash.h"

namespace kubevigil {

// `lease_file` "": no standby. The data folder is there.
Result<HashKey> load_hash_key(Disk& disk, const std::string& data, const std::string& lease_file, const Env& env);

}  // namespace kubevigil
