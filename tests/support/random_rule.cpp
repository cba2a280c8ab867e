#include <algorithm>

#include "tests/support/random_pools.h"
#include "tests/support/random_rules.h"

namespace kubevigil {
namespace {

using namespace pools;

struct Field {
  std::string name;
  const Pool* pool;
  enum class Kind { Text, Number, Address, Flag, Args } kind = Kind::Text;
};

// Top-level names. Those below `requestObject` are unknown in many events.
const std::vector<Field> kFields = {
    {"verb", &kVerbs},
    {"user.username", &kUsers},
    {"userAgent", &kAgents},
    {"objectRef.resource", &kResources},
    {"objectRef.namespace", &kNamespaces},
    {"objectRef.name", &kNames},
    {"objectRef.subresource", &kSubresources},
    {"responseStatus.code", &kCodes, Field::Kind::Number},
    {"sourceIPs", &kAddresses, Field::Kind::Address},
    {"user.groups", &kGroups},
    {"user.extra.scopes", &kLabels},
    {"impersonatedUser.username", &kUsers},
    {"stage", &kStages},
    {"level", &kLevels},
    {"annotations.authorization.k8s.io/decision", &kDecisions},
    {"requestObject.metadata.name", &kNames},
    {"requestObject.metadata.labels.app.kubernetes.io/name", &kLabels},
    {"requestObject.spec.replicas", &kNumbers, Field::Kind::Number},
    {"requestObject.spec.hostNetwork", nullptr, Field::Kind::Flag},
    {"requestObject.spec.nodeName", &kNames},
    {"requestObject.spec.clusterIP", &kAddresses, Field::Kind::Address},
    {"requestObject.spec.containers.image", &kImages},
    {"requestObject.spec.containers.args", &kArgs, Field::Kind::Args},
    {"requestObject.spec.containers[0].name", &kNames},
    {"requestObject.spec.containers.securityContext.privileged", nullptr, Field::Kind::Flag},
    {"responseObject.spec.nodeName", &kNames},
    {"responseObject.spec.containers.args", &kArgs, Field::Kind::Args},
    {"responseObject.spec.containers.args", &kArgs, Field::Kind::Args},
};

// Names inside a container.
const std::vector<Field> kElementFields = {
    {"name", &kNames},
    {"image", &kImages},
    {"args", &kArgs, Field::Kind::Args},
    {"securityContext.privileged", nullptr, Field::Kind::Flag},
};

const Pool kQuantifiers = {"any", "all", "all_or_empty", "none"};

std::string yaml_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string indent(const std::string& text, const std::string& by) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    out += by + text.substr(at, end - at) + "\n";
    at = end == std::string::npos ? text.size() : end + 1;
  }
  return out;
}

class RuleWriter {
 public:
  explicit RuleWriter(Random& random) : random_(random) {}

  std::string rule(size_t number) {
    std::string out = "title: Random rule " + std::to_string(number) + "\nid: ";
    const std::string digits = std::to_string(100000000000ULL + number);
    out += "00000000-0000-4000-8000-" + digits + "\nname: random-" + std::to_string(number) + "\nsigma-version: 3\n";
    out += "logsource:\n  product: kubernetes\n  service: audit\ndetection:\n";
    return out + indent(detection(false), "  ") + "level: low\n";
  }

 private:
  // Selections and a condition over them; inside an array block the fields are those of an element.
  std::string detection(bool in_element) {
    std::string out;
    const size_t count = 1 + random_.below(3);
    for (size_t i = 0; i < count; ++i) out += "sel_" + std::to_string(i) + ":\n" + selection(in_element);
    return out + "condition: " + condition(count, 2) + "\n";
  }

  std::string condition(size_t count, size_t depth) {
    const std::string name = "sel_" + std::to_string(random_.below(count));
    switch (depth == 0 ? random_.below(5) : random_.below(10)) {
      case 0:
        return "1 of sel_*";
      case 1:
        return "all of sel_*";
      case 2:
        return random_.chance(50) ? "1 of them" : "all of them";
      case 3:
      case 4:
        return name;
      case 5:
      case 6:
        return "not " + name;
      case 7:
        return "not (" + condition(count, depth - 1) + ")";
      case 8:
        return "(" + condition(count, depth - 1) + " and " + condition(count, depth - 1) + ")";
      default:
        return "(" + condition(count, depth - 1) + " or " + condition(count, depth - 1) + ")";
    }
  }

