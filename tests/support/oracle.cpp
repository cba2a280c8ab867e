#include "tests/support/oracle.h"

#include <algorithm>
#include <regex>
#include <stdexcept>

namespace kubevigil::oracle {
namespace {

Verdict inverted(Verdict v) { return v == Verdict::Yes ? Verdict::No : v == Verdict::No ? Verdict::Yes : v; }
Verdict verdict_of(bool b) { return b ? Verdict::Yes : Verdict::No; }

// One key of a selection taken apart: `a.b[any].c|contains|all`.
struct Key {
  std::vector<std::pair<std::string, std::string>> arrays;  // path, quantifier
  std::string rest;
  Modifiers modifiers;
};

Key parse_key(const std::string& text) {
  Key key;
  std::string path = text;
  if (const size_t bar = text.find('|'); bar != std::string::npos) {
    path = text.substr(0, bar);
    std::string modifier;
    for (const char c : text.substr(bar + 1) + "|") {
      if (c != '|') {
        modifier += c;
      } else {
        key.modifiers.push_back(modifier);
        modifier.clear();
      }
    }
  }
  static const std::regex selector(R"(\[(any|all|all_or_empty|none)\]\.?)");
  std::smatch found;
  while (std::regex_search(path, found, selector)) {
    key.arrays.emplace_back(found.prefix(), found[1]);
    path = found.suffix();
  }
  key.rest = path;
  return key;
}

class Interpreter {
 public:
  Interpreter(const Json& event, const Lists& lists, Coverage& coverage)
      : event_(event), lists_(lists), coverage_(coverage) {}

  // A mapping of selections with its condition. `negated`: an odd number of nots stands around it.
  Verdict detection(const YAML::Node& section, const Place& place, bool negated) {
    const std::string text = section["condition"].as<std::string>();
    static const std::regex token(R"([A-Za-z0-9_.*-]+|\(|\))");
    Tokens tokens;
    for (auto it = std::sregex_iterator(text.begin(), text.end(), token); it != std::sregex_iterator(); ++it) {
      tokens.words.push_back(it->str());
    }
    const Verdict verdict = disjunction(tokens, section, place, negated);
    if (tokens.at != tokens.words.size()) throw std::runtime_error("condition: " + text);
    return verdict;
  }

 private:
  struct Tokens {
    std::vector<std::string> words;
    size_t at = 0;
    bool take(const std::string& word) {
      if (at >= words.size() || words[at] != word) return false;
      ++at;
      return true;
    }
  };

  Verdict disjunction(Tokens& tokens, const YAML::Node& section, const Place& place, bool negated) {
    Verdict verdict = conjunction(tokens, section, place, negated);
    while (tokens.take("or")) verdict = std::max(verdict, conjunction(tokens, section, place, negated));
    return verdict;
  }

  Verdict conjunction(Tokens& tokens, const YAML::Node& section, const Place& place, bool negated) {
    Verdict verdict = negation(tokens, section, place, negated);
    while (tokens.take("and")) verdict = std::min(verdict, negation(tokens, section, place, negated));
    return verdict;
  }

  Verdict negation(Tokens& tokens, const YAML::Node& section, const Place& place, bool negated) {
    if (tokens.take("not")) return seen("not", inverted(negation(tokens, section, place, !negated)));
    if (tokens.take("(")) {
      const Verdict verdict = disjunction(tokens, section, place, negated);
      if (!tokens.take(")")) throw std::runtime_error("expected )");
      return verdict;
    }
    const std::string word = tokens.words.at(tokens.at++);
    if ((word == "1" || word == "all") && tokens.take("of")) {
      const std::string target = tokens.words.at(tokens.at++);
      return seen(word + " of" + (target == "them" ? " them" : ""), several(word, target, section, place, negated));
    }
    return selection(section[word], place, negated);
  }

  Verdict several(const std::string& amount, const std::string& target, const YAML::Node& section, const Place& place,
                  bool negated) {
    Verdict verdict = verdict_of(amount == "all");
    for (const auto& entry : section) {
      const std::string name = entry.first.as<std::string>();
      if (name == "condition" || (name.front() == '_' && target.front() != '_')) continue;
      if (target != "them" &&
          !std::regex_match(name, std::regex(std::regex_replace(target, std::regex("\\*"), ".*")))) {
        continue;
      }
      const Verdict one = selection(entry.second, place, negated);
      verdict = amount == "all" ? std::min(verdict, one) : std::max(verdict, one);
    }
    return verdict;
  }

