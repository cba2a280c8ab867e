// member<&Struct::name>: how a row of the key table reaches its member. Included by config_keys.cpp alone.
#pragma once

#include <type_traits>

#include "engine/app/config_keys.h"

namespace kubevigil::config_member {

template <typename T>
struct Parts;
template <typename Struct, typename Type>
struct Parts<Type Struct::*> {
  using Owner = Struct;
  using Value = Type;
};

template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <typename T>
inline constexpr bool is_list = false;
template <typename T>
inline constexpr bool is_list<std::vector<T>> = true;

template <typename E>
ConfigMember choice(E& value) {
  return ChoiceMember{&value, [](void* p, size_t i) { *static_cast<E*>(p) = static_cast<E>(i); },
                      [](const void* p) { return static_cast<size_t>(*static_cast<const E*>(p)); }};
}

template <typename T>
ConfigMember optional_section(std::optional<T>& value) {
  using Optional = std::optional<T>;
  return SectionMember{&value, [](void* p) -> void* { return &static_cast<Optional*>(p)->emplace(); },
                       [](void* p) -> void* {
                         Optional& there = *static_cast<Optional*>(p);
                         return there ? &*there : nullptr;
                       },
                       true};
}

template <typename T>
ConfigMember sections(std::vector<T>& value) {
  using List = std::vector<T>;
  return SectionsMember{&value, [](void* p) -> void* { return &static_cast<List*>(p)->emplace_back(); },
                        [](void* p, size_t i) -> void* {
                          List& list = *static_cast<List*>(p);
                          return i < list.size() ? &list[i] : nullptr;
                        }};
}

template <auto Member>
ConfigMember member(void* owner) {
  using Value = typename Parts<decltype(Member)>::Value;
  Value& value = static_cast<typename Parts<decltype(Member)>::Owner*>(owner)->*Member;
  const auto itself = [](void* p) { return p; };
  if constexpr (std::is_constructible_v<ConfigMember, Value*>) {
    return &value;
  } else if constexpr (std::is_enum_v<Value>) {
    return choice(value);
  } else if constexpr (is_optional<Value>) {
    return optional_section(value);
  } else if constexpr (is_list<Value>) {
    return sections(value);
  } else {
    return SectionMember{&value, itself, itself, false};
  }
}

}  // namespace kubevigil::config_member
