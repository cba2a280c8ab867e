// The yardstick: bare simdjson on-demand, one document a line, which extracts 18 fields and does nothing else. What
// a careful hand writes in an afternoon, without repeated keys, repair, maps, bodies or any bound.
//
// The fields: level, auditID, stage, requestURI, verb, user.username, user.groups, sourceIPs[0], userAgent,
// objectRef.{resource,namespace,name,apiGroup,subresource}, responseStatus.code, requestReceivedTimestamp,
// stageTimestamp, and the authorization decision.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace kubevigil::bench {

enum class Extracted : uint8_t {
  Level,
  AuditId,
  Stage,
  RequestUri,
  Verb,
  Username,
  Group,
  SourceIp,
  UserAgent,
  Resource,
  Namespace,
  Name,
  ApiGroup,
  Subresource,
  Code,
  Received,
  Finished,
  Decision,
};

// A sum over all extracted values, the same for any order of extraction. It covers the length and both ends of each
// value: cheap, so that it does not blur what is measured, and any field mixed up or cut shows.
class FieldSum {
 public:
  void add(Extracted field, std::string_view text) {
    const uint64_t mixed = (head(text) ^ (text.size() << 56)) * 0x9e3779b97f4a7c15u + tail(text);
    sum_ += (mixed ^ (mixed >> 29)) * (2 * static_cast<uint64_t>(field) + 0xbf58476d1ce4e5b9u);
  }
  void add(Extracted field, uint64_t number) {
    sum_ += (number + 1) * (2 * static_cast<uint64_t>(field) + 0x94d049bb133111ebu);
  }
  uint64_t value() const { return sum_; }

 private:
  static uint64_t head(std::string_view text) {
    uint64_t word = 0;
    if (text.size() >= sizeof word) {
      std::memcpy(&word, text.data(), sizeof word);
    } else {
      for (const char c : text) word = word << 8 | static_cast<unsigned char>(c);
    }
    return word;
  }
  static uint64_t tail(std::string_view text) {
    uint64_t word = 0;
    if (text.size() >= sizeof word) std::memcpy(&word, text.data() + text.size() - sizeof word, sizeof word);
    return word;
  }
  uint64_t sum_ = 0;
};

struct Extraction {
  uint64_t events = 0, failed = 0, sum = 0;
  bool operator==(const Extraction&) const = default;
};

// Over NDJSON. REQUIRES: 64 readable bytes behind `log`.
Extraction extract_bare(std::string_view log);

// Values in one JSON document, read into simdjson's DOM: the yardstick of body parsing. 0: no JSON.
// REQUIRES: 64 readable bytes behind `json`.
uint64_t count_values_by_dom(std::string_view json);

// Number of newlines: the memory limit of the machine, by memchr.
uint64_t count_lines(std::string_view log);

}  // namespace kubevigil::bench
