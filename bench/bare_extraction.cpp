#include "bench/bare_extraction.h"

#include <simdjson.h>

namespace kubevigil::bench {
namespace {

namespace od = simdjson::ondemand;

class Extractor {
 public:
  void line(std::string_view text, size_t readable) {
    ++result_.events;
    try {
      auto document = parser_.iterate(text.data(), text.size(), readable);
      for (auto field : document.get_object()) member(field);
    } catch (const simdjson::simdjson_error&) {
      ++result_.failed;
    }
  }
  Extraction result() const { return {result_.events, result_.failed, sum_.value()}; }

 private:
  using Field = simdjson::simdjson_result<od::field>;
  using Value = simdjson::simdjson_result<od::value>;

  // Keys have no escapes; the quote ends the comparison.
  template <size_t N>
  static bool is(const char* key, const char (&name)[N]) {
    return std::memcmp(key, name, N - 1) == 0 && key[N - 1] == '"';
  }
  static const char* key_of(Field& field) { return field.key().value().raw(); }
  void text(Extracted what, Value value) { sum_.add(what, value.get_string().value()); }

  void member(Field& field) {
    const char* key = key_of(field);
    switch (key[0]) {
      case 'l':
        if (is(key, "level")) text(Extracted::Level, field.value());
        return;
      case 'a':
        if (is(key, "auditID")) text(Extracted::AuditId, field.value());
        if (is(key, "annotations")) annotations(field.value());
        return;
      case 'v':
        if (is(key, "verb")) text(Extracted::Verb, field.value());
        return;
      case 'u':
        if (is(key, "user")) user(field.value());
        if (is(key, "userAgent")) text(Extracted::UserAgent, field.value());
        return;
      case 'o':
        if (is(key, "objectRef")) object_ref(field.value());
        return;
      case 's':
        if (is(key, "stage")) text(Extracted::Stage, field.value());
        if (is(key, "stageTimestamp")) text(Extracted::Finished, field.value());
        if (is(key, "sourceIPs")) first_address(field.value());
        return;
      case 'r':
        if (is(key, "requestURI")) text(Extracted::RequestUri, field.value());
        if (is(key, "requestReceivedTimestamp")) text(Extracted::Received, field.value());
        if (is(key, "responseStatus")) status(field.value());
        return;
      default:
        return;
    }
  }
  void user(Value value) {
    for (Field field : value.get_object()) {
      const char* key = key_of(field);
      if (is(key, "username")) text(Extracted::Username, field.value());
      if (!is(key, "groups")) continue;
      for (Value group : field.value().get_array()) text(Extracted::Group, group);
    }
  }
  void first_address(Value value) {
    for (Value address : value.get_array()) return text(Extracted::SourceIp, address);
  }
  void object_ref(Value value) {
    for (Field field : value.get_object()) {
      const char* key = key_of(field);
      if (is(key, "resource"))
        text(Extracted::Resource, field.value());
      else if (is(key, "namespace"))
        text(Extracted::Namespace, field.value());
      else if (is(key, "name"))
        text(Extracted::Name, field.value());
      else if (is(key, "apiGroup"))
        text(Extracted::ApiGroup, field.value());
      else if (is(key, "subresource"))
        text(Extracted::Subresource, field.value());
    }
  }
  void status(Value value) {
    for (Field field : value.get_object()) {
      if (is(key_of(field), "code")) sum_.add(Extracted::Code, field.value().get_uint64().value());
    }
  }
  void annotations(Value value) {
    for (Field field : value.get_object()) {
      if (is(key_of(field), "authorization.k8s.io/decision")) text(Extracted::Decision, field.value());
    }
  }

  od::parser parser_;
  FieldSum sum_;
  Extraction result_;
};

uint64_t values_in(simdjson::dom::element element) {
  uint64_t values = 1;
  simdjson::dom::object object;
  simdjson::dom::array array;
  if (element.get(object) == simdjson::SUCCESS) {
    for (const auto member : object) values += values_in(member.value);
  } else if (element.get(array) == simdjson::SUCCESS) {
    for (const auto item : array) values += values_in(item);
  }
  return values;
}

}  // namespace

Extraction extract_bare(std::string_view log) {
  Extractor extractor;
  for (size_t at = 0; at < log.size();) {
    const auto* end = static_cast<const char*>(std::memchr(log.data() + at, '\n', log.size() - at));
    const size_t next = end == nullptr ? log.size() : static_cast<size_t>(end - log.data());
    extractor.line(log.substr(at, next - at), next - at + simdjson::SIMDJSON_PADDING);
    at = next + 1;
  }
  return extractor.result();
}

uint64_t count_values_by_dom(std::string_view json) {
  static thread_local simdjson::dom::parser parser;
  simdjson::dom::element root;
  return parser.parse(json.data(), json.size(), false).get(root) == simdjson::SUCCESS ? values_in(root) : 0;
}

uint64_t count_lines(std::string_view log) {
  uint64_t lines = 0;
  for (size_t at = 0; at < log.size(); ++lines) {
    const auto* end = static_cast<const char*>(std::memchr(log.data() + at, '\n', log.size() - at));
    if (end == nullptr) break;
    at = static_cast<size_t>(end - log.data()) + 1;
  }
  return lines;
}

}  // namespace kubevigil::bench
