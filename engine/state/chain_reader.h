// ChainReader: what a chain is handed of an event (ChainSpec in rule/rule.h), as the chain operator uses it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/level.h"
#include "engine/rule/rule.h"

namespace kubevigil {

// A value of a link, on either side of it.
struct ChainValue {
  uint32_t link = 0;
  Hash128 key;        // of link, cluster and value
  std::string value;  // encoded tuple
  bool operator==(const ChainValue&) const = default;
};

struct ChainEvent {
  bool rooted = false;     // somebody acted, and may be a root
  Hash128 root;            // of root_bytes
  std::string root_bytes;  // cluster, root, root-anonymous; what does not apply is null
  std::vector<ChainValue> reached, linking;
  std::vector<ChainValue> inside;  // links within 0s that hold in this event
  size_t cut = 0;                  // values beyond fan-out
};

struct ChainHit {
  std::string rule;
  Stage stage = Stage::None;
  Level level = Level::Informational;
};

class ChainReader {
 public:
  ChainReader(const Correlation& correlation, bool across_clusters, HashKey key);

  ChainEvent event(std::string_view key_bytes, std::string_view value_bytes) const;
  // Of an input of Role::Link: its values.
  std::vector<ChainValue> linking(std::string_view key_bytes, std::string_view value_bytes, uint32_t link,
                                  size_t& cut) const;
  static ChainHit hit(std::string_view value_bytes);
  // The root fields of root_bytes, without the cluster.
  std::string_view who(std::string_view root_bytes) const;

 private:
  using Elements = std::vector<std::string_view>;
  void read_root(const Elements& key, const Elements& values, ChainEvent& out) const;
  std::vector<ChainValue> values_of(uint32_t link, std::string_view cluster, const Elements& values, size_t first,
                                    size_t& cut) const;
  std::string_view cluster_of(const Elements& key) const;

  const ChainSpec& spec_;
  const size_t skip_;  // elements in front of the root: the cluster
  const HashKey key_;
  std::vector<std::string> never_root_;  // encoded, sorted
};

}  // namespace kubevigil