  std::string selection(bool in_element) {
    if (!in_element && random_.chance(12)) return keywords();
    if (!random_.chance(15)) return indent(mapping(in_element), "  ");
    std::string out;
    for (size_t n = 2; n > 0; --n) {
      std::string item = indent(mapping(in_element), "    ");
      item[2] = '-';
      out += item;
    }
    return out;
  }

  std::string keywords() {
    const Pool& pool = random_.chance(50) ? kUsers : kImages;
    const std::string values = yaml_quoted(part(random_.pick(pool))) + ", " + yaml_quoted(random_.pick(kNames));
    if (random_.chance(30)) return "  '|all': [" + values + "]\n";
    return random_.chance(70) ? "  - " + yaml_quoted(part(random_.pick(pool))) + "\n" : "  [" + values + "]\n";
  }

  std::string mapping(bool in_element) {
    std::string out;
    std::vector<std::string> used;
    for (size_t n = 1 + random_.below(2); n > 0; --n) {
      const std::string entry = !in_element && random_.chance(25) ? block() : item(in_element);
      const std::string key = entry.substr(0, std::min(entry.find(": "), entry.find(":\n")));
      if (std::find(used.begin(), used.end(), key) != used.end()) continue;
      used.push_back(key);
      out += entry;
    }
    return out;
  }

  std::string item(bool in_element) {
    const auto& fields = in_element ? kElementFields : kFields;
    const Field& field = fields[random_.below(fields.size())];
    return test(field, field.name, in_element);
  }

  // `containers[any]: {...}`, `containers[any].image: x`, `containers[any].args[all]: x`, `groups[none]: x`.
  std::string block() {
    const std::string selector = "[" + random_.pick(kQuantifiers) + "]";
    const std::string containers = "requestObject.spec.containers" + selector;
    const std::string inner = "[" + random_.pick(kQuantifiers) + "]";
    switch (random_.below(6)) {
      case 0:
        return containers + ":\n" + indent(mapping(true), "  ");
      case 1:
        return containers + ":\n" + indent(detection(true), "  ");
      case 2:
        return test(kElementFields[1], containers + ".image", true);
      case 3:
        return test(kElementFields[2], containers + ".args" + inner, false);
      case 4:
        return containers + ":\n" + indent(test(kElementFields[2], "args" + inner, false), "  ");
      default:
        return test({"", &kGroups}, "user.groups" + selector, false);
    }
  }

  // One key with its modifiers and values. Keys that end in a selector take no null, exists or fieldref.
  std::string test(const Field& field, const std::string& key, bool in_element) {
    const bool selector = key.ends_with("]") && !key.ends_with("[0]");
    if (!selector && random_.chance(8)) return key + ": null\n";
    if (!selector && random_.chance(8)) return key + "|exists: " + (random_.chance(50) ? "true" : "false") + "\n";
    if (!selector && random_.chance(6)) return reference(key, in_element);
    switch (field.kind) {
      case Field::Kind::Number:
        return number_test(field, key);
      case Field::Kind::Flag:
        return key + (random_.chance(20) ? "|neq: " : ": ") + (random_.chance(50) ? "true\n" : "false\n");
      case Field::Kind::Address:
        if (random_.chance(70)) return key + "|cidr: " + values(kNetworks, false) + "\n";
        break;
      case Field::Kind::Args:
        if (random_.chance(75)) return encoded_test(key);
        break;
      case Field::Kind::Text:
        break;
    }
    return text_test(field, key);
  }

  std::string reference(const std::string& key, bool in_element) {
    static const Pool kTop = {"user.username", "objectRef.name", "impersonatedUser.username",
                              "requestObject.metadata.name", "requestObject.spec.nodeName"};
    static const Pool kInside = {"name", "image"};
    const std::string cased = random_.chance(30) ? "|cased" : "";
    return key + "|fieldref" + cased + ": " + random_.pick(in_element ? kInside : kTop) + "\n";
  }

  std::string number_test(const Field& field, const std::string& key) {
    static const Pool kOps = {"|gt", "|gte", "|lt", "|lte", "", "|neq"};
    const std::string value = random_.pick(*field.pool);
    return key + random_.pick(kOps) + ": " + (random_.chance(80) ? value : yaml_quoted(value)) + "\n";
  }

