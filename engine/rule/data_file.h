// Files among the rules that hold none: they begin `# kubevigil data`. find_rule_files and the built-in pack pass over
// them, whatever they are called.
#pragma once

#include <string_view>

namespace kubevigil {

constexpr bool is_data_file(std::string_view text) { return text.starts_with("# kubevigil data"); }

}  // namespace kubevigil
