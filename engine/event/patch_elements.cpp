#include "engine/event/patch_elements.h"

namespace kubevigil {
namespace {

Hash128 below(Hash128 place, std::string_view token) {
  std::string bytes(reinterpret_cast<const char*>(&place.high), sizeof place.high);
  bytes.append(reinterpret_cast<const char*>(&place.low), sizeof place.low).append(token);
  return siphash(bytes);
}

}  // namespace

bool is_element(std::string_view token) {
  if (token == "-") return true;
  if (token.starts_with('-') || token.starts_with('+')) token.remove_prefix(1);
  return !token.empty() && token.find_first_not_of("0123456789") == token.npos;
}

bool ElementNames::is_clear(const Array& array, std::string_view token) {
  if (!array.written) return true;
  if (token.front() == '-') return false;
  if (array.moved && array.inserted != token) return false;
  return !array.appended && !array.from_end;
}

void ElementNames::change_at(Array& array, std::string_view token, Change change) {
  const bool from_end = token.front() == '-' && token != "-";
  switch (change) {
    case Change::Read:
      return;
    case Change::Insert:
      if (token == "-") {
        array.appended = true;
      } else {
        array.moved = array.moved || array.written;
        array.from_end = array.from_end || from_end;
        array.inserted = token;
      }
      break;
    case Change::Remove:
      array.moved = array.moved || array.written;
      array.inserted.clear();
      return;
    case Change::Replace:
      array.from_end = array.from_end || from_end;
      break;
  }
  array.written = true;
}

bool ElementNames::note(const std::vector<std::string_view>& tokens, Change change) {
  if (arrays_.size() + values_.size() + tokens.size() >= kPatchPlaces) return false;
  bool clear = true, whole = false;
  Hash128 place;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view token = tokens[i];
    whole = whole || values_.contains(place);
    const bool last = i + 1 == tokens.size();
    // Elsewhere "-" is a key of an object, or refused.
    const bool element = is_element(token) && (token != "-" || (last && change == Change::Insert));
    if (element) {
      Array& facts = arrays_[place];
      facts.written = facts.written || whole;
      const bool enters = !last || change == Change::Read || change == Change::Remove;
      if (enters) clear = is_clear(facts, token) && clear;
      if (last) {
        change_at(facts, token, change);
      } else if (change != Change::Read) {
        facts.written = true;
        facts.from_end = facts.from_end || token.front() == '-';
      }
    }
    place = below(place, token);
  }
  if (change == Change::Insert || change == Change::Replace) values_.insert(place);
  return clear;
}

}  // namespace kubevigil