  Verdict selection(const YAML::Node& node, const Place& place, bool negated) {
    if (node.IsMap()) return mapping(node, place, negated);
    if (node.IsScalar()) return keywords(node, {}, negated);
    const bool maps = node.begin()->IsMap();
    Verdict verdict = Verdict::No;
    for (const auto& item : node) {
      verdict = std::max(verdict, item.IsMap() ? mapping(item, place, negated) : keywords(item, {}, negated));
    }
    return maps ? seen("list of maps", verdict) : verdict;
  }

  Verdict mapping(const YAML::Node& map, const Place& place, bool negated) {
    Verdict verdict = Verdict::Yes;
    for (const auto& entry : map) {
      const Key key = parse_key(entry.first.as<std::string>());
      const bool keyword = key.arrays.empty() && key.rest.empty();
      verdict = std::min(verdict, keyword ? keywords(entry.second, key.modifiers, negated)
                                          : item(key, 0, entry.second, place, negated));
    }
    return verdict;
  }

  // The part of a key from its `step`-th array selector on.
  Verdict item(const Key& key, size_t step, const YAML::Node& value, const Place& place, bool negated) {
    if (step == key.arrays.size()) return leaf(key.rest, key.modifiers, value, place, negated);
    const auto& [path, quantifier] = key.arrays[step];
    const bool last = step + 1 == key.arrays.size() && key.rest.empty();
    const bool plain = last && !value.IsMap() && !(value.IsSequence() && value.begin()->IsMap());
    // |all behind [any]: each pattern by some element, which need not be the same.
    if (plain && quantifier == "any" && has(key.modifiers, "all") && !has(key.modifiers, "neq")) {
      return seen("[any]", leaf(path, key.modifiers, value, place, negated));
    }
    const FoundElements found = find_elements(place, path);
    const bool inner = negated != (quantifier == "none");
    std::vector<Verdict> verdicts;
    for (const Place& element : found.elements) {
      Verdict verdict = Verdict::No;
      if (!last) {
        verdict = item(key, step + 1, value, element, inner);
      } else if (plain) {
        verdict = leaf(".", key.modifiers, value, element, inner);
      } else if (value.IsMap() && value["condition"]) {
        verdict = detection(value, element, inner);
      } else {
        verdict = selection(value, element, inner);
      }
      verdicts.push_back(verdict);
    }
    return seen("[" + quantifier + "]", quantified(quantifier, verdicts, found.missing, negated));
  }

  // Elements that may be missing count as one more element that is Unknown; for [any] in a patch only under not.
  Verdict quantified(const std::string& quantifier, std::vector<Verdict> verdicts, Missing missing, bool negated) {
    if (quantifier == "all" && verdicts.empty() && missing == Missing::Nothing) return Verdict::No;
    const bool may_be_more =
        missing == Missing::Unknown || (missing == Missing::Partial && (quantifier != "any" || negated));
    if (may_be_more) verdicts.push_back(Verdict::Unknown);
    const bool all = quantifier == "all" || quantifier == "all_or_empty";
    Verdict verdict = verdict_of(all);
    for (const Verdict one : verdicts) verdict = all ? std::min(verdict, one) : std::max(verdict, one);
    return quantifier == "none" ? inverted(verdict) : verdict;
  }

  // The values of a key. Those that a placeholder stands for are values of their own.
  std::vector<YAML::Node> values_of(const YAML::Node& value, bool expand) {
    if (!value.IsSequence() && !expand) return {value};
    std::vector<YAML::Node> values;
    for (const auto& item : value) values.push_back(item);
    if (!value.IsSequence()) values.push_back(value);
    if (!expand) return values;
    std::vector<YAML::Node> expanded_values;
    for (const YAML::Node& one : values) {
      for (const std::string& text : expanded(one.as<std::string>(), lists_)) {
        expanded_values.emplace_back(text);
        expanded_values.back().SetTag("!");
      }
    }
    return expanded_values;
  }

