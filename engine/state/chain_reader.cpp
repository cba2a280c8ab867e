#include "engine/state/chain_reader.h"

#include <algorithm>

#include "engine/match/group_key.h"
#include "engine/state/key_bytes.h"

namespace kubevigil {
namespace {

std::string_view at(const std::vector<std::string_view>& elements, size_t i) {
  return i < elements.size() ? elements[i] : std::string_view("n");
}

// One request without an identity: nobody was named, or whoever was named was not believed.
bool is_anonymous(std::string_view user, std::string_view code) {
  if (all_null(user)) return true;
  const std::string_view name = string_element(user);
  return name.empty() || name == "system:anonymous" || decode_group_key(code) == std::vector<std::string>{"401"};
}

}  // namespace

ChainReader::ChainReader(const Correlation& correlation, bool across_clusters, HashKey key)
    : spec_(correlation.chain), skip_(across_clusters ? 0 : 1), key_(key) {
  for (const std::string& text : spec_.never_root) append_group_text(never_root_.emplace_back(), text);
  std::sort(never_root_.begin(), never_root_.end());
}

std::string_view ChainReader::cluster_of(const Elements& key) const {
  return skip_ == 0 ? std::string_view{} : at(key, 0);
}

std::string_view ChainReader::who(std::string_view root_bytes) const {
  if (skip_ == 0) return root_bytes;
  const Elements elements = tuple_elements(root_bytes);
  return elements.empty() ? root_bytes : root_bytes.substr(elements.front().size());
}

ChainHit ChainReader::hit(std::string_view value_bytes) {
  const Elements values = tuple_elements(value_bytes);
  ChainHit out;
  out.stage = parse_stage(string_element(at(values, 0))).value_or(Stage::None);
  out.rule = string_element(at(values, 1));
  out.level = parse_level(string_element(at(values, 2))).value_or(Level::Informational);
  return out;
}

void ChainReader::read_root(const Elements& key, const Elements& values, ChainEvent& out) const {
  const size_t known = spec_.root.size(), all = known + spec_.root_anonymous.size();
  const bool anonymous = is_anonymous(at(values, kChainUser), at(values, kChainCode));
  out.root_bytes = cluster_of(key);
  for (size_t i = 0; i < all; ++i) out.root_bytes += (i < known) == anonymous ? "n" : at(key, skip_ + i);
  const std::string_view first = at(key, skip_ + (anonymous ? known : 0));
  out.rooted = (!anonymous || all > known) && !all_null(first) &&
               !std::binary_search(never_root_.begin(), never_root_.end(), first);
  out.root = siphash(out.root_bytes, key_);
}

// One for each combination of the values of its fields; none when one of them has no value. Beyond fan-out those with
// the smallest keys stay, which nobody can choose.
std::vector<ChainValue> ChainReader::values_of(uint32_t link, std::string_view cluster, const Elements& values,
                                               size_t first, size_t& cut) const {
  std::vector<std::string> tuples = {""};
  GroupCut beyond{key_};
  for (size_t i = 0; i < spec_.links[link].to.size(); ++i) {
    const Elements members = set_members(at(values, first + i));
    tuples = group_products(tuples, std::vector<std::string>(members.begin(), members.end()), kGroupSetValues, beyond);
  }
  cut += beyond.cut;
  std::vector<ChainValue> out;
  std::string whole;
  for (std::string& tuple : tuples) {
    whole.assign(1, static_cast<char>('0' + link)).append(cluster).append(tuple);
    out.push_back({link, siphash(whole, key_), std::move(tuple)});
  }
  if (out.size() <= spec_.fan_out) return out;
  std::sort(out.begin(), out.end(), [](const ChainValue& a, const ChainValue& b) { return a.key < b.key; });
  cut += out.size() - spec_.fan_out;
  out.resize(spec_.fan_out);
  return out;
}

ChainEvent ChainReader::event(std::string_view key_bytes, std::string_view value_bytes) const {
  const Elements key = tuple_elements(key_bytes), values = tuple_elements(value_bytes);
  ChainEvent out;
  read_root(key, values, out);
  const auto take = [&](uint32_t link, size_t first, std::vector<ChainValue>& into) {
    for (ChainValue& value : values_of(link, cluster_of(key), values, first, out.cut)) into.push_back(std::move(value));
  };
  size_t place = kChainReached;
  for (uint32_t l = 0; l < spec_.links.size(); place += spec_.links[l].to.size(), ++l) take(l, place, out.reached);
  for (uint32_t l = 0; l < spec_.links.size(); ++l) {
    if (spec_.links[l].by_rule) continue;
    take(l, place, out.linking);
    place += spec_.links[l].to.size();
  }
  for (const ChainValue& value : out.linking) {
    const bool holds = std::find(out.reached.begin(), out.reached.end(), value) != out.reached.end();
    if (spec_.links[value.link].within.micros == 0 && holds) out.inside.push_back(value);
  }
  const auto inside = [&](const ChainValue& value) { return spec_.links[value.link].within.micros == 0; };
  std::erase_if(out.reached, inside);
  std::erase_if(out.linking, inside);
  return out;
}

std::vector<ChainValue> ChainReader::linking(std::string_view key_bytes, std::string_view value_bytes, uint32_t link,
                                             size_t& cut) const {
  const Elements key = tuple_elements(key_bytes), values = tuple_elements(value_bytes);
  const size_t fields = spec_.links[link].to.size();
  if (values.size() < fields || spec_.links[link].within.micros == 0) return {};
  return values_of(link, cluster_of(key), values, values.size() - fields, cut);
}

}  // namespace kubevigil
