#include "engine/state/baseline.h"

#include <algorithm>

#include "engine/base/hash.h"
#include "engine/base/text.h"
#include "engine/state/archive.h"

namespace kubevigil {
namespace {

constexpr std::string_view kMagic = "KVBASE01";
constexpr size_t kDigest = 64;

struct Section {
  std::string rule_id, semantic_hash, state;
};

void archive_sections(Archive& archive, std::vector<Section>& sections) {
  archive.each(sections, [&](Section& section) {
    archive(section.rule_id);
    archive(section.semantic_hash);
    archive(section.state);
  });
}

bool learns(const Rule& rule) { return !rule.is_detection() && rule.correlation().type == CorrelationType::NewValue; }

Result<std::vector<Section>> read_sections(std::string_view bytes) {
  if (bytes.substr(0, kMagic.size()) != kMagic) {
    return fail("this is no baseline: it does not begin with " + std::string(kMagic) +
                "; make one with `kubevigil baseline build PATH... -o FILE`");
  }
  bytes.remove_prefix(kMagic.size());
  const std::string_view digest = bytes.substr(0, kDigest);
  bytes.remove_prefix(digest.size());
  if (sha256_hex(bytes) != digest) {
    return fail("the baseline is cut off or was changed: its SHA-256 is " + sha256_hex(bytes) + ", it says " +
                printable(digest) + "; build it again, or copy it again");
  }
  Archive archive = Archive::loading(bytes);
  std::vector<Section> sections;
  archive_sections(archive, sections);
  if (archive.failed() || !archive.at_end())
    return fail("the baseline's checksum is right but its content is not ours");
  return sections;
}

}  // namespace

std::string save_baseline(const RuleSet& rules, Correlator& correlator) {
  std::vector<Section> sections;
  for (uint32_t r = 0; r < rules.rules.size(); ++r) {
    const Rule& rule = rules.rules[r];
    if (!learns(rule)) continue;
    Archive state = Archive::saving();
    correlator.operator_of(r)->archive(state);
    sections.push_back({rule.meta.id, rule.semantic_hash, state.bytes()});
  }
  const auto by_id = [](const Section& a, const Section& b) { return a.rule_id < b.rule_id; };
  std::sort(sections.begin(), sections.end(), by_id);
  Archive archive = Archive::saving();
  archive_sections(archive, sections);
  return std::string(kMagic) + sha256_hex(archive.bytes()) + archive.bytes();
}

Result<LoadedBaseline> load_baseline(std::string_view bytes, const RuleSet& rules, Correlator& correlator) {
  const auto sections = read_sections(bytes);
  if (!sections) return tl::unexpected(sections.error());
  LoadedBaseline result;
  for (const Section& section : *sections) {
    const auto at = std::find_if(rules.rules.begin(), rules.rules.end(),
                                 [&](const Rule& rule) { return learns(rule) && rule.meta.id == section.rule_id; });
    if (at == rules.rules.end()) {
      result.notes.push_back("rule " + printable(section.rule_id) + " of the baseline is not loaded: left out");
      continue;
    }
    if (at->semantic_hash != section.semantic_hash) {
      result.notes.push_back("rule " + at->meta.name +
                             " has another meaning than when the baseline was built: left out, " +
                             "it learns again; build the baseline anew");
      continue;
    }
    Operator* op = correlator.operator_of(static_cast<uint32_t>(at - rules.rules.begin()));
    Archive state = Archive::loading(section.state);
    op->archive(state);
    if (state.failed())
      return fail("the baseline's state of rule " + at->meta.name + " cannot be read: build it again");
    op->end_learning();
    ++result.loaded;
  }
  return result;
}

}  // namespace kubevigil
