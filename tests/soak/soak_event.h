// The audit events of a soak: a busy cluster's mix, and in every fortieth a new object, for which a rule of the soak
// alerts (soak_folder.cpp). So each such event can be found again in what was delivered.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/timestamp.h"

namespace kubevigil::test {

constexpr bool makes_object(size_t number) { return number % 40 == 7; }
// `stream`: a short name of the sender, unlike all others.
std::string object_name(std::string_view stream, size_t number);
std::string soak_event(std::string_view stream, size_t number, Timestamp time);

}  // namespace kubevigil::test
