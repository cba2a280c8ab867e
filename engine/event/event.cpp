#include "engine/event/event.h"

#include <cassert>

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

size_t map_index(FieldId map) {
  switch (map) {
    case FieldId::UserExtra:
      return 0;
    case FieldId::ImpersonatedExtra:
      return 1;
    default:
      assert(map == FieldId::Annotations);
      return 2;
  }
}

size_t raw_index(FieldId tree) {
  switch (tree) {
    case FieldId::RequestObject:
      return 0;
    case FieldId::ResponseObject:
      return 1;
    default:
      assert(tree == FieldId::ResponseDetails);
      return 2;
  }
}

}  // namespace

std::string_view to_text(BodyDefect defect) {
  switch (defect) {
    case BodyDefect::None:
      return "";
    case BodyDefect::Utf8:
      return "utf8";
    case BodyDefect::Depth:
      return "depth";
    case BodyDefect::Nodes:
      return "nodes";
    case BodyDefect::Grammar:
      return "grammar";
    case BodyDefect::Oversize:
      return "oversize";
    case BodyDefect::Truncated:
      return "truncated";
    case BodyDefect::Values:
      return "values";
  }
  return "";
}

std::span<const MapEntry> Event::entries(FieldId map) const { return maps_[map_index(map)]; }

std::string_view Event::raw(FieldId tree) const { return raws_[raw_index(tree)]; }

void Event::clear() {
  slots_.fill({});
  values_.clear();
  for (auto& map : maps_) map.clear();
  raws_.fill({});
  body_defects_.fill(BodyDefect::None);
  time = {};
  time_source = TimeSource::Event;
  defect = BodyDefect::None;
  values_cut = 0;
  truncated = salvaged = has_further_members = false;
  cluster = envelope = record = {};
}

Value& Event::add(FieldId field) {
  Slot& slot = slots_[static_cast<size_t>(field)];
  slot.present = true;
  if (slot.count >= limits::kListValues) {
    ++values_cut;
    slot.cut = true;
    return values_[slot.first + slot.count - 1] = Value{};
  }
  const auto end = static_cast<uint32_t>(values_.size());
  if (slot.first + slot.count != end) {  // a repeated key, or the field's first value: its run moves to the end
    for (uint32_t i = 0; i < slot.count; ++i) values_.push_back(Value(values_[slot.first + i]));
    slot.first = end;
  }
  ++slot.count;
  return values_.emplace_back();
}

Value& Event::add_entry(FieldId map, std::string_view key) {
  mark_present(map);
  auto& entries = maps_[map_index(map)];
  if (entries.size() >= limits::kListValues) {
    ++values_cut;
    slots_[static_cast<size_t>(map)].cut = true;
    entries.pop_back();
  }
  return entries.emplace_back(MapEntry{key, Value{}}).value;
}

void Event::set_raw(FieldId tree, std::string_view json) { raws_[raw_index(tree)] = json; }

void Event::set_body_defect(FieldId body, BodyDefect found) {
  body_defects_[body == FieldId::RequestObject ? 0 : 1] = found;
  if (defect == BodyDefect::None) defect = found;
}

}  // namespace kubevigil