  Verdict leaf(const std::string& name, const Modifiers& modifiers, const YAML::Node& value, const Place& place,
               bool negated) {
    const bool neq = has(modifiers, "neq");
    const Found found = find(place, name);
    Verdict verdict = test(found, modifiers, value, place, negated != neq);
    if (neq) verdict = inverted(verdict);
    note_missing(found, verdict);
    if (name.find("[0]") != std::string::npos) seen("[N]", verdict);
    for (const std::string& modifier : modifiers) seen(modifier, verdict);
    return modifiers.empty() ? seen("plain", verdict) : verdict;
  }

  Verdict keywords(const YAML::Node& value, Modifiers modifiers, bool negated) {
    const bool op = std::any_of(modifiers.begin(), modifiers.end(), [](const std::string& m) {
      return m == "re" || m == "contains" || m == "startswith" || m == "endswith";
    });
    if (!op) modifiers.emplace_back("(keyword)");
    return seen("keywords", test(all_values(event_), modifiers, value, {&event_}, negated));
  }

  // Some of the values of the rule, or with |all each of them, by some value of the field.
  Verdict test(const Found& found, const Modifiers& modifiers, const YAML::Node& value, const Place& place,
               bool negated) {
    const bool all = has(modifiers, "all");
    Verdict verdict = verdict_of(all);
    for (const YAML::Node& one : values_of(value, has(modifiers, "expand"))) {
      const Verdict answer = one_pattern(found, modifiers, one, place, negated);
      verdict = all ? std::min(verdict, answer) : std::max(verdict, answer);
    }
    return verdict;
  }

  Verdict one_pattern(const Found& found, Modifiers modifiers, const YAML::Node& pattern, const Place& place,
                      bool negated) {
    std::erase_if(modifiers, [](const std::string& m) { return m == "all" || m == "neq"; });
    const bool missing = found.missing != Missing::Nothing;
    if (pattern.IsNull()) {
      const auto is_null = [](const Json* v) { return v->kind == Json::Kind::Null; };
      if (missing && found.values.empty()) return seen("null", Verdict::Unknown);
      return seen("null",
                  verdict_of(found.values.empty() || std::any_of(found.values.begin(), found.values.end(), is_null)));
    }
    const std::string text = pattern.as<std::string>();
    if (has(modifiers, "exists")) {
      const bool wanted = text == "true";
      if (missing && !wanted && !found.present) return seen("exists: false", Verdict::Unknown);
      if (!missing || found.present)
        return seen(wanted ? "exists: true" : "exists: false", verdict_of(found.present == wanted));
      return seen("exists: true", without(found.missing, negated));
    }
    Missing other_missing = Missing::Nothing;
    std::function<bool(const Json&)> holds;
    if (has(modifiers, "fieldref")) {
      const Found other = find(place, text);
      other_missing = other.missing;
      holds = [other, cased = has(modifiers, "cased")](const Json& a) {
        return std::any_of(other.values.begin(), other.values.end(),
                           [&](const Json* b) { return same_value(a, *b, cased); });
      };
    } else {
      holds = pattern_of(text, pattern.Tag() != "!", modifiers);
    }
    if (std::any_of(found.values.begin(), found.values.end(), [&](const Json* v) { return holds(*v); })) {
      return Verdict::Yes;
    }
    return without(std::max(found.missing, other_missing), negated);
  }

  // No value that is there satisfies the test; what may the missing ones do?
  static Verdict without(Missing missing, bool negated) {
    if (missing == Missing::Unknown) return Verdict::Unknown;
    return missing == Missing::Partial && negated ? Verdict::Unknown : Verdict::No;
  }

  void note_missing(const Found& found, Verdict verdict) {
    if (found.missing == Missing::Unknown) seen("body not there", verdict);
    if (found.missing == Missing::Partial) seen(found.values.empty() ? "not in the patch" : "part of a list", verdict);
  }

  Verdict seen(const std::string& construct, Verdict verdict) {
    ++coverage_[construct][static_cast<size_t>(verdict)];
    return verdict;
  }

  const Json& event_;
  const Lists& lists_;
  Coverage& coverage_;
};

}  // namespace

Oracle::Oracle(const std::string& rule, Lists lists)
    : detection_(YAML::Load(rule)["detection"]), lists_(std::move(lists)) {}

Verdict Oracle::judge(const std::string& event_json, Coverage& coverage) const {
  const Json event = parse_json(event_json);
  return Interpreter(event, lists_, coverage).detection(detection_, {&event}, false);
}

}  // namespace kubevigil::oracle