  std::string encoded_test(const std::string& key) {
    static const Pool kTests = {"|base64: 'curl http://evil'",
                                "|base64offset|contains: 'http://evil'",
                                "|base64offset|contains: ['url http', 'nc -l']",
                                "|base64offset|contains|all: ['http', 'evil']",
                                "|wide|contains: 'sh'",
                                "|wide|startswith: 's'",
                                "|utf16le|contains: 'sh'",
                                "|utf16le: 'sh'",
                                "|utf16le|startswith: 's'",
                                "|utf16be|contains: 'sh'",
                                "|utf16be|startswith: 's'",
                                "|utf16|base64offset|contains: 'sh'",
                                "|utf16|base64: 'sh'",
                                "|utf16|base64offset|endswith: 'sh'",
                                "|windash|contains: ' -c '",
                                "|windash|contains|all: [' -c', 'who']",
                                "|windash: '-c'"};
    return key + random_.pick(kTests) + "\n";
  }

  std::string text_test(const Field& field, const std::string& key) {
    static const Pool kOps = {"", "", "|contains", "|startswith", "|endswith", "|re", "|expand"};
    const std::string op = random_.pick(kOps);
    if (op == "|re") return regex_test(field, key);
    std::string modifiers = op;
    if (random_.chance(20)) modifiers += "|cased";
    const bool several = random_.chance(40);
    if (several && random_.chance(40)) modifiers += "|all";
    if (random_.chance(12)) modifiers += "|neq";
    if (op == "|expand") return key + modifiers + ": '%pool%'\n";
    return key + modifiers + ": " + values(*field.pool, true, several, op) + "\n";
  }

  std::string regex_test(const Field& field, const std::string& key) {
    static const Pool kFlags = {"", "", "|i", "|m", "|s", "|i|s"};
    static const Pool kShapes = {"^X", "X$", "^.X", "X", "[a-m]X?", "^X.*[0-9]$"};
    std::string text = random_.pick(kShapes);
    std::string letters;
    for (const char c : random_.pick(*field.pool)) {
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) letters += c;
      if (letters.size() == 2) break;
    }
    text.replace(text.find('X'), 1, letters.empty() ? "b" : letters);
    return key + "|re" + random_.pick(kFlags) + ": " + yaml_quoted(text) + "\n";
  }

  std::string values(const Pool& pool, bool shaped, bool several = false, const std::string& op = "") {
    const auto one = [&] {
      const std::string& value = random_.pick(pool);
      return yaml_quoted(!shaped ? value : op.empty() ? pattern(value) : escaped(affix(value, op)));
    };
    if (!several) return one();
    std::string out = one();
    for (size_t n = 1 + random_.below(6); n > 0; --n) out += ", " + one();
    return "[" + out + "]";
  }

  // The whole value, in other case, or with wildcards.
  std::string pattern(const std::string& value) {
    switch (random_.below(6)) {
      case 0:
        return "*" + escaped(part(value)) + "*";
      case 1:
        return escaped(value.substr(0, 1)) + "*";
      case 2:
        return "?" + (value.size() > 1 && static_cast<unsigned char>(value[1]) < 0x80 ? escaped(value.substr(1)) : "*");
      case 3:
        return upper(escaped(value));
      default:
        return escaped(value);
    }
  }

  std::string affix(const std::string& value, const std::string& op) {
    const size_t n = 1 + random_.below(3);
    if (op == "|startswith") return ascii(value.substr(0, n));
    if (op == "|endswith") return ascii(value.substr(value.size() - std::min(n, value.size())));
    return part(value);
  }

  std::string part(const std::string& value) { return ascii(value.substr(random_.below(value.size()), 3)); }

  // Cuts of UTF-8 sequences are not what this is about.
  static std::string ascii(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < 0x80) out += c;
    }
    return out.empty() ? "e" : out;
  }
  static std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == '*' || c == '?') out += '\\';
      out += c;
    }
    return out;
  }
  static std::string upper(std::string text) {
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return text;
  }

  Random& random_;
};

}  // namespace

std::string random_rule(Random& random, size_t number) { return RuleWriter(random).rule(number); }

std::vector<std::string> random_rule_list() { return {"alice", "web-1", "nginx", "default", "dev", "secrets"}; }

}  // namespace kubevigil
