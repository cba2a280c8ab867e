#include "engine/state/baseline.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/hash.h"
#include "engine/base/text.h"
#include "engine/state/archive.h"
#include "engine/state/state_since.h"

namespace kubevigil {
namespace {

constexpr std::string_view kMagic = "KVBASE02";
constexpr size_t kFamily = 6;  // bytes of the magic that all formats share
constexpr size_t kDigest = 64;

struct Section {
  std::string rule_id, semantic_hash;
  StateSince::Beginnings beginnings;
  std::string state;
};

void archive_sections(Archive& archive, std::vector<Section>& sections) {
  archive.each(sections, [&](Section& section) {
    archive(section.rule_id);
    archive(section.semantic_hash);
    archive.each(section.beginnings, [&](auto& beginning) {
      archive(beginning.first);
      archive(beginning.second);
    });
    archive(section.state);
  });
}

bool learns(const Rule& rule) { return !rule.is_detection() && rule.correlation().type == CorrelationType::NewValue; }

constexpr std::string_view kBuild = "`kubevigil baseline build PATH... -o FILE`";

// The header: what it is, in which version, and whole.
Result<void> check_header(std::string_view bytes) {
  const std::string_view magic = bytes.substr(0, kMagic.size());
  const std::string make = fmt::format("make one with {}", kBuild);
  if (bytes.empty()) return fail("the file is empty, which is no baseline; " + make);
  if (!magic.starts_with(kMagic.substr(0, std::min(kFamily, magic.size())))) {
    return fail(fmt::format("this is no baseline: it begins with \"{}\", a baseline with \"{}\"; {}", printable(magic),
                            kMagic, make));
  }
  if (bytes.size() < kMagic.size() + kDigest) {
    return fail(fmt::format("the baseline is cut off: it has {} bytes, and the header alone {}; copy it again, or {}",
                            bytes.size(), kMagic.size() + kDigest, make));
  }
  if (magic != kMagic) {
    return fail(
        fmt::format("this is a baseline of format {}, and kubevigil here reads format {}; build it again with this "
                    "version: {}",
                    printable(magic.substr(kFamily)), kMagic.substr(kFamily), kBuild));
  }
  return {};
}

Result<std::vector<Section>> read_sections(std::string_view bytes) {
  if (auto header = check_header(bytes); !header) return tl::unexpected(header.error());
  bytes.remove_prefix(kMagic.size());
  const std::string_view digest = bytes.substr(0, kDigest);
  bytes.remove_prefix(digest.size());
  if (const std::string found = sha256_hex(bytes); found != digest) {
    return fail(
        fmt::format("the baseline is cut off or was changed: the SHA-256 of its {} bytes of content is {}, its "
                    "header says {}; copy it again, or build it again with {}",
                    bytes.size(), found, printable(digest), kBuild));
  }
  Archive archive = Archive::loading(bytes);
  std::vector<Section> sections;
  archive_sections(archive, sections);
  if (archive.failed() || !archive.at_end()) {
    return fail(
        fmt::format("the baseline's checksum is right, but its content is not what this version writes; build it "
                    "again with {}",
                    kBuild));
  }
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
    sections.push_back({rule.meta.id, rule.semantic_hash, correlator.state_since().beginnings(r), state.bytes()});
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
    const auto r = static_cast<uint32_t>(at - rules.rules.begin());
    Operator* op = correlator.operator_of(r);
    Archive state = Archive::loading(section.state);
    op->archive(state);
    if (state.failed())
      return fail("the baseline's state of rule " + at->meta.name + " cannot be read: build it again");
    op->end_learning();
    correlator.state_since().load_beginnings(r, section.beginnings);
    ++result.loaded;
  }
  return result;
}

}  // namespace kubevigil
